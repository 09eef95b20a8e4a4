"""Trains a GAN of 28x28 digits in PyTorch, and writes samples of it for our judge.

    python digits.py --recipe rpgan --steps 4320 --seed 1 --images training.f32 --samples samples.f32

Both files are float32 in [-1, 1], images of 1x28x28 one after the other. `cargo run --example benchmark -- --suite
digits28 --python PYTHON` calls it and scores what it writes. The last line of output is a JSON object.

- `dcgan`: what PyTorch's own tutorial does, on networks of this size: batch normalisation in both, binary cross-entropy,
  Adam with 2e-4 and 0.5, no average of the weights.
- `rpgan`: relativistic pairing with R1 and R2 (gamma 1), a discriminator without normalisation, Adam with 1e-3, and the
  average of the generator's weights (decay 0.998).
"""

import argparse
import copy
import json
import time

import numpy
import torch

from networks import DcganDiscriminator, DcganGenerator
from training import FORMS

SIZE, FILTERS, BATCH = 28, 32, 64
EMA_DECAY = 0.998
SAMPLES, CHUNK = 10_000, 250


def batches(images, generator):
    """Batches of images without end, each epoch in an order of its own."""
    while True:
        order = torch.randperm(len(images), generator=generator)
        for chunk in order.split(BATCH):
            if len(chunk) == BATCH:
                yield images[chunk]


class Average:
    """The moving average of a generator's weights; the running statistics are its own at any time."""

    def __init__(self, generator):
        self.generator = generator
        self.average = copy.deepcopy(generator)

    @torch.no_grad()
    def update(self):
        pairs = zip(self.average.parameters(), self.generator.parameters())
        for average, live in pairs:
            average.lerp_(live, 1 - EMA_DECAY)

    def sampler(self):
        for average, live in zip(self.average.buffers(), self.generator.buffers()):
            average.copy_(live)
        return self.average


@torch.no_grad()
def write_samples(generator, path, seed):
    generator.eval()
    latent = torch.randn(SAMPLES, generator.latent_size, generator=torch.Generator().manual_seed(seed))
    images = torch.cat([generator(part) for part in latent.split(CHUNK)])
    images.numpy().astype("<f4").tofile(path)
    generator.train()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipe", choices=["dcgan", "rpgan"], required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--images", required=True, help="file of the images to train on")
    parser.add_argument("--samples", required=True, help="file to write samples to")
    parser.add_argument("--quarter", help="file to write samples to after a quarter of the steps")
    parser.add_argument("--form", choices=FORMS, default="eager")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    images = numpy.fromfile(arguments.images, "<f4").reshape(-1, 1, SIZE, SIZE)
    is_rpgan = arguments.recipe == "rpgan"
    generator = DcganGenerator(1, SIZE, FILTERS)
    discriminator = DcganDiscriminator(1, SIZE, FILTERS, normalized=not is_rpgan)
    loss, penalty = ("relativistic_paired", "r1_r2") if is_rpgan else ("non_saturating", None)
    rate = 1e-3 if is_rpgan else 2e-4
    trainer = FORMS[arguments.form](generator, discriminator, loss, penalty, rate)
    average = Average(generator) if is_rpgan else None
    sampler = lambda: average.sampler() if average else generator

    source = batches(torch.from_numpy(images), torch.Generator().manual_seed(arguments.seed))
    start, besides = time.perf_counter(), 0.0
    for step in range(1, arguments.steps + 1):
        trainer.step(trainer.prepare(next(source)))
        if average:
            average.update()
        if arguments.quarter and step == arguments.steps // 4:
            before = time.perf_counter()
            write_samples(sampler(), arguments.quarter, arguments.seed)
            besides = time.perf_counter() - before
    seconds = time.perf_counter() - start - besides
    write_samples(sampler(), arguments.samples, arguments.seed)
    print(json.dumps({"seconds": seconds, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
