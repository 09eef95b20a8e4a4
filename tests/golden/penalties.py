"""Reference values of the gradient penalties by PyTorch's double backward.

Writes penalties.json (names, shapes, penalty values) and penalties.bin (the numbers, little-endian single
precision) beside this script. Run it from anywhere with PyTorch installed (`pip install torch`):

    python3 tests/golden/penalties.py

For each critic: its weights, the points, and for each penalty the mean cost over the samples and that mean's
gradient in every parameter, through `torch.autograd.grad(.., create_graph=True)`. Weights and inputs are numbers
that single precision holds; everything after them is computed in double precision. The Rust code has no second
derivative at all (docs of `burn_gan::penalty`): the two share no step. Layouts are PyTorch's own.

Where a derivative jumps (a leaky ReLU at 0, a one-sided penalty at a norm of 1), single and double precision could
land on different sides. The script takes the first seed for which nothing comes near a jump, and the last layer
is scaled so that gradient norms lie on both sides of 1.
"""

import json
import random
import struct
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

BATCH = 4
SLOPE = 0.2
GAMMA = 10.0
WEIGHT = 10.0
# How near to a jump a leaky ReLU's input and a gradient norm may come. Central differences over 3e-4 to either side
# must not cross a kink: that would throw their gradient off by something of the order of the inverse of the step.
NEAR_KINK = 2e-4
NEAR_ONE = 1e-2


def single(tensor):
    """The nearest numbers that single precision holds."""
    return tensor.float().double()


