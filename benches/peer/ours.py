"""A run of our settings in PyTorch: RpGAN + R1 + R2 on the networks of a DCGAN, as docs/runs has them.

The networks are those of examples/pytorch, which are ours layer by layer. Settings that no recorded run has are refused.
"""

import pathlib
import sys

import torch
from torch import nn

from average import Average
from training import LOSSES, squared_norm

sys.path.append(str(pathlib.Path(__file__).parents[2] / "examples" / "pytorch"))
from burn_gan_networks import network  # noqa: E402


def start(module):
    """Normal(0, 0.02) as in the DCGAN paper; biases are 0, normalisations start as the identity."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


class Ours:
    """`step` is a training step; `sampler` the average of the generator."""

    def __init__(self, settings, steps):
        networks, trainer = settings["networks"], settings["trainer"]
        self.config, self.steps, self.updates = trainer, steps, 0
        gammas = {name: value["gamma"] for penalty in trainer["penalties"] for name, value in penalty.items()}
        expected = {
            "loss": "RelativisticPaired", "penalty_place": "Changed", "critic_steps": 1, "augmentation": None,
            "gradient_clip": None, "weight_clip": None, "penalty_schedule": {"Constant": 1.0},
        }
        other = {name for name, value in expected.items() if trainer[name] != value}
        if other or gammas.keys() != {"R1", "R2"} or networks["network"] != "dcgan":
            raise SystemExit(f"these settings are not known here: {sorted(other) or gammas or networks}")
        self.gammas = gammas["R1"], gammas["R2"]
        self.generator = network("generator", networks).apply(start)
        self.discriminator = network("discriminator", networks).apply(start)
        self.average = Average(self.generator)
        self.generator_optimizer = self.optimizer(self.generator, "generator")
        self.discriminator_optimizer = self.optimizer(self.discriminator, "discriminator")

    def optimizer(self, module, name):
        adam = self.config[f"{name}_optimizer"]["Adam"]
        return torch.optim.Adam(
            module.parameters(),
            lr=self.config[f"{name}_learning_rate"],
            betas=(adam["beta_1"], adam["beta_2"]),
            eps=adam["epsilon"],
        )

    def set_rates(self, step):
        line = self.config["learning_rate_schedule"]["Linear"]
        factor = line["from"] + (line["to"] - line["from"]) * step / self.steps
        for optimizer, name in (self.generator_optimizer, "generator"), (self.discriminator_optimizer, "discriminator"):
            for group in optimizer.param_groups:
                group["lr"] = factor * self.config[f"{name}_learning_rate"]

    def step(self, step, real, labels):
        self.set_rates(step)
        given = () if labels is None else (labels,)
        of_discriminator, of_generator = LOSSES["relativistic_paired"]
        fake = self.generator(torch.randn(len(real), self.generator.latent_size), *given)

        # Penalties of every k-th step are k times as strong.
        interval = self.config["penalty_interval"]
        is_penalized = step % interval == 0
        points = [samples.detach().requires_grad_(is_penalized) for samples in (real, fake)]
        of_real, of_fake = (self.discriminator(samples, *given) for samples in points)
        loss = of_discriminator(of_real, of_fake).mean()
        if is_penalized:
            norms = (squared_norm(logits, samples) for logits, samples in zip((of_real, of_fake), points))
            loss = loss + interval * sum(gamma / 2 * norm.mean() for gamma, norm in zip(self.gammas, norms))
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()

        self.discriminator.requires_grad_(False)
        loss = of_generator(self.discriminator(fake, *given), lambda: self.discriminator(real, *given)).mean()
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)

        limit = self.config["ema"]["decay"]["WarmUp"]
        self.average.update(min(limit, (1 + self.updates) / (10 + self.updates)))
        self.updates += 1

    def sampler(self):
        return self.average.sampler()
