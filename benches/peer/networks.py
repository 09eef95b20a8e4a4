"""The networks of burn_gan::model in PyTorch, under the same names of their layers.

Images are [N, C, H, W]. Each pair has the same number of parameters as ours and the same distribution of initial
weights; `cases.py` says which sizes are compared, `tests/golden/steps.py` compares small ones number by number.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize

SLOPE = 0.2  # of every leaky ReLU


def halvings(side, base):
    """How often an image is halved: as long as its side is even and the result at least `base`."""
    count = 0
    while side % 2 == 0 and side // 2 >= base:
        side, count = side // 2, count + 1
    return count


def he(weight, fan_in, slope):
    """He et al. 2015, equation 15; a slope of 1 is for a layer that no activation follows."""
    nn.init.normal_(weight, 0.0, math.sqrt(2 / ((1 + slope**2) * fan_in)))


def start(layer, slope=None):
    """Initial weights: Normal(0, 0.02) as in the DCGAN paper, or He's with a slope; biases are 0."""
    if slope is None:
        nn.init.normal_(layer.weight, 0.0, 0.02)
    else:
        # A transposed convolution of a 1x1 image adds up one weight an input.
        transposed = isinstance(layer, nn.ConvTranspose2d)
        fan_in = layer.in_channels if transposed else layer.weight[0].numel()
        he(layer.weight, fan_in, slope)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


# Perceptrons


class Mlp(nn.Module):
    """Linear layers with a leaky ReLU between them; a discriminator's logits are [N]."""

    def __init__(self, widths, is_discriminator):
        super().__init__()
        self.latent_size, self.is_discriminator = widths[0], is_discriminator
        self.layers = nn.ModuleList(map(nn.Linear, widths, widths[1:]))
        for layer in self.layers:
            start(layer, 1.0 if layer is self.layers[-1] else SLOPE)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), SLOPE, inplace=True)
        x = self.layers[-1](x)
        return x.squeeze(1) if self.is_discriminator else x


# DCGAN (Radford et al. 2016)


class DcganLayer(nn.Module):
    def __init__(self, convolution, channels, normalized):
        super().__init__()
        self.convolution = convolution
        self.norm = nn.BatchNorm2d(channels) if normalized else nn.Identity()

    def forward(self, x):
        return self.norm(self.convolution(x))


class DcganGenerator(nn.Module):
    def __init__(self, channels, side, filters=64, latent_size=100, base=4, normalized=True):
        super().__init__()
        self.latent_size = latent_size
        levels = halvings(side, base)
        widths = [min(filters << level, 1024) for level in range(levels)]
        bias = not normalized
        up = lambda i, o, bias: start(nn.ConvTranspose2d(i, o, 4, 2, 1, bias=bias))
        self.stem = start(nn.ConvTranspose2d(latent_size, widths[-1], side >> levels, bias=bias))
        self.stem_norm = nn.BatchNorm2d(widths[-1]) if normalized else nn.Identity()
        self.hidden = nn.ModuleList(
            DcganLayer(up(widths[level], widths[level - 1], bias), widths[level - 1], normalized)
            for level in reversed(range(1, levels))
        )
        self.last = up(widths[0], channels, True)

    def forward(self, latent):
        x = F.relu(self.stem_norm(self.stem(latent[:, :, None, None])), inplace=True)
        for layer in self.hidden:
            x = F.relu(layer(x), inplace=True)
        return torch.tanh(self.last(x))


class DcganDiscriminator(nn.Module):
    def __init__(self, channels, side, filters=64, base=4, normalized=True):
        super().__init__()
        levels = halvings(side, base)
        widths = [min(filters << level, 1024) for level in range(levels)]
        bias = not normalized
        down = lambda i, o: start(nn.Conv2d(i, o, 4, 2, 1, bias=bias))
        self.first = down(channels, widths[0])
        self.hidden = nn.ModuleList(
            DcganLayer(down(widths[level - 1], widths[level]), widths[level], normalized)
            for level in range(1, levels)
        )
        self.head = start(nn.Conv2d(widths[-1], 1, side >> levels))

    def forward(self, x):
        x = F.leaky_relu(self.first(x), SLOPE, inplace=True)
        for layer in self.hidden:
            x = F.leaky_relu(layer(x), SLOPE, inplace=True)
        return self.head(x).flatten()


