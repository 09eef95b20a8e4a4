"""Reference values of the gradient penalties of conditional critics by PyTorch's double backward.

Writes conditional_penalties.json and conditional_penalties.bin beside this script, in the form of penalties.py and by
its code. Run it from anywhere with PyTorch installed (`pip install torch`):

    python3 tests/golden/conditional_penalties.py

Sample i has the label LABELS[i], at real, generated and mixed points alike. Class 1 has no sample: the gradient in its
embedding is 0.
"""

import torch
import torch.nn.functional as F

from penalties import Mlp, weight, write

CLASSES = 4
LABELS = [2, 0, 3, 2]


def projection(embedding, features):
    """<embedding(y), features>, [N] (Miyato and Koyama 2018, equation 3)."""
    return (embedding[LABELS].flatten(1) * features.flatten(1)).sum(1)


class MlpProjection(Mlp):
    """The perceptron of penalties.py; its 16 features on the embedding of the class."""

    name = "mlp_projection"
    labels = LABELS
    last = ["2.weight", "embedding"]

    @staticmethod
    def parameters(draw):
        return {**Mlp.parameters(draw), "embedding": draw.normal([CLASSES, 16], 0.25)}

    @staticmethod
    def logits(p, x, kinks):
        x = kinks.leaky_relu(F.linear(x, p["0.weight"], p["0.bias"]))
        x = kinks.leaky_relu(F.linear(x, p["1.weight"], p["1.bias"]))
        return F.linear(x, p["2.weight"], p["2.bias"]).squeeze(1) + projection(p["embedding"], x)


class MlpAuxiliary(Mlp):
    """The perceptron of penalties.py with an auxiliary classifier (Odena et al. 2017): its class logits are no part of
    the logit, so the penalties are those without classes and leave the classifier's weights alone."""

    name = "mlp_auxiliary"
    labels = LABELS

    @staticmethod
    def parameters(draw):
        return {
            **Mlp.parameters(draw),
            "auxiliary.weight": draw.normal([CLASSES, 16], 0.25),
            "auxiliary.bias": draw.normal([CLASSES], 0.25),
        }


class ConvolutionalProjection:
    """A DCGAN discriminator without normalisation: 1x8x8, 4 filters, two halvings to 2x2. All values of the last image
    are its features; their embeddings have that image's shape."""

    name = "convolutional_projection"
    labels = LABELS
    sample = [1, 8, 8]
    last = ["head.weight", "embedding"]

    @staticmethod
    def parameters(draw):
        return {
            "0.weight": weight(draw, [4, 1, 4, 4]),
            "0.bias": draw.normal([4], 0.1),
            "1.weight": weight(draw, [8, 4, 4, 4]),
            "1.bias": draw.normal([8], 0.1),
            "head.weight": weight(draw, [1, 8, 2, 2]),
            "head.bias": draw.normal([1], 0.1),
            "embedding": draw.normal([CLASSES, 8, 2, 2], 0.25),
        }

    @staticmethod
    def logits(p, x, kinks):
        for layer in range(2):
            x = F.conv2d(x, p[f"{layer}.weight"], p[f"{layer}.bias"], stride=2, padding=1)
            x = kinks.leaky_relu(x)
        logits = F.conv2d(x, p["head.weight"], p["head.bias"]).flatten()
        return logits + projection(p["embedding"], x)


def relu(x, kinks):
    kinks.remember(x)
    return F.relu(x)


def max_pool(x, kinks):
    """The largest of every 2x2 pixels; the lead of the largest over the second is remembered."""
    first, second = F.unfold(x.flatten(0, 1).unsqueeze(1), 2, stride=2).topk(2, dim=1).values.unbind(1)
    kinks.remember(first - second)
    return F.max_pool2d(x, 2)


