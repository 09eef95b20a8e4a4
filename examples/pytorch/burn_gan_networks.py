"""The networks of burn-gan as PyTorch modules, whose state dicts have the names and shapes of its safetensors files.

    from burn_gan_networks import load_generator
    generator = load_generator("generator.safetensors")
    images = generator(torch.randn(16, generator.latent_size))   # with classes: generator(latent, labels)

The files are written by `cargo run --example export -- --generator DIR --to generator.safetensors`. `network` builds a
module from a configuration alone, to train it here and save its state dict for burn-gan.
"""

import json

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


def load_generator(path):
    """The generator in a safetensors file of burn-gan, in its evaluation form."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        description = json.loads(file.metadata()["burn-gan-generator"])
        state = {name: file.get_tensor(name) for name in file.keys()}
    module = network("generator", description["generator"])
    module.load_state_dict(state)
    return WithCodes(module.eval(), **description["codes"])


def network(part, config):
    """The `generator`, `discriminator` or `classifier` of a configuration, as burn-gan writes it down."""
    return NETWORKS[part, config["network"]](config)


def halvings(config, base=None):
    """How often an image is halved as long as both sides are even and stay at least as large as the base."""
    height, width = config["height"], config["width"]
    base, count = max(config["base_size"] if base is None else base, 1), 0
    while all(side % 2 == 0 and side // 2 >= base for side in (height, width)):
        height, width, count = height // 2, width // 2, count + 1
    return count


def activation(name, x):
    if isinstance(name, dict):
        return F.leaky_relu(x, name["LeakyRelu"]["slope"])
    functions = {"Identity": lambda x: x, "Relu": F.relu, "Tanh": torch.tanh, "Silu": F.silu, "Softplus": F.softplus}
    return functions[name](x)


def leaky(x):
    return F.leaky_relu(x, 0.2)


def normalized(layer, wanted):
    return spectral_norm(layer) if wanted else layer


# How a network takes a class.


class ConditionalBatchNorm(nn.BatchNorm2d):
    """Batch normalisation with a scale and a shift of each class."""

    def __init__(self, classes, channels):
        super().__init__(channels, affine=False)
        self.weight = nn.Parameter(torch.ones(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, x, labels):
        x = F.batch_norm(x, self.running_mean, self.running_var, None, None, self.training, self.momentum, self.eps)
        scale, shift = self.weight[labels], self.bias[labels]
        return x * scale[:, :, None, None] + shift[:, :, None, None]


class FeatureModulation(nn.Module):
    """A scale and a shift of each class behind an activation."""

    def __init__(self, classes, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(classes, channels))
        self.beta = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, x, labels):
        shape = x.shape[:2] + (1,) * (x.dim() - 2)
        return x * (1 + self.gamma[labels]).view(shape) + self.beta[labels].view(shape)


class ByClass(nn.Module):
    """What of a generator's hidden layer depends on the class: nothing, or one of these."""

    def __init__(self, config, channels):
        super().__init__()
        classes, condition = config["classes"], config["generator_condition"]
        self.norm = ConditionalBatchNorm(classes, channels) if has_conditional_norm(config) else None
        modulates = classes is not None and condition == "Modulation"
        self.modulation = FeatureModulation(classes, channels) if modulates else None

    def activated(self, norm, function, x, labels):
        """Normalisation, activation, modulation."""
        if self.norm is not None:
            x = self.norm(x, labels)
        elif norm is not None:
            x = norm(x)
        return self.modulate(function(x), labels)

    def modulate(self, x, labels):
        return x if self.modulation is None else self.modulation(x, labels)


def has_conditional_norm(config):
    return config["classes"] is not None and config["generator_condition"] == "ConditionalNorm"


def generator_embedding(config):
    """A learned vector of the class beside the latent vector, where the configuration says so."""
    condition = config["generator_condition"]
    if config["classes"] is None or not isinstance(condition, dict):
        return None
    return nn.Embedding(config["classes"], condition["Concatenation"]["embedding"])


def beside(latent, embedding, labels):
    return latent if embedding is None else torch.cat([latent, embedding(labels)], 1)


