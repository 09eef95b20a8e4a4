"""One training step of burn_gan's trainer in PyTorch, in two forms.

What both forms and ours do: one pass of the generator serves both halves of the step; the discriminator learns from the
loss of the real and the generated samples and, where there are any, the gradient penalties, in one backward pass; the
generator learns from the same generated samples through the discriminator after its step. Adam with betas 0.5 and
0.999, epsilon 1e-8. Both losses are read.

- `eager` is what one writes first: a pass of the discriminator for the real samples, one for the generated ones, one for
  each penalty's points unless they are the samples themselves; the optimiser's defaults.
- `best` is the fastest form that was found which computes the same: see `Best`.
"""

import contextlib

import torch
import torch.nn.functional as F
from torch.nn.utils import parametrize

from networks import advance_spectral_norms, spectral_norms

# Each loss: of the discriminator, and of the generator. `real` of the latter is a function: most do without.
LOSSES = {
    "non_saturating": (
        lambda real, fake: F.softplus(-real) + F.softplus(fake),
        lambda fake, real: F.softplus(-fake),
    ),
    "relativistic_paired": (
        lambda real, fake: F.softplus(fake - real),
        lambda fake, real: F.softplus(real() - fake),
    ),
    "hinge": (
        lambda real, fake: F.relu(1 - real) + F.relu(1 + fake),
        lambda fake, real: -fake,
    ),
}
WEIGHT = 10.0  # of WGAN-GP
GAMMA = 1.0  # of R1 and R2


def squared_norm(logits, points):
    """The squared norm of each sample's gradient, [N], to be differentiated again."""
    (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def wgan_gp(discriminator, real, fake, mix):
    """Gulrajani et al. 2017, equation 3."""
    mix = mix.view(-1, *[1] * (real.dim() - 1))
    points = (mix * real + (1 - mix) * fake).requires_grad_()
    norm = squared_norm(discriminator(points), points).sqrt()
    return WEIGHT * (norm - 1).square()


class Eager:
    """The networks and optimisers of one case; `step` is one step."""

    # Of torch.optim.Adam, beside its own defaults.
    adam = {}

    def __init__(self, generator, discriminator, loss, penalty=None, learning_rate=2e-4):
        self.generator, self.discriminator = generator, discriminator
        self.loss, self.penalty = loss, penalty
        self.has_spectral_norm = any(True for _ in spectral_norms(discriminator))
        adam = lambda network: torch.optim.Adam(
            network.parameters(), lr=learning_rate, betas=(0.5, 0.999), eps=1e-8, **self.adam
        )
        self.generator_optimizer = adam(generator)
        self.discriminator_optimizer = adam(discriminator)

    def prepare(self, samples):
        """A batch in the layout that the step takes."""
        return samples

    def step(self, real, latent=None, mix=None):
        """Takes a step; returns the discriminator's loss, its penalty and the generator's loss.

        The random numbers are drawn here where they are not given.
        """
        if latent is None:
            latent = torch.randn(len(real), self.generator.latent_size)
        if mix is None and self.penalty == "wgan_gp":
            mix = torch.rand(len(real))
        fake = self.generator(latent)

        loss, penalty = self.discriminator_loss(real, fake.detach(), mix)
        self.discriminator_optimizer.zero_grad()
        (loss if penalty is None else loss + penalty).backward()
        self.discriminator_optimizer.step()
        if self.has_spectral_norm:
            advance_spectral_norms(self.discriminator)

        generator_loss = self.generator_loss(real, fake)
        self.generator_optimizer.zero_grad()
        generator_loss.backward()
        self.generator_optimizer.step()
        return loss.item(), penalty and penalty.item(), generator_loss.item()

    def discriminator_loss(self, real, fake, mix):
        of_discriminator, _ = LOSSES[self.loss]
        if self.penalty == "r1_r2":
            real, fake = real.detach().requires_grad_(), fake.requires_grad_()
        of_real, of_fake = self.discriminator(real), self.discriminator(fake)
        loss = of_discriminator(of_real, of_fake).mean()
        if self.penalty == "r1_r2":
            # Mescheder et al. 2018, equations 9 and 10.
            both = squared_norm(of_real, real) + squared_norm(of_fake, fake)
            return loss, (GAMMA / 2 * both).mean()
        if self.penalty == "wgan_gp":
            return loss, wgan_gp(self.discriminator, real, fake, mix).mean()
        return loss, None

    def generator_loss(self, real, fake):
        _, of_generator = LOSSES[self.loss]

        def of_real():
            # The real samples' logits are a constant here.
            with torch.no_grad():
                return self.discriminator(real)

        return of_generator(self.discriminator(fake), of_real).mean()


class Best(Eager):
    """The same step, as fast as was found.

    - `channels_last` images and weights.
    - The discriminator is frozen in the generator's half, so that its weights get no gradients there.
    - Without batch normalisation, which would mix them, real and generated samples go through the discriminator
      together, and so do both penalties R1 and R2.
    - Spectral normalisation divides the weights once for all passes of a half.
    - Adam is PyTorch's fused one.

    What was tried beside this stands in benches/README.md.
    """

    adam = {"fused": True}

    def __init__(self, generator, discriminator, *arguments, **options):
        for network in (generator, discriminator):
            if any(parameter.dim() == 4 for parameter in network.parameters()):
                network.to(memory_format=torch.channels_last)
        super().__init__(generator, discriminator, *arguments, **options)
        self.is_coupled = any(
            isinstance(module, torch.nn.BatchNorm2d) for module in discriminator.modules()
        )

    def prepare(self, samples):
        if samples.dim() == 4:
            return samples.contiguous(memory_format=torch.channels_last)
        return samples

    def divided_once(self):
        return parametrize.cached() if self.has_spectral_norm else contextlib.nullcontext()

    def discriminator_loss(self, real, fake, mix):
        with self.divided_once():
            if self.is_coupled:
                return super().discriminator_loss(real, fake, mix)
            of_discriminator, _ = LOSSES[self.loss]
            both = torch.cat([real, fake])
            if self.penalty == "r1_r2":
                both.requires_grad_()
            logits = self.discriminator(both)
            loss = of_discriminator(*logits.chunk(2)).mean()
            if self.penalty == "r1_r2":
                return loss, GAMMA / 2 * squared_norm(logits, both).sum() / len(real)
            if self.penalty == "wgan_gp":
                return loss, wgan_gp(self.discriminator, real, fake, mix).mean()
            return loss, None

    def generator_loss(self, real, fake):
        self.discriminator.requires_grad_(False)
        with self.divided_once():
            loss = super().generator_loss(real, fake)
        self.discriminator.requires_grad_(True)
        return loss


FORMS = {"eager": Eager, "best": Best}
