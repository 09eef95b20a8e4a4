"""The cases of benches/src/bin/steps under the same names: networks, loss, penalty and batch."""

import torch

from networks import (
    DcganDiscriminator,
    DcganGenerator,
    Mlp,
    R3gan,
    ResnetDiscriminator,
    ResnetGenerator,
)
from training import FORMS

BATCH = 64


def dcgan(channels, side, filters=64, generator_norm=True, discriminator_norm=True):
    return (
        DcganGenerator(channels, side, filters, normalized=generator_norm),
        DcganDiscriminator(channels, side, filters, normalized=discriminator_norm),
    )


def images(batch, channels, side):
    return torch.randn(batch, channels, side, side).tanh()


def parse(name):
    """`dcgan:side=64,filters=32,batch=128`: the sizes, or None where it is not such a name."""
    sizes = {"side": 32, "filters": 64, "batch": BATCH}
    kind, colon, rest = name.partition(":")
    if kind != "dcgan" or not colon:
        return None
    for pair in filter(None, rest.split(",")):
        size, _, value = pair.partition("=")
        if size not in sizes or not value.isdecimal():
            return None
        sizes[size] = int(value)
    return sizes


def training(name):
    """Both networks, loss, penalty and a batch of real samples; None for a name that is no case."""
    plain, r1_r2 = ("non_saturating", None), ("relativistic_paired", "r1_r2")
    bare = dict(generator_norm=False, discriminator_norm=False)
    if name == "ring":
        networks = Mlp([2, 128, 128, 2], False), Mlp([2, 128, 128, 1], True)
        return networks, plain, torch.randn(256, 2)
    if name in ("dcgan32", "generate256"):
        return dcgan(1, 32), plain, images(BATCH, 1, 32)
    if name == "dcgan32_plain":
        return dcgan(1, 32, **bare), plain, images(BATCH, 1, 32)
    if name == "dcgan32_wgan_gp":
        return dcgan(1, 32, **bare), ("non_saturating", "wgan_gp"), images(BATCH, 1, 32)
    if name == "dcgan32_r1_r2":
        return dcgan(1, 32, **bare), r1_r2, images(BATCH, 1, 32)
    if name == "digits28":
        return dcgan(1, 28, 32), plain, images(BATCH, 1, 28)
    if name == "digits28_r1_r2":
        return dcgan(1, 28, 32, discriminator_norm=False), r1_r2, images(BATCH, 1, 28)
    if name == "r3gan32_r1_r2":
        size = R3gan(1, 32, filters=8, max_filters=32, group_width=8, latent_size=64)
        return (size.generator(), size.discriminator()), r1_r2, images(BATCH, 1, 32)
    if name == "resnet32":
        networks = ResnetGenerator(3, 32, 64), ResnetDiscriminator(3, 32, 64)
        return networks, ("hinge", None), images(BATCH, 3, 32)
    if sizes := parse(name):
        networks = dcgan(1, sizes["side"], sizes["filters"])
        return networks, plain, images(sizes["batch"], 1, sizes["side"])
    return None


NAMES = [
    "ring",
    "dcgan32",
    "dcgan32_plain",
    "dcgan32_wgan_gp",
    "dcgan32_r1_r2",
    "digits28",
    "digits28_r1_r2",
    "r3gan32_r1_r2",
    "resnet32",
    "generate256",
]


def is_case(name):
    return name in NAMES or parse(name) is not None


class Case:
    """One case in a form; `run` is one repetition's work."""

    def __init__(self, name, form):
        torch.manual_seed(0)
        networks, (loss, penalty), real = training(name)
        self.training = FORMS[form](*networks, loss, penalty)
        self.real = self.training.prepare(real)
        self.run = self.training_step
        if name == "generate256":
            self.generator = networks[0].eval()
            self.run = self.generate

    def parameters(self):
        """How many numbers are trained in each network."""
        networks = (self.training.generator, self.training.discriminator)
        return [sum(weights.numel() for weights in network.parameters()) for network in networks]

    def training_step(self):
        self.training.step(self.real)

    def generate(self):
        with torch.inference_mode():
            return self.generator(torch.randn(256, self.generator.latent_size)).contiguous()
