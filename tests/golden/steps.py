"""Reference values of whole training steps: what PyTorch makes of the same weights, latents and real samples.

Writes steps.json (names, shapes, losses) and steps.bin (the numbers, little-endian single precision) beside this
script. Run it from anywhere with PyTorch installed (`pip install torch`):

    python3 tests/golden/steps.py

The networks and the step are those that benches/compare.sh measures (benches/peer/networks.py, training.py) in small
sizes, so that what is compared there is shown to be the same work. For each case: the weights and the batch before the
first step, numbers that single precision holds, and three steps' losses, computed in double precision. Both forms of the
step, `eager` and `best`, must agree, or nothing is written.

The latents and the mixing weights of WGAN-GP are what burn_gan's trainer draws with seed 0; they are read from
steps_draws.json, which is written by

    cargo test --test it steps_reference::write_draws -- --ignored

The learning rate is ten times that of training, so that a step moves the losses by far more than the tolerance of the
comparison, 1e-4. Weights are larger than they start in training and nothing starts at 0, for the same reason.
"""

import json
import struct
import sys
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "benches" / "peer"))

from networks import (  # noqa: E402
    DcganDiscriminator,
    DcganGenerator,
    Mlp,
    R3gan,
    ResnetDiscriminator,
    ResnetGenerator,
    spectral_norms,
)
from penalties import Draw, single  # noqa: E402
from training import FORMS  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

BATCH, STEPS, LATENT, LEARNING_RATE = 4, 3, 8, 2e-3


def dcgan(side, normalized):
    return (
        DcganGenerator(1, side, 4, LATENT, normalized=normalized),
        DcganDiscriminator(1, side, 4, normalized=normalized),
    )


def r3gan():
    size = R3gan(1, 8, filters=4, max_filters=8, group_width=4, latent_size=LATENT)
    return size.generator(), size.discriminator()


# Each case: networks, loss, penalty, the shape of a sample.
CASES = {
    "ring": (
        lambda: (Mlp([2, 16, 16, 2], False), Mlp([2, 16, 16, 1], True)),
        "non_saturating",
        None,
        [2],
    ),
    "dcgan": (lambda: dcgan(16, True), "non_saturating", None, [1, 16, 16]),
    # Not a power of two: the head reads 7x7.
    "dcgan_plain": (lambda: dcgan(28, False), "non_saturating", None, [1, 28, 28]),
    "dcgan_wgan_gp": (lambda: dcgan(16, False), "non_saturating", "wgan_gp", [1, 16, 16]),
    "dcgan_r1_r2": (lambda: dcgan(16, False), "relativistic_paired", "r1_r2", [1, 16, 16]),
    "r3gan_r1_r2": (r3gan, "relativistic_paired", "r1_r2", [1, 8, 8]),
    "resnet": (
        lambda: (ResnetGenerator(3, 16, 4, LATENT), ResnetDiscriminator(3, 16, 4)),
        "hinge",
        None,
        [3, 16, 16],
    ),
}


@torch.no_grad()
def fill(network, draw):
    """Draws all weights; a direction of spectral normalisation is still far from the singular vector, so that the
    losses depend on when it moves."""
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            fan_in = parameter[0].numel()
            parameter.copy_(draw.normal(parameter.shape, (2 / fan_in) ** 0.5))
        else:
            is_scale = "norm" in name and name.endswith("weight")
            parameter.copy_(draw.normal(parameter.shape, 0.2, float(is_scale)))
    for norm, weight in spectral_norms(network):
        direction = draw.normal(norm.direction.shape)
        norm.direction.copy_(direction / direction.norm())
        norm.advance(weight, 2)
        norm.direction.copy_(single(norm.direction))
        # Ours takes the larger of |W^T u| and this bound, which is the same for a single row.
        matrix = weight.flatten(1)
        bound = matrix.norm() / min(matrix.shape) ** 0.5
        assert min(matrix.shape) == 1 or (matrix.T @ norm.direction).norm() > 1.01 * bound


def layout(name, module):
    """How burn_gan stores the weights of a layer."""
    if isinstance(module, nn.ConvTranspose2d):
        return {"layout": "stem"} if name == "stem" else {"layout": "transposed", "stride": 2}
    if isinstance(module, nn.Conv2d) and name in ("head", "basis"):
        return {"layout": name}
    if isinstance(module, nn.Conv2d):
        return {"layout": "convolution", "stride": module.stride[0], "groups": module.groups}
    if isinstance(module, nn.Linear):
        return {"layout": "linear"}
    return {"layout": "vector"}


def weights(network):
    """Every parameter under its path in burn_gan, and the directions of spectral normalisation."""
    found = {}
    for name, module in network.named_modules():
        if "parametrizations" in name:
            continue
        prefix = f"{name}." if name else ""
        for parameter, value in module.named_parameters(recurse=False):
            entry = layout(name, module)
            path = prefix + parameter
            if isinstance(module, nn.BatchNorm2d):
                path = prefix + {"weight": "gamma", "bias": "beta"}[parameter]
            elif parameter == "basis":
                entry = {"layout": "image"}
            elif name == "basis":
                path = name
            elif parameter == "bias":
                entry = {"layout": "vector"}
            found[path] = {**entry, "values": value.detach().clone()}
        if hasattr(module, "parametrizations"):
            norm, original = module.parametrizations.weight[0], module.parametrizations.weight.original
            path = f"{prefix}weight"
            found[path] = {**layout(name, module), "values": original.detach().clone()}
            direction = {"layout": "vector", "values": norm.direction.clone()}
            found[f"{path}.spectral_norm.right"] = direction
    return found


def case(form, build, loss, penalty, sample, draws):
    draw = Draw(1)
    generator, discriminator = build()
    fill(generator, draw)
    fill(discriminator, draw)
    real = single(draw.normal([BATCH] + sample).tanh())
    before = {"generator": weights(generator), "discriminator": weights(discriminator)}
    training = FORMS[form](generator, discriminator, loss, penalty, LEARNING_RATE)
    losses = []
    for drawn in draws:
        count = BATCH * generator.latent_size
        latent = torch.tensor(drawn["latent"][:count]).reshape(BATCH, -1)
        losses.append(training.step(training.prepare(real), latent, torch.tensor(drawn["mix"])))
    return {**before, "real": {"values": real}, "losses": losses}


def pack(tree, numbers):
    """Moves every tensor of a tree into `numbers` and leaves its shape and offset there."""
    if isinstance(tree, dict) and "values" in tree:
        tensor = tree.pop("values")
        found = {**tree, "shape": list(tensor.shape), "offset": len(numbers)}
        numbers.extend(tensor.flatten().tolist())
        return found
    if isinstance(tree, dict):
        return {key: pack(value, numbers) for key, value in tree.items()}
    return tree


def main():
    draws = json.loads((HERE / "steps_draws.json").read_text())
    numbers = []
    found = {}
    for name, settings in CASES.items():
        eager, best = (case(form, *settings, draws) for form in ("eager", "best"))
        for one, other in zip(eager["losses"], best["losses"]):
            for left, right in zip(one, other):
                assert abs((left or 0.0) - (right or 0.0)) < 1e-9, (name, one, other)
        print(name, *(tuple(loss and round(loss, 4) for loss in step) for step in eager["losses"]))
        found[name] = pack(eager, numbers)
    (HERE / "steps.bin").write_bytes(struct.pack(f"<{len(numbers)}f", *numbers))
    (HERE / "steps.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