class Draw:
    """Random tensors from Python's own generator, whose sequence does not change between releases."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def normal(self, shape, scale=1.0, centre=0.0):
        size = torch.Size(shape).numel()
        values = [self.random.gauss(centre, scale) for _ in range(size)]
        return single(torch.tensor(values).reshape(shape))

    def uniform(self, shape):
        size = torch.Size(shape).numel()
        return single(torch.tensor([self.random.random() for _ in range(size)]).reshape(shape))


class Kinks:
    """Leaky ReLU that remembers how near to 0 its inputs came."""

    def __init__(self):
        self.nearest = float("inf")

    def remember(self, x):
        self.nearest = min(self.nearest, x.detach().abs().min().item())

    def leaky_relu(self, x):
        self.remember(x)
        return F.leaky_relu(x, SLOPE)


def weight(draw, shape):
    """He initialisation for a leaky ReLU: the fan-in is everything but the first axis."""
    fan_in = torch.Size(shape[1:]).numel()
    return draw.normal(shape, (2 / (1 + SLOPE**2) / fan_in) ** 0.5)


# A critic is a function from a source of numbers to its named parameters, and a function (parameters, samples,
# kinks) to logits [N]. `last` names the weights that the logits are linear in, but for a bias. A critic under conditions
# has `labels` [N] as well; `step` is the step of central differences where it is not that of the others.


class Mlp:
    """Linear 2 -> 16 -> 16 -> 1, leaky ReLU between."""

    name = "mlp"
    sample = [2]
    last = ["2.weight"]

    @staticmethod
    def parameters(draw):
        sizes = [2, 16, 16, 1]
        found = {}
        for layer, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            found[f"{layer}.weight"] = weight(draw, [outputs, inputs])
            found[f"{layer}.bias"] = draw.normal([outputs], 0.3)
        return found

    @staticmethod
    def logits(p, x, kinks):
        x = kinks.leaky_relu(F.linear(x, p["0.weight"], p["0.bias"]))
        x = kinks.leaky_relu(F.linear(x, p["1.weight"], p["1.bias"]))
        return F.linear(x, p["2.weight"], p["2.bias"]).squeeze(1)


class Convolutional:
    """A DCGAN discriminator without normalisation: 1x16x16, 8 filters, three halvings to 2x2."""

    name = "convolutional"
    sample = [1, 16, 16]
    last = ["head.weight"]

    @staticmethod
    def parameters(draw):
        channels = [1, 8, 16, 32]
        found = {}
        for layer, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
            found[f"{layer}.weight"] = weight(draw, [outputs, inputs, 4, 4])
            found[f"{layer}.bias"] = draw.normal([outputs], 0.1)
        found["head.weight"] = weight(draw, [1, 32, 2, 2])
        found["head.bias"] = draw.normal([1], 0.1)
        return found

    @staticmethod
    def logits(p, x, kinks):
        for layer in range(3):
            x = F.conv2d(x, p[f"{layer}.weight"], p[f"{layer}.bias"], stride=2, padding=1)
            x = kinks.leaky_relu(x)
        return F.conv2d(x, p["head.weight"], p["head.bias"]).flatten()


class Normalized:
    """Group normalisation and a SiLU: slopes that move with every weight before them. 2x8x8."""

    name = "normalized"
    sample = [2, 8, 8]
    last = ["head.weight"]

    @staticmethod
    def parameters(draw):
        return {
            "first.weight": weight(draw, [8, 2, 3, 3]),
            "first.bias": draw.normal([8], 0.3),
            "first_norm.weight": draw.normal([8], 0.3, 1.0),
            "first_norm.bias": draw.normal([8], 0.3),
            "second.weight": weight(draw, [8, 8, 4, 4]),
            "second.bias": draw.normal([8], 0.3),
            "second_norm.weight": draw.normal([8], 0.3, 1.0),
            "second_norm.bias": draw.normal([8], 0.3),
            "head.weight": weight(draw, [1, 8, 4, 4]),
            "head.bias": draw.normal([1], 0.3),
        }

    @staticmethod
    def logits(p, x, kinks):
        x = F.conv2d(x, p["first.weight"], p["first.bias"], padding=1)
        x = F.silu(F.group_norm(x, 2, p["first_norm.weight"], p["first_norm.bias"], 1e-5))
        x = F.conv2d(x, p["second.weight"], p["second.bias"], stride=2, padding=1)
        x = F.group_norm(x, 2, p["second_norm.weight"], p["second_norm.bias"], 1e-5)
        return F.conv2d(kinks.leaky_relu(x), p["head.weight"], p["head.bias"]).flatten()


class Residual:
    """A small R3GAN discriminator (Huang et al. 2024): 1x8x8, halved to 4x4 and 2x2 with 4, 8 and 8 channels, one
    block a stage, twice as wide inside, groups of 4 channels. Halving is the mean of every 2x2 block."""

    name = "residual"
    sample = [1, 8, 8]
    last = ["linear.weight"]
    filters = [4, 8, 8]
    group_width = 4

    @staticmethod
    def parameters(draw):
        filters, group_width = Residual.filters, Residual.group_width
        found = {"first.weight": weight(draw, [filters[0], 1, 1, 1])}
        for stage, width in enumerate(filters):
            wide = 2 * width
            found[f"{stage}.first.weight"] = weight(draw, [wide, width, 1, 1])
            found[f"{stage}.first.bias"] = draw.normal([wide], 0.3)
            found[f"{stage}.second.weight"] = weight(draw, [wide, group_width, 3, 3])
            found[f"{stage}.second.bias"] = draw.normal([wide], 0.3)
            # It starts at 0 in training; here it counts.
            found[f"{stage}.third.weight"] = weight(draw, [width, wide, 1, 1])
            if stage + 1 < len(filters) and filters[stage + 1] != width:
                shape = [filters[stage + 1], width, 1, 1]
                found[f"{stage}.transition.weight"] = weight(draw, shape)
        found["basis.weight"] = weight(draw, [filters[-1], 1, 2, 2])
        found["linear.weight"] = weight(draw, [1, filters[-1]])
        return found

    @staticmethod
    def logits(p, x, kinks):
        last = len(Residual.filters) - 1
        x = F.conv2d(x, p["first.weight"])
        for stage, width in enumerate(Residual.filters):
            groups = 2 * width // Residual.group_width
            y = F.conv2d(x, p[f"{stage}.first.weight"]) + p[f"{stage}.first.bias"].view(1, -1, 1, 1)
            y = kinks.leaky_relu(y)
            y = F.conv2d(y, p[f"{stage}.second.weight"], padding=1, groups=groups)
            y = kinks.leaky_relu(y + p[f"{stage}.second.bias"].view(1, -1, 1, 1))
            x = x + F.conv2d(y, p[f"{stage}.third.weight"])
            if stage < last:
                x = F.avg_pool2d(x, 2)
                if f"{stage}.transition.weight" in p:
                    x = F.conv2d(x, p[f"{stage}.transition.weight"])
        x = F.conv2d(x, p["basis.weight"], groups=Residual.filters[-1]).flatten(1)
        return F.linear(x, p["linear.weight"]).squeeze(1)


def squared_norm(gradient):
    return gradient.flatten(1).square().sum(1)


def norm(gradient):
    return squared_norm(gradient).sqrt()


# Each penalty: at which points, and what a gradient there costs, [N].
PENALTIES = {
    # Mescheder et al. 2018, equations 9 and 10.
    "r1": ("real", lambda g: GAMMA / 2 * squared_norm(g)),
    "r2": ("fake", lambda g: GAMMA / 2 * squared_norm(g)),
    # Gulrajani et al. 2017, equation 3, and its one-sided form.
    "wasserstein_gp": ("mixed", lambda g: WEIGHT * (norm(g) - 1).square()),
    "one_sided_gp": ("mixed", lambda g: WEIGHT * (norm(g) - 1).clamp(min=0).square()),
    # Kodali et al. 2017, algorithm 1.
    "dragan": ("perturbed", lambda g: WEIGHT * (norm(g) - 1).square()),
}


def draw_points(draw, sample):
    real = draw.normal([BATCH] + sample)
    fake = draw.normal([BATCH] + sample, 0.7, 0.2)
    ones = [1] * len(sample)
    # One mixing weight a sample.
    mix = draw.uniform([BATCH] + ones)
    near = draw.uniform([BATCH] + ones)
    spread = 0.5 * real.std(correction=0)
    return {
        "real": real,
        "fake": fake,
        "mix": mix.flatten(),
        "mixed": single(mix * real + (1 - mix) * fake),
        "perturbed": single(real + spread * near * draw.uniform([BATCH] + sample)),
    }


def input_gradient(critic, parameters, points, kinks, create_graph=False):
    points = points.clone().requires_grad_()
    logits = critic.logits(parameters, points, kinks)
    assert logits.shape == (BATCH,)
    return torch.autograd.grad(logits.sum(), points, create_graph=create_graph)[0]


def case(critic, seed, names):
    """All of a critic's numbers with the penalties of these names, or None where something comes near a jump."""
    draw = Draw(seed)
    parameters = critic.parameters(draw)
    points = draw_points(draw, critic.sample)
    kinks = Kinks()
    # A gradient is linear in the last weights: its norms at the mixed points get 1 into their middle.
    norms = norm(input_gradient(critic, parameters, points["mixed"], kinks)).sort().values
    middle = (norms[BATCH // 2 - 1] * norms[BATCH // 2]).sqrt()
    for name in critic.last:
        parameters[name] = single(parameters[name] / middle)

    for value in parameters.values():
        value.requires_grad_()
    penalties = {}
    for name in names:
        where, cost = PENALTIES[name]
        gradient = input_gradient(critic, parameters, points[where], kinks, create_graph=True)
        if (norm(gradient.detach()) - 1).abs().min() < NEAR_ONE:
            return None
        mean = cost(gradient).mean()
        gradients = torch.autograd.grad(mean, list(parameters.values()), allow_unused=True)
        penalties[name] = {
            "points": where,
            "value": mean.item(),
            # None stands for a parameter that the penalty does not depend on.
            "gradients": {
                parameter: torch.zeros_like(value) if found is None else found
                for (parameter, value), found in zip(parameters.items(), gradients)
            },
        }
    if kinks.nearest < getattr(critic, "step", NEAR_KINK):
        return None
    return {
        "seed": seed,
        **{key: getattr(critic, key) for key in ["labels", "step"] if hasattr(critic, key)},
        "parameters": {name: value.detach() for name, value in parameters.items()},
        "inputs": points,
        "penalties": penalties,
    }


def pack(tree, numbers):
    """Moves every tensor of a tree into `numbers` and leaves its shape and offset there."""
    if isinstance(tree, torch.Tensor):
        reference = {"shape": list(tree.shape), "offset": len(numbers)}
        numbers.extend(tree.flatten().tolist())
        return reference
    if isinstance(tree, dict):
        return {key: pack(value, numbers) for key, value in tree.items()}
    return tree


def write(file, critics, names):
    """Writes FILE.json and FILE.bin: each critic with the penalties of these names."""
    numbers = []
    found = {}
    for critic in critics:
        for seed in range(1000):
            numbers_of = case(critic, seed, names)
            if numbers_of is not None:
                break
        else:
            raise SystemExit(f"no seed keeps {critic.name} away from its kinks")
        found[critic.name] = pack(numbers_of, numbers)
    here = Path(__file__).parent
    (here / f"{file}.bin").write_bytes(struct.pack(f"<{len(numbers)}f", *numbers))
    (here / f"{file}.json").write_text(json.dumps(found, indent=1) + "\n")
    for name, numbers_of in found.items():
        values = {p: round(v["value"], 4) for p, v in numbers_of["penalties"].items()}
        print(name, "seed", numbers_of["seed"], values)


CRITICS = [Mlp, Convolutional, Normalized, Residual]

if __name__ == "__main__":
    write("penalties", CRITICS, list(PENALTIES))
