"""Golden values of the adversarial losses, written to losses.json beside this script.

Run it with plain Python 3, no packages needed, from anywhere:

    python3 tests/golden/losses.py

Every formula is written as its paper has it: in probabilities, with the sigmoid and the logarithm spelt
out, nothing rearranged for stability. That would overflow or take log(0) in floating point, so the
arithmetic is decimal with 100 digits, and rounded to double precision only at the end. The Rust code has
the same losses in logits and stable forms, in single precision: the two share no step.

The logits are multiples of 1/8, so that single precision holds them, their differences and their means
(over 4 or 8 samples) exactly, and what is compared is the formula alone.
"""

import json
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 100

LOGITS = {
    # What training looks like: some right, some wrong, one exactly undecided.
    "mixed": (
        [0.0, 0.5, -1.25, 2.0, 3.5, -0.125, 1.0, -2.75],
        [0.0, -0.5, 1.25, -2.0, 0.75, -3.5, 0.125, 2.5],
    ),
    # A discriminator at equilibrium.
    "undecided": ([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]),
    # A confident discriminator that is right, and one that is wrong.
    "right": ([8.0, 12.5, 20.0, 40.0], [-8.0, -12.5, -20.0, -40.0]),
    "wrong": ([-8.0, -12.5, -20.0, -40.0], [8.0, 12.5, 20.0, 40.0]),
    # The corners of the hinge.
    "corners": ([1.0, 0.875, 1.125, -1.0], [-1.0, -0.875, -1.125, 1.0]),
}


def log(x):
    return x.ln()


def sigmoid(x):
    return 1 / (1 + (-x).exp())


def mean(values):
    return sum(values) / len(values)


# Goodfellow et al. 2014, equation 1: the discriminator maximises log D(x) + log(1 - D(G(z))). A label a
# below 1 (Salimans et al. 2016, section 3.4) makes the first term the cross-entropy against (a, 1 - a).
def cross_entropy_discriminator(real, fake, label):
    return [
        -(label * log(sigmoid(r)) + (1 - label) * log(1 - sigmoid(r))) - log(1 - sigmoid(f))
        for r, f in zip(real, fake)
    ]


# Goodfellow et al. 2014, equation 1: the generator minimises log(1 - D(G(z))).
def minimax_generator(real, fake):
    return [log(1 - sigmoid(f)) for f in fake]


# Goodfellow et al. 2014, section 3: the generator maximises log D(G(z)).
def non_saturating_generator(real, fake):
    return [-log(sigmoid(f)) for f in fake]


# Mao et al. 2017, equation 9; a smoothed label takes the place of the discriminator's b = 1.
def least_squares_discriminator(real, fake, label):
    return [(r - label) ** 2 / 2 + f**2 / 2 for r, f in zip(real, fake)]


def least_squares_generator(real, fake):
    return [(f - 1) ** 2 / 2 for f in fake]


# Miyato et al. 2018, equations 16 and 17, negated: they maximise min(0, -1 + D(x)) + min(0, -1 - D(G(z))).
def hinge_discriminator(real, fake):
    zero = Decimal(0)
    return [-min(zero, -1 + r) - min(zero, -1 - f) for r, f in zip(real, fake)]


def hinge_generator(real, fake):
    return [-f for f in fake]


# Arjovsky et al. 2017, equation 2: the critic maximises f(x) - f(g(z)), the generator maximises f(g(z)).
def wasserstein_discriminator(real, fake):
    return [-(r - f) for r, f in zip(real, fake)]


def wasserstein_generator(real, fake):
    return [-f for f in fake]


# Jolicoeur-Martineau 2019, section 4 (relativistic standard GAN, now called paired): -log sigmoid(C(x_r) - C(x_f)).
def relativistic_paired_discriminator(real, fake):
    return [-log(sigmoid(r - f)) for r, f in zip(real, fake)]


def relativistic_paired_generator(real, fake):
    return [-log(sigmoid(f - r)) for r, f in zip(real, fake)]


# Jolicoeur-Martineau 2019, section 4 (relativistic average standard GAN).
def relativistic_average_discriminator(real, fake):
    return [
        -log(sigmoid(r - mean(fake))) - log(1 - sigmoid(f - mean(real)))
        for r, f in zip(real, fake)
    ]


def relativistic_average_generator(real, fake):
    return [
        -log(sigmoid(f - mean(real))) - log(1 - sigmoid(r - mean(fake)))
        for r, f in zip(real, fake)
    ]


LABELLED = {
    "Minimax": (cross_entropy_discriminator, minimax_generator),
    "NonSaturating": (cross_entropy_discriminator, non_saturating_generator),
    "LeastSquares": (least_squares_discriminator, least_squares_generator),
}
UNLABELLED = {
    "Hinge": (hinge_discriminator, hinge_generator),
    "Wasserstein": (wasserstein_discriminator, wasserstein_generator),
    "RelativisticPaired": (relativistic_paired_discriminator, relativistic_paired_generator),
    "RelativisticAverage": (relativistic_average_discriminator, relativistic_average_generator),
}


def cases():
    for logits, (real, fake) in LOGITS.items():
        real, fake = [Decimal(x) for x in real], [Decimal(x) for x in fake]
        losses = [
            (name, label, discriminator(real, fake, Decimal(label)), generator(real, fake))
            for name, (discriminator, generator) in LABELLED.items()
            for label in ("1", "0.9")
        ] + [
            (name, "1", discriminator(real, fake), generator(real, fake))
            for name, (discriminator, generator) in UNLABELLED.items()
        ]
        for name, label, discriminator, generator in losses:
            yield {
                "loss": name,
                "real_label": float(label),
                "logits": logits,
                "real": [float(x) for x in real],
                "fake": [float(x) for x in fake],
                "discriminator": [float(x) for x in discriminator],
                "generator": [float(x) for x in generator],
            }


if __name__ == "__main__":
    # One case a line, so that a change shows as the lines that changed.
    lines = ",\n".join(json.dumps(case) for case in cases())
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