class Heads(nn.Module):
    """What a discriminator reads of its features besides the logits without a class."""

    def __init__(self, config, features):
        super().__init__()
        classes, condition = config["classes"], config["discriminator_condition"]
        spectral = config.get("spectral_norm", False)
        projects = classes is not None and condition == "Projection"
        self.projection = normalized(nn.Embedding(classes, features), spectral) if projects else None
        classifies = classes is not None and condition == "AuxiliaryClassifier"
        outputs = classes if classifies else config["auxiliary_outputs"]
        self.auxiliary = None if outputs is None else normalized(nn.Linear(features, outputs), spectral)

    def forward(self, linear, features, labels):
        """The logits [N], and the auxiliary outputs where there are any."""
        logits = linear[:, 0]
        if self.projection is not None:
            logits = logits + (self.projection(labels) * features).sum(1)
        return logits if self.auxiliary is None else (logits, self.auxiliary(features))


def discriminator_embedding(config, width):
    """A learned image (or vector) of the class as a further input, where the configuration says so."""
    if config["classes"] is None or config["discriminator_condition"] != "Concatenation":
        return None
    return normalized(nn.Embedding(config["classes"], width), config.get("spectral_norm", False))


def beside_image(images, embedding, labels):
    if embedding is None:
        return images
    n, _, height, width = images.shape
    return torch.cat([images, embedding(labels).view(n, 1, height, width)], 1)


class WithCodes(nn.Module):
    """A generator whose latent vectors begin with codes: the largest of the first values becomes a single 1."""

    def __init__(self, generator, categories, continuous):
        super().__init__()
        self.generator, self.categories, self.continuous = generator, categories, continuous
        self.latent_size = generator.latent_size

    def forward(self, latent, *condition):
        if self.categories > 0:
            one_hot = F.one_hot(latent[:, : self.categories].argmax(1), self.categories).to(latent)
            latent = torch.cat([one_hot, latent[:, self.categories :]], 1)
        return self.generator(latent, *condition)


# Perceptrons.


def mlp_layers(config, inputs, outputs, spectral):
    widths = [inputs, *config["hidden"], outputs]
    return nn.ModuleList(normalized(nn.Linear(a, b), spectral) for a, b in zip(widths, widths[1:]))


class MlpGenerator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.latent_size, self.config = config["latent_size"], config
        self.embedding = generator_embedding(config)
        width = 0 if self.embedding is None else self.embedding.embedding_dim
        self.layers = mlp_layers(config, self.latent_size + width, config["features"], False)
        self.by_class = nn.ModuleList(ByClass(config, width) for width in config["hidden"])

    def forward(self, latent, labels=None):
        x = beside(latent, self.embedding, labels)
        for layer, by_class in zip(self.layers, self.by_class):
            x = by_class.modulate(F.leaky_relu(layer(x), self.config["slope"]), labels)
        return activation(self.config["output"], self.layers[-1](x))


class MlpDiscriminator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = discriminator_embedding(config, config["classes"])
        inputs = config["features"] + (config["classes"] if self.embedding is not None else 0)
        self.layers = mlp_layers(config, inputs, 1, config["spectral_norm"])
        self.heads = Heads(config, [inputs, *config["hidden"]][-1])

    def forward(self, samples, labels=None):
        x = beside(samples, self.embedding, labels)
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), self.config["slope"])
        return self.heads(self.layers[-1](x), x, labels)


# DCGAN.


def dcgan_filters(config, level):
    most = config["max_filters"]
    filters = config["filters"] << level
    return filters if most is None else min(filters, most)


class DcganUp(nn.Module):
    def __init__(self, config, inputs, outputs):
        super().__init__()
        has_norm = config["generator_normalization"] == "Batch"
        self.convolution = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=not has_norm)
        self.norm = nn.BatchNorm2d(outputs) if has_norm and not has_conditional_norm(config) else None
        self.by_class = ByClass(config, outputs)


class DcganGenerator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.latent_size = config["latent_size"]
        count, has_norm = halvings(config), config["generator_normalization"] == "Batch"
        channels = dcgan_filters(config, count - 1)
        self.embedding = generator_embedding(config)
        inputs = self.latent_size + (0 if self.embedding is None else self.embedding.embedding_dim)
        base = (config["height"] >> count, config["width"] >> count)
        self.stem = nn.ConvTranspose2d(inputs, channels, base, bias=not has_norm)
        self.stem_norm = nn.BatchNorm2d(channels) if has_norm and not has_conditional_norm(config) else None
        self.stem_by_class = ByClass(config, channels)
        self.hidden = nn.ModuleList(
            DcganUp(config, dcgan_filters(config, level), dcgan_filters(config, level - 1))
            for level in range(count - 1, 0, -1)
        )
        self.last = nn.ConvTranspose2d(dcgan_filters(config, 0), config["channels"], 4, 2, 1)

    def forward(self, latent, labels=None):
        x = self.stem(beside(latent, self.embedding, labels)[:, :, None, None])
        x = self.stem_by_class.activated(self.stem_norm, F.relu, x, labels)
        for up in self.hidden:
            x = up.by_class.activated(up.norm, F.relu, up.convolution(x), labels)
        return torch.tanh(self.last(x))