# R3GAN (Huang et al. 2024)


class R3ganBlock(nn.Module):
    """x + third(f(second(f(first(x))))), f a leaky ReLU after a bias; the third layer starts at 0."""

    def __init__(self, filters, expansion, group_width, total_blocks):
        super().__init__()
        wide = filters * expansion
        self.first = nn.Conv2d(filters, wide, 1)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, groups=wide // group_width)
        self.third = nn.Conv2d(wide, filters, 1, bias=False)
        for layer in (self.first, self.second):
            start(layer, SLOPE)
            with torch.no_grad():
                layer.weight.mul_(total_blocks**-0.25)
        nn.init.zeros_(self.third.weight)

    def forward(self, x):
        y = F.leaky_relu(self.first(x), SLOPE, inplace=True)
        y = F.leaky_relu(self.second(y), SLOPE, inplace=True)
        return x + self.third(y)


def pointwise(inputs, outputs):
    return start(nn.Conv2d(inputs, outputs, 1, bias=False), 1.0)


class R3ganStage(nn.Module):
    """A block; where the number of channels changes between stages, a 1x1 convolution."""

    def __init__(self, block, inputs, outputs):
        super().__init__()
        self.blocks = nn.ModuleList([block])
        self.transition = pointwise(inputs, outputs) if inputs != outputs else nn.Identity()


class R3gan:
    """The sizes of both networks; one block a stage, twice as wide inside."""

    def __init__(self, channels, side, filters, max_filters, group_width, latent_size, base=4):
        self.channels, self.latent_size = channels, latent_size
        self.levels = halvings(side, base)
        self.side = side >> self.levels
        self.widths = [min(filters << level, max_filters) for level in range(self.levels + 1)]
        self.block = lambda level: R3ganBlock(
            self.widths[level], 2, group_width, self.levels + 1
        )

    def generator(self):
        return R3ganGenerator(self)

    def discriminator(self):
        return R3ganDiscriminator(self)


class R3ganGenerator(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.latent_size, widths = size.latent_size, size.widths
        # A learned image; the latent vector scales its channels.
        self.basis = nn.Parameter(torch.randn(widths[-1], size.side, size.side))
        self.linear = start(nn.Linear(size.latent_size, widths[-1], bias=False), 1.0)
        self.first = nn.ModuleList([size.block(size.levels)])
        self.stages = nn.ModuleList(
            R3ganStage(size.block(level), widths[level + 1], widths[level])
            for level in reversed(range(size.levels))
        )
        self.last = pointwise(widths[0], size.channels)

    def forward(self, latent):
        x = self.first[0](self.linear(latent)[:, :, None, None] * self.basis)
        for stage in self.stages:
            # A 1x1 convolution and an interpolation commute; on the small image it is cheaper.
            x = stage.transition(x)
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = stage.blocks[0](x)
        return self.last(x)


class R3ganDiscriminator(nn.Module):
    def __init__(self, size):
        super().__init__()
        widths = size.widths
        self.first = pointwise(size.channels, widths[0])
        self.stages = nn.ModuleList(
            R3ganStage(size.block(level), widths[level], widths[level + 1])
            for level in range(size.levels)
        )
        self.last = nn.ModuleList([size.block(size.levels)])
        # A kernel as large as the image, one a channel.
        self.basis = nn.Conv2d(widths[-1], widths[-1], size.side, groups=widths[-1], bias=False)
        start(self.basis, 1.0)
        self.linear = start(nn.Linear(widths[-1], 1, bias=False), 1.0)

    def forward(self, x):
        x = self.first(x)
        for stage in self.stages:
            x = stage.transition(F.avg_pool2d(stage.blocks[0](x), 2))
        return self.linear(self.basis(self.last[0](x)).flatten(1)).squeeze(1)


# Residual networks of SNGAN (Miyato et al. 2018)


class SpectralNorm(nn.Module):
    """W / sigma with sigma = |W^T u|, u a constant of length 1.

    PyTorch's own moves u in each forward pass in training form. Ours moves it once a step, after the optimiser, so that
    all passes of a step see the same layer; `advance_spectral_norms` does that here. Both have the gradient through
    both W.
    """

    def __init__(self, weight):
        super().__init__()
        self.register_buffer("direction", F.normalize(torch.randn(weight.shape[0]), dim=0))
        self.advance(weight, 100)

    @torch.no_grad()
    def advance(self, weight, iterations=1):
        matrix = weight.flatten(1)
        for _ in range(iterations):
            right = F.normalize(matrix.T @ self.direction, dim=0, eps=1e-12)
            self.direction.copy_(F.normalize(matrix @ right, dim=0, eps=1e-12))

    def forward(self, weight):
        return weight / torch.linalg.vector_norm(weight.flatten(1).T @ self.direction)


def with_spectral_norm(layer):
    return parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight))


