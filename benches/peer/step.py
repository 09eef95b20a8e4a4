"""One training step of a DCGAN in PyTorch, plain and with exact gradient penalties.

The peer of `cargo bench -p burn-gan-benches --bench penalty`, case by case under the same names: `plain`, `wgan_gp`, `r1_r2`.
32x32 grey images, 64 filters, latents of 100, batch 64, no normalisation anywhere, biases in its place; two
threads; Adam with betas 0.5 and 0.999; the non-saturating loss; one fake batch shared by both halves of the step.
Penalties go through double backward (`create_graph=True`). `r1_r2` takes the real and the fake samples through the
discriminator in separate calls with the gradient of each, as the R3GAN authors' trainer does.

    pip install torch
    python3 benches/peer/step.py

Prints each case's median milliseconds over 15 steps and its ratio to `plain`; the last line is JSON. The cases
take turns, so that a slow moment of the machine hits all of them.
"""

import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH, SIDE, FILTERS, LATENT = 64, 32, 64, 100
WARM_UP, STEPS = 3, 15
WEIGHT = 10.0  # of WGAN-GP
GAMMA = 10.0  # of R1 and R2


def generator():
    return nn.Sequential(
        nn.ConvTranspose2d(LATENT, 4 * FILTERS, 4),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * FILTERS, 2 * FILTERS, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * FILTERS, FILTERS, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(FILTERS, 1, 4, 2, 1),
        nn.Tanh(),
    )


def discriminator():
    return nn.Sequential(
        nn.Conv2d(1, FILTERS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(FILTERS, 2 * FILTERS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * FILTERS, 4 * FILTERS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4 * FILTERS, 1, 4),
        nn.Flatten(0),
    )


def initialize(network):
    """The DCGAN paper's: Normal(0, 0.02), biases 0."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, 0.0, 0.02)
    return network


def squared_norm(logits, points):
    (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradient.flatten(1).square().sum(1)


class Step:
    """The networks and optimisers of one case; calling it is one step."""

    def __init__(self, case):
        self.case = case
        torch.manual_seed(0)
        self.generator = initialize(generator())
        self.discriminator = initialize(discriminator())
        adam = lambda network: torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.generator_optimizer = adam(self.generator)
        self.discriminator_optimizer = adam(self.discriminator)
        self.real = torch.randn(BATCH, 1, SIDE, SIDE).tanh()

    def __call__(self):
        fake = self.generator(torch.randn(BATCH, LATENT, 1, 1))

        self.discriminator_optimizer.zero_grad(set_to_none=True)
        loss = self.discriminator_loss(self.real, fake.detach())
        loss.backward()
        self.discriminator_optimizer.step()

        self.generator_optimizer.zero_grad(set_to_none=True)
        self.discriminator.requires_grad_(False)
        F.softplus(-self.discriminator(fake)).mean().backward()
        self.discriminator.requires_grad_(True)
        self.generator_optimizer.step()
        return loss.item()

    def discriminator_loss(self, real, fake):
        penalized = self.case == "r1_r2"
        real = real.detach().requires_grad_(penalized)
        fake = fake.requires_grad_(penalized)
        of_real, of_fake = self.discriminator(real), self.discriminator(fake)
        loss = (F.softplus(-of_real) + F.softplus(of_fake)).mean()
        if self.case == "r1_r2":
            both = squared_norm(of_real, real) + squared_norm(of_fake, fake)
            loss = loss + (GAMMA / 2 * both).mean()
        if self.case == "wgan_gp":
            mix = torch.rand(BATCH, 1, 1, 1)
            points = (mix * real + (1 - mix) * fake).requires_grad_()
            norm = squared_norm(self.discriminator(points), points).sqrt()
            loss = loss + (WEIGHT * (norm - 1).square()).mean()
        return loss


def main():
    torch.set_num_threads(2)
    steps = {case: Step(case) for case in ["plain", "wgan_gp", "r1_r2"]}
    times = {case: [] for case in steps}
    for round_number in range(WARM_UP + STEPS):
        for case, step in steps.items():
            start = time.perf_counter()
            step()
            if round_number >= WARM_UP:
                times[case].append(1000 * (time.perf_counter() - start))
    medians = {case: statistics.median(found) for case, found in times.items()}
    found = {
        case: {
            "milliseconds": round(median, 2),
            "ratio": round(median / medians["plain"], 3),
        }
        for case, median in medians.items()
    }
    for case, numbers in found.items():
        print(f"{case:8} {numbers['milliseconds']:8.1f} ms  {numbers['ratio']:5.2f} x plain")
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), **found}))


if __name__ == "__main__":
    main()
