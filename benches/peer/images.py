"""Trains a GAN of small images in PyTorch, and writes samples of it for our judge.

    python images.py --recipe rpgan --steps 4320 --seed 1 --images training.f32 --samples samples.f32

Files of images are float32 in [-1, 1], one image `[channels, side, side]` after the other. The suites `digits28`, `fashion` and
`faces` of `cargo run --example benchmark -- --python PYTHON` call it and score what it writes. The last line of output is a
JSON object.

- `dcgan`: what PyTorch's own tutorial does, on networks of the size of ours: batch normalisation in both, binary
  cross-entropy, Adam with 2e-4 and 0.5, no average of the weights.
- `rpgan`: relativistic pairing with R1 and R2 (gamma 1), a discriminator without normalisation, Adam with 1e-3, and the
  average of the generator's weights (decay 0.998).
- `ours`: the networks and the recipe of a file of our settings (--settings), conditioned on the classes of --labels where
  they have classes (uint32, one an image).
"""

import argparse
import json
import os
import time

import numpy
import torch

from average import Average
from networks import DcganDiscriminator, DcganGenerator
from ours import Ours
from training import FORMS

FILTERS, BATCH = 32, 64
EMA_DECAY = 0.998
SAMPLES, CHUNK = 10_000, 250


def batches(images, labels, generator):
    """Batches of images and their labels without end, each epoch in an order of its own."""
    while True:
        order = torch.randperm(len(images), generator=generator)
        for chunk in order.split(BATCH):
            if len(chunk) == BATCH:
                yield images[chunk], None if labels is None else labels[chunk]


class Fixed:
    """A recipe of `training.py`."""

    def __init__(self, channels, side, form, is_rpgan):
        self.generator = DcganGenerator(channels, side, FILTERS)
        discriminator = DcganDiscriminator(channels, side, FILTERS, normalized=not is_rpgan)
        loss, penalty = ("relativistic_paired", "r1_r2") if is_rpgan else ("non_saturating", None)
        rate = 1e-3 if is_rpgan else 2e-4
        self.trainer = FORMS[form](self.generator, discriminator, loss, penalty, rate)
        self.average = Average(self.generator) if is_rpgan else None

    def step(self, _step, images, _labels):
        self.trainer.step(self.trainer.prepare(images))
        if self.average:
            self.average.update(EMA_DECAY)

    def sampler(self):
        return self.average.sampler() if self.average else self.generator


@torch.no_grad()
def write_samples(generator, labels, path, seed):
    """Samples of labels as frequent as those of the images."""
    generator.eval()
    stream = torch.Generator().manual_seed(seed)
    conditions = [torch.randn(SAMPLES, generator.latent_size, generator=stream).split(CHUNK)]
    if labels is not None:
        drawn = labels[torch.randint(len(labels), [SAMPLES], generator=stream)]
        conditions.append(drawn.split(CHUNK))
    images = torch.cat([generator(*part) for part in zip(*conditions)])
    images.numpy().astype("<f4").tofile(path)
    generator.train()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipe", choices=["dcgan", "rpgan", "ours"], required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--images", required=True, help="file of the images to train on")
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--side", type=int, default=28, help="height and width of the images")
    parser.add_argument("--settings", help="file of our settings, for the recipe `ours`")
    parser.add_argument("--labels", help="file of the images' classes, for the recipe `ours`")
    parser.add_argument("--samples", required=True, help="file to write samples to")
    parser.add_argument("--quarter", help="file to write samples to after a quarter of the steps")
    parser.add_argument("--form", choices=FORMS, default="eager")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", 2)))
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    shape = (-1, arguments.channels, arguments.side, arguments.side)
    images = torch.from_numpy(numpy.fromfile(arguments.images, "<f4").reshape(shape))
    labels = arguments.labels and torch.from_numpy(numpy.fromfile(arguments.labels, "<u4").astype("int64"))
    if arguments.recipe == "ours":
        with open(arguments.settings) as file:
            run = Ours(json.load(file), arguments.steps)
    else:
        run = Fixed(arguments.channels, arguments.side, arguments.form, arguments.recipe == "rpgan")

    source = batches(images, labels, torch.Generator().manual_seed(arguments.seed))
    start, besides = time.perf_counter(), 0.0
    for step in range(arguments.steps):
        run.step(step, *next(source))
        if arguments.quarter and step + 1 == arguments.steps // 4:
            before = time.perf_counter()
            write_samples(run.sampler(), labels, arguments.quarter, arguments.seed)
            besides = time.perf_counter() - before
    seconds = time.perf_counter() - start - besides
    write_samples(run.sampler(), labels, arguments.samples, arguments.seed)
    print(json.dumps({"seconds": seconds, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