def spectral_norms(network):
    """The layers with spectral normalisation: their normalisation and their trained weight."""
    for module in network.modules():
        if parametrize.is_parametrized(module):
            weight = module.parametrizations.weight
            yield weight[0], weight.original


def advance_spectral_norms(network):
    for norm, weight in spectral_norms(network):
        norm.advance(weight)


def sngan_convolution(inputs, outputs, kernel):
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    return start(layer, 1.0 if kernel == 1 else 0.0)


class ResnetUp(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.first_norm, self.second_norm = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)
        self.first = sngan_convolution(filters, filters, 3)
        self.second = sngan_convolution(filters, filters, 3)
        self.shortcut = sngan_convolution(filters, filters, 1)

    def forward(self, x):
        y = F.relu(self.first_norm(x), inplace=True)
        y = self.first(F.interpolate(y, scale_factor=2, mode="nearest"))
        y = F.relu(self.second_norm(y), inplace=True)
        # A 1x1 convolution and the repetition of pixels commute; on the small image it is cheaper.
        shortcut = F.interpolate(self.shortcut(x), scale_factor=2, mode="nearest")
        return shortcut + self.second(y)


class ResnetGenerator(nn.Module):
    def __init__(self, channels, side, filters, latent_size=128, base=4):
        super().__init__()
        self.latent_size = latent_size
        levels = halvings(side, base)
        self.stem = start(nn.ConvTranspose2d(latent_size, filters, side >> levels), 1.0)
        self.blocks = nn.ModuleList(ResnetUp(filters) for _ in range(levels))
        self.norm = nn.BatchNorm2d(filters)
        self.last = sngan_convolution(filters, channels, 3)

    def forward(self, latent):
        x = self.stem(latent[:, :, None, None])
        for block in self.blocks:
            x = block(x)
        return torch.tanh(self.last(F.relu(self.norm(x), inplace=True)))


class ResnetBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; where the block halves, that is a 1x1 convolution."""

    def __init__(self, inputs, filters, halves, is_first=False):
        super().__init__()
        self.halves, self.is_first = halves, is_first
        self.first = with_spectral_norm(sngan_convolution(inputs, filters, 3))
        self.second = with_spectral_norm(sngan_convolution(filters, filters, 3))
        if halves:
            self.shortcut = with_spectral_norm(sngan_convolution(inputs, filters, 1))

    def forward(self, x):
        y = self.first(x if self.is_first else F.relu(x))
        y = self.second(F.relu(y, inplace=True))
        if not self.halves:
            return y + x
        # A 1x1 convolution and a mean commute; on the small image it is cheaper.
        return F.avg_pool2d(y, 2) + self.shortcut(F.avg_pool2d(x, 2))


class ResnetDiscriminator(nn.Module):
    """Two blocks that halve, as long as the image can be halved, and two that do not; features are summed."""

    def __init__(self, channels, side, filters, base=4):
        super().__init__()
        down = min(halvings(side, base), 2)
        self.first = ResnetBlock(channels, filters, True, is_first=True)
        self.down = nn.ModuleList(ResnetBlock(filters, filters, True) for _ in range(1, down))
        self.unscaled = nn.ModuleList(ResnetBlock(filters, filters, False) for _ in range(2))
        self.linear = with_spectral_norm(start(nn.Linear(filters, 1), 1.0))

    def forward(self, x):
        for block in (self.first, *self.down, *self.unscaled):
            x = block(x)
        return self.linear(F.relu(x).sum((2, 3))).squeeze(1)