class Residual:
    """The discriminator of SNGAN (Miyato et al. 2018, table 4) without spectral normalisation: 1x8x8, 4 filters, two
    blocks that halve and one that does not; the features are the sums over height and width."""

    name = "residual_projection"
    labels = LABELS
    sample = [1, 8, 8]
    last = ["linear.weight", "embedding"]
    channels = 1
    filters = 4

    @classmethod
    def parameters(cls, draw):
        found = {}
        for block, inputs in enumerate([cls.channels, cls.filters, cls.filters]):
            kernels = {"first": [inputs, 3], "second": [cls.filters, 3], "shortcut": [inputs, 1]}
            if block == 2:
                del kernels["shortcut"]
            for layer, (inputs_of, kernel) in kernels.items():
                shape = [cls.filters, inputs_of, kernel, kernel]
                found[f"{block}.{layer}.weight"] = weight(draw, shape)
                found[f"{block}.{layer}.bias"] = draw.normal([cls.filters], 0.3)
        found["linear.weight"] = weight(draw, [1, cls.filters])
        found["linear.bias"] = draw.normal([1], 0.3)
        return {**found, **cls.further(draw)}

    @classmethod
    def further(cls, draw):
        return {"embedding": draw.normal([CLASSES, cls.filters], 0.5)}

    @staticmethod
    def first(p, x, kinks):
        """The block that reads the image: no ReLU in front, the shortcut halves before its convolution."""
        y = relu(F.conv2d(x, p["0.first.weight"], p["0.first.bias"], padding=1), kinks)
        y = F.conv2d(y, p["0.second.weight"], p["0.second.bias"], padding=1)
        shortcut = F.conv2d(F.avg_pool2d(x, 2), p["0.shortcut.weight"], p["0.shortcut.bias"])
        return F.avg_pool2d(y, 2) + shortcut

    @staticmethod
    def features(p, x, kinks):
        """The other blocks, a ReLU and the sum."""
        for block in [1, 2]:
            y = F.conv2d(relu(x, kinks), p[f"{block}.first.weight"], p[f"{block}.first.bias"], padding=1)
            y = relu(y, kinks)
            y = F.conv2d(y, p[f"{block}.second.weight"], p[f"{block}.second.bias"], padding=1)
            if block == 1:
                x = F.conv2d(x, p["1.shortcut.weight"], p["1.shortcut.bias"])
                x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
            x = x + y
        return relu(x, kinks).sum([2, 3])

    @staticmethod
    def linear(p, features):
        return F.linear(features, p["linear.weight"], p["linear.bias"]).squeeze(1)

    @classmethod
    def logits(cls, p, x, kinks):
        features = cls.features(p, cls.first(p, x, kinks), kinks)
        return cls.linear(p, features) + projection(p["embedding"], features)


class AttentionConcatenation(Residual):
    """The class as an image beside the sample (Mirza and Osindero 2014), and self-attention (Zhang et al. 2019) behind the
    first block, with keys and values of every 2x2 pixels. Its softmax makes the slopes move with every weight before it,
    those of the embedding too.

    The gradients of some biases are small beside the others: a larger step keeps the rounding of the logits out of their
    central differences."""

    name = "attention_concatenation"
    step = 1e-3
    last = ["linear.weight"]
    channels = 2

    @classmethod
    def further(cls, draw):
        attention = {"key": [1, 4], "query": [1, 4], "value": [2, 4], "output": [4, 2]}
        weights = {f"{name}.weight": weight(draw, shape + [1, 1]) for name, shape in attention.items()}
        # Pixels that attend to all others alike would be no test.
        for name in ["key.weight", "query.weight"]:
            weights[name] = 2 * weights[name]
        return {
            "embedding": draw.normal([CLASSES, 1, 8, 8]),
            **weights,
            # It starts at 0 in training; here it counts.
            "gamma": draw.normal([1], 0.1, 1.0),
        }

    @staticmethod
    def attended(p, x, kinks):
        """beta[i, j]: how much pixel j attends to the pooled pixel i."""
        key = max_pool(F.conv2d(x, p["key.weight"]), kinks).flatten(2)
        value = max_pool(F.conv2d(x, p["value.weight"]), kinks).flatten(2)
        query = F.conv2d(x, p["query.weight"]).flatten(2)
        beta = torch.einsum("nci,ncj->nij", key, query).softmax(1)
        o = torch.einsum("nci,nij->ncj", value, beta).unflatten(2, x.shape[2:])
        return p["gamma"] * F.conv2d(o, p["output.weight"]) + x

    @classmethod
    def logits(cls, p, x, kinks):
        x = torch.cat([x, p["embedding"][LABELS]], 1)
        x = cls.attended(p, cls.first(p, x, kinks), kinks)
        return cls.linear(p, cls.features(p, x, kinks))


CRITICS = [MlpProjection, MlpAuxiliary, ConvolutionalProjection, Residual, AttentionConcatenation]

if __name__ == "__main__":
    write("conditional_penalties", CRITICS, ["r1", "r2", "wasserstein_gp"])