class DcganDown(nn.Module):
    def __init__(self, inputs, outputs, has_norm):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not has_norm)
        self.norm = nn.BatchNorm2d(outputs) if has_norm else None

    def forward(self, x):
        x = self.convolution(x)
        return leaky(x if self.norm is None else self.norm(x))


class DcganDiscriminator(nn.Module):
    def __init__(self, config):
        super().__init__()
        count, has_norm = halvings(config), config["discriminator_normalization"] == "Batch"
        self.embedding = discriminator_embedding(config, config["height"] * config["width"])
        inputs = config["channels"] + (self.embedding is not None)
        self.first = nn.Conv2d(inputs, dcgan_filters(config, 0), 4, 2, 1, bias=not has_norm)
        self.hidden = nn.ModuleList(
            DcganDown(dcgan_filters(config, level - 1), dcgan_filters(config, level), has_norm)
            for level in range(1, count)
        )
        height, width, channels = config["height"] >> count, config["width"] >> count, dcgan_filters(config, count - 1)
        self.head = nn.Conv2d(channels, 1, (height, width))
        self.heads = Heads(config, channels * height * width)

    def forward(self, images, labels=None):
        x = leaky(self.first(beside_image(images, self.embedding, labels)))
        for down in self.hidden:
            x = down(x)
        return self.heads(self.head(x).flatten(1), x.flatten(1), labels)


# Residual networks.


class SelfAttention(nn.Module):
    def __init__(self, channels, spectral=False):
        super().__init__()
        queries, values = max(channels // 8, 1), max(channels // 2, 1)
        convolution = lambda inputs, outputs: normalized(nn.Conv2d(inputs, outputs, 1, bias=False), spectral)
        self.key, self.query = convolution(channels, queries), convolution(channels, queries)
        self.value, self.output = convolution(channels, values), convolution(values, channels)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        n, _, height, width = x.shape
        pooling = [min(side, 2) for side in (height, width)]
        pooled = lambda x: F.max_pool2d(x, pooling).flatten(2)
        query, key, value = self.query(x).flatten(2), pooled(self.key(x)), pooled(self.value(x))
        beta = (query.transpose(1, 2) @ key).softmax(2)
        attended = (value @ beta.transpose(1, 2)).view(n, -1, height, width)
        return x + self.gamma * self.output(attended)


def attended(attention, x):
    return x if attention is None else attention(x)


class ResnetUp(nn.Module):
    def __init__(self, config, channels, has_attention):
        super().__init__()
        norm = lambda: None if has_conditional_norm(config) else nn.BatchNorm2d(channels)
        self.first_norm, self.first_by_class = norm(), ByClass(config, channels)
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.second_norm, self.second_by_class = norm(), ByClass(config, channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        self.shortcut = nn.Conv2d(channels, channels, 1)
        self.attention = SelfAttention(channels) if has_attention else None

    def forward(self, x, labels):
        double = lambda x: F.interpolate(x, scale_factor=2, mode="nearest")
        y = self.first_by_class.activated(self.first_norm, F.relu, x, labels)
        y = self.first(double(y))
        y = self.second_by_class.activated(self.second_norm, F.relu, y, labels)
        return attended(self.attention, double(self.shortcut(x)) + self.second(y))


class ResnetGenerator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.latent_size = config["latent_size"]
        count, channels = halvings(config), config["generator_filters"] or config["filters"]
        self.embedding = generator_embedding(config)
        inputs = self.latent_size + (0 if self.embedding is None else self.embedding.embedding_dim)
        self.stem = nn.ConvTranspose2d(inputs, channels, (config["height"] >> count, config["width"] >> count))
        sides = [min(config["height"], config["width"]) >> level for level in range(count - 1, -1, -1)]
        self.blocks = nn.ModuleList(ResnetUp(config, channels, side == config["attention"]) for side in sides)
        self.norm = None if has_conditional_norm(config) else nn.BatchNorm2d(channels)
        self.by_class = ByClass(config, channels)
        self.last = nn.Conv2d(channels, config["channels"], 3, 1, 1)

    def forward(self, latent, labels=None):
        x = self.stem(beside(latent, self.embedding, labels)[:, :, None, None])
        for block in self.blocks:
            x = block(x, labels)
        return torch.tanh(self.last(self.by_class.activated(self.norm, F.relu, x, labels)))


class ResnetDown(nn.Module):
    def __init__(self, config, inputs, kind, has_attention):
        super().__init__()
        filters, spectral = config["filters"], config["spectral_norm"]
        convolution = lambda inputs, kernel: normalized(nn.Conv2d(inputs, filters, kernel, 1, kernel // 2), spectral)
        self.kind = kind
        self.first, self.second = convolution(inputs, 3), convolution(filters, 3)
        self.shortcut = None if kind == "unscaled" else convolution(inputs, 1)
        self.attention = SelfAttention(filters, spectral) if has_attention else None

    def forward(self, x):
        y = x if self.kind == "first" else F.relu(x)
        y = self.second(F.relu(self.first(y)))
        if self.kind == "unscaled":
            return x + y
        return attended(self.attention, F.avg_pool2d(y, 2) + self.shortcut(F.avg_pool2d(x, 2)))


class ResnetDiscriminator(nn.Module):
    def __init__(self, config):
        super().__init__()
        count, filters = min(halvings(config), config["discriminator_halvings"]), config["filters"]
        side = min(config["height"], config["width"])
        self.embedding = discriminator_embedding(config, config["height"] * config["width"])
        block = lambda inputs, kind, level: ResnetDown(config, inputs, kind, side >> (level + 1) == config["attention"])
        self.first = block(config["channels"] + (self.embedding is not None), "first", 0)
        self.down = nn.ModuleList(block(filters, "down", level) for level in range(1, count))
        self.unscaled = nn.ModuleList(
            ResnetDown(config, filters, "unscaled", False) for _ in range(config["unscaled_blocks"])
        )
        self.linear = normalized(nn.Linear(filters, 1), config["spectral_norm"])
        self.heads, self.pooling = Heads(config, filters), config["pooling"]

    def forward(self, images, labels=None):
        x = self.first(beside_image(images, self.embedding, labels))
        for block in [*self.down, *self.unscaled]:
            x = block(x)
        x = F.relu(x)
        features = x.sum((2, 3)) if self.pooling == "Sum" else x.mean((2, 3))
        return self.heads(self.linear(features), features, labels)


# R3GAN.


def r3gan_filters(config, level):
    return min(config["filters"] << level, config["max_filters"])


class R3ganBlock(nn.Module):
    def __init__(self, config, level):
        super().__init__()
        filters = r3gan_filters(config, level)
        wide = filters * config["expansion"]
        groups = wide // config["group_width"] if config["group_width"] else 1
        self.first = nn.Conv2d(filters, wide, 1)
        self.second = nn.Conv2d(wide, wide, 3, 1, 1, groups=groups)
        self.third = nn.Conv2d(wide, filters, 1, bias=False)

    def forward(self, x):
        return x + self.third(leaky(self.second(leaky(self.first(x)))))


def r3gan_blocks(config, level):
    return nn.ModuleList(R3ganBlock(config, level) for _ in range(config["blocks"]))


def r3gan_transition(config, before, after):
    inputs, outputs = r3gan_filters(config, before), r3gan_filters(config, after)
    return None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)


def change_width(transition, x):
    return x if transition is None else transition(x)


class R3ganUp(nn.Module):
    def __init__(self, config, level):
        super().__init__()
        self.transition = r3gan_transition(config, level + 1, level)
        self.blocks = r3gan_blocks(config, level)
        self.by_class = nn.ModuleList(ByClass(config, r3gan_filters(config, level)) for _ in self.blocks)


class R3ganGenerator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.latent_size = config["latent_size"]
        count = halvings(config)
        filters = r3gan_filters(config, count)
        self.embedding = generator_embedding(config)
        inputs = self.latent_size + (0 if self.embedding is None else self.embedding.embedding_dim)
        self.basis = nn.Parameter(torch.randn(filters, config["height"] >> count, config["width"] >> count))
        self.linear = nn.Linear(inputs, filters, bias=False)
        self.first = r3gan_blocks(config, count)
        self.first_by_class = nn.ModuleList(ByClass(config, filters) for _ in self.first)
        self.stages = nn.ModuleList(R3ganUp(config, level) for level in range(count - 1, -1, -1))
        self.last = nn.Conv2d(config["filters"], config["channels"], 1, bias=False)

    def forward(self, latent, labels=None):
        x = self.linear(beside(latent, self.embedding, labels))[:, :, None, None] * self.basis
        for block, by_class in zip(self.first, self.first_by_class):
            x = by_class.modulate(block(x), labels)
        for stage in self.stages:
            x = change_width(stage.transition, x)
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            for block, by_class in zip(stage.blocks, stage.by_class):
                x = by_class.modulate(block(x), labels)
        return self.last(x)


class R3ganDown(nn.Module):
    def __init__(self, config, level):
        super().__init__()
        self.blocks = r3gan_blocks(config, level)
        self.transition = r3gan_transition(config, level, level + 1)


class R3ganDiscriminator(nn.Module):
    def __init__(self, config):
        super().__init__()
        count = halvings(config)
        filters = r3gan_filters(config, count)
        self.embedding = discriminator_embedding(config, config["height"] * config["width"])
        self.first = nn.Conv2d(config["channels"] + (self.embedding is not None), config["filters"], 1, bias=False)
        self.stages = nn.ModuleList(R3ganDown(config, level) for level in range(count))
        self.last = r3gan_blocks(config, count)
        self.basis = nn.Parameter(torch.randn(filters, config["height"] >> count, config["width"] >> count))
        self.linear = nn.Linear(filters, 1, bias=False)
        self.heads = Heads(config, filters)

    def forward(self, images, labels=None):
        x = self.first(beside_image(images, self.embedding, labels))
        for stage in self.stages:
            for block in stage.blocks:
                x = block(x)
            x = change_width(stage.transition, F.avg_pool2d(x, 2))
        for block in self.last:
            x = block(x)
        features = (x * self.basis).sum((2, 3))
        return self.heads(self.linear(features), features, labels)


# From image to image.


def translation_norm(name, channels):
    return {"Batch": nn.BatchNorm2d, "Instance": nn.InstanceNorm2d, "None": lambda _: None}[name](channels)


class Normalized(nn.Module):
    """A convolution and its normalisation, where there is one."""

    def __init__(self, convolution, norm):
        super().__init__()
        self.convolution, self.norm = convolution, norm

    def forward(self, x):
        x = self.convolution(x)
        return x if self.norm is None else self.norm(x)


class UnetGenerator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.latent_size = config["latent_size"]
        norm, count = config["normalization"], config["halvings"] or min(halvings(config, 1), 8)
        bias = norm != "Batch"
        filters = lambda level: config["filters"] << min(level, 3)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for level in range(count):
            inputs = config["source_channels"] + self.latent_size if level == 0 else filters(level - 1)
            kind = "None" if level in (0, count - 1) else norm
            convolution = nn.Conv2d(inputs, filters(level), 4, 2, 1, bias=bias)
            self.encoder.append(Normalized(convolution, translation_norm(kind, filters(level))))
        for level in range(count - 1, -1, -1):
            inputs = filters(level) * (1 if level == count - 1 else 2)
            outputs, kind = (config["channels"], "None") if level == 0 else (filters(level - 1), norm)
            convolution = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias or level == 0)
            self.decoder.append(Normalized(convolution, translation_norm(kind, outputs)))

    def forward(self, latent, source):
        n, _, height, width = source.shape
        x = torch.cat([source, latent[:, :, None, None].expand(n, self.latent_size, height, width)], 1)
        skipped = []
        for down in self.encoder[:-1]:
            x = leaky(down(x))
            skipped.append(F.relu(x))
        x = F.relu(self.encoder[-1](x))
        for up in self.decoder[:-1]:
            x = torch.cat([skipped.pop(), F.relu(up(x))], 1)
        return torch.tanh(self.decoder[-1](x))


class TranslatorBlock(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second


class TranslatorGenerator(nn.Module):
    latent_size = 0

    def __init__(self, config):
        super().__init__()
        norm, filters = config["normalization"], config["filters"]
        self.reflects = config["padding"] == "Reflection"
        large = min(config["height"], config["width"]) >= 256
        blocks = config["blocks"] if config["blocks"] is not None else (9 if large else 6)
        bias, count = norm != "Batch", config["halvings"]
        padded = lambda inputs, outputs, kernel, bias: nn.Conv2d(
            inputs, outputs, kernel, 1, 0 if self.reflects else kernel // 2, bias=bias
        )
        hidden = lambda convolution, channels: Normalized(convolution, translation_norm(norm, channels))
        self.first = hidden(padded(config["source_channels"], filters, 7, bias), filters)
        self.down = nn.ModuleList(
            hidden(nn.Conv2d(filters << level, filters << (level + 1), 3, 2, 1, bias=bias), filters << (level + 1))
            for level in range(count)
        )
        width = filters << count
        block = lambda: hidden(padded(width, width, 3, bias), width)
        self.blocks = nn.ModuleList(TranslatorBlock(block(), block()) for _ in range(blocks))
        self.up = nn.ModuleList(
            hidden(
                nn.ConvTranspose2d(filters << (level + 1), filters << level, 3, 2, 1, 1, bias=bias), filters << level
            )
            for level in range(count - 1, -1, -1)
        )
        self.last = padded(filters, config["channels"], 7, True)

    def pad(self, x, kernel):
        return F.pad(x, [kernel // 2] * 4, mode="reflect") if self.reflects else x

    def forward(self, latent, source):
        x = F.relu(self.first(self.pad(source, 7)))
        for down in self.down:
            x = F.relu(down(x))
        for block in self.blocks:
            y = F.relu(block.first(self.pad(x, 3)))
            x = x + block.second(self.pad(y, 3))
        for up in self.up:
            x = F.relu(up(x))
        return torch.tanh(self.last(self.pad(x, 7)))


class PatchganDiscriminator(nn.Module):
    def __init__(self, config):
        super().__init__()
        layers, norm, spectral = config["layers"], config["normalization"], config["spectral_norm"]
        kernel, padding = (4, 1) if layers > 0 else (1, 0)
        bias = norm != "Batch"
        filters = lambda layer: config["filters"] << min(layer, 3)
        convolution = lambda inputs, outputs, stride, bias: normalized(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias), spectral
        )
        self.hidden = nn.ModuleList()
        for layer in range(max(layers, 1) + 1):
            inputs = config["condition_channels"] + config["channels"] if layer == 0 else filters(layer - 1)
            kind = "None" if layer == 0 else norm
            self.hidden.append(
                Normalized(
                    convolution(inputs, filters(layer), 2 if layer < layers else 1, bias or layer == 0),
                    translation_norm(kind, filters(layer)),
                )
            )
        self.last = convolution(filters(max(layers, 1)), 1, 1, bias or layers > 0)

    def forward(self, images, source=None):
        x = images if source is None else torch.cat([source, images], 1)
        for layer in self.hidden:
            x = leaky(layer(x))
        return self.last(x).flatten()


class Trunk(nn.Module):
    def __init__(self, config):
        super().__init__()
        height, width, inputs = config["height"], config["width"], config["channels"]
        sizes = []
        while height // 2 >= 2 and width // 2 >= 2:
            sizes.append(config["filters"] << min(len(sizes), 3))
            height, width = height // 2, width // 2
        self.convolutions = nn.ModuleList()
        for outputs in sizes or [config["filters"]]:
            self.convolutions.append(nn.Conv2d(inputs, outputs, 3, 1, 1))
            inputs = outputs
        self.head = nn.Conv2d(inputs, config["features"], (height, width))

    def forward(self, x):
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
            if min(x.shape[2:]) // 2 >= 2:
                x = F.avg_pool2d(x, 2)
        return self.head(x).flatten(1)


class Classifier(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.trunk, self.output = Trunk(config), nn.Linear(config["features"], config["classes"])

    def forward(self, images):
        return self.output(F.relu(self.trunk(images)))


NETWORKS = {
    ("generator", "mlp"): MlpGenerator,
    ("generator", "dcgan"): DcganGenerator,
    ("generator", "resnet"): ResnetGenerator,
    ("generator", "r3gan"): R3ganGenerator,
    ("generator", "unet"): UnetGenerator,
    ("generator", "translator"): TranslatorGenerator,
    ("discriminator", "mlp"): MlpDiscriminator,
    ("discriminator", "dcgan"): DcganDiscriminator,
    ("discriminator", "resnet"): ResnetDiscriminator,
    ("discriminator", "r3gan"): R3ganDiscriminator,
    ("discriminator", "patchgan"): PatchganDiscriminator,
    ("classifier", "classifier"): Classifier,
}
