"""Reference features of pytorch-fid's Inception network, and small weights files for the tests of the loader.

    python3 -m venv inception-env && inception-env/bin/pip install torch torchvision pytorch-fid
    inception-env/bin/python tests/golden/inception.py [folder]

Writes into the folder (by default `out/inception` of this repository, which git ignores, 90 MB):

- random-inception.pth: a state dict of pytorch-fid's network with random weights, from a fixed seed,
- inception.json, images.bin, features.bin: images of several sizes (bytes, channels first) and the 2048 features that
  pytorch-fid's `InceptionV3` gives for them (little-endian single precision),
- exact.bin: the same network's features of images that were resized in double precision. PyTorch reckons the places
  between pixels in single precision, which moves the features by up to 4e-4.

And beside this script, small enough for git, gzipped weights files of the same names and shapes whose tensors all look
at a few shared numbers: complete, with one tensor missing, with one of a wrong shape, in half precision in the format
before PyTorch 1.6, and one tensor alone.

Nothing is downloaded: where pytorch-fid asks for its weights it is handed the random ones. The running statistics are
those of the images themselves, each then moved a little, so that activations keep their size through 48 layers and
still tell the images apart. The script prints by how much; a mistake in preprocessing has to be far larger than the
tolerance of the test.
"""

import gzip
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytorch_fid.inception
import torch
import torchvision
from torch.nn.functional import interpolate

HERE = Path(__file__).parent
SIZES = [(1, 28, 28), (3, 32, 32), (3, 64, 48), (3, 299, 299), (3, 320, 410)]


def plain_network():
    """The network whose names and shapes pytorch-fid's state dict has; only its pooling is another."""
    return torchvision.models.inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)


def pytorch_fid_network(state):
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: state
    return pytorch_fid.inception.InceptionV3([pytorch_fid.inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()


def made_images(random):
    """Bytes [C, H, W]: coarse random colours, smoothly blown up, with a little noise; both 0 and 255 occur."""
    for channels, height, width in SIZES:
        coarse = torch.tensor(random.uniform(-0.3, 1.3, (1, channels, 5, 4)), dtype=torch.float32)
        smooth = interpolate(coarse, (height, width), mode="bicubic")[0].numpy()
        noisy = smooth + random.normal(0.0, 0.08, smooth.shape)
        yield np.clip(np.round(255 * noisy), 0, 255).astype(np.uint8)


def as_input(image):
    """What pytorch-fid's own reader hands to the network: [1, 3, H, W] in [0, 1]."""
    tensor = torch.from_numpy(image).float() / 255
    return tensor.expand(3, -1, -1).unsqueeze(0)


def random_state(images, random):
    state = plain_network().state_dict()
    for name, tensor in state.items():
        if name.endswith("conv.weight"):
            # He et al. 2015.
            spread = (2 / tensor[0].numel()) ** 0.5
            state[name] = torch.tensor(random.normal(0, spread, tensor.shape), dtype=torch.float32)
        elif name.endswith("bn.weight"):
            state[name] = torch.tensor(random.uniform(0.6, 1.4, tensor.shape), dtype=torch.float32)
        elif name.endswith("bn.bias"):
            state[name] = torch.tensor(random.normal(0, 0.2, tensor.shape), dtype=torch.float32)
    # One pass in training mode leaves the batch's own statistics in the buffers.
    network = pytorch_fid_network(state).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    batch = torch.cat([resized(as_input(image)) for image in images])
    with torch.no_grad():
        network(batch)
    found = statistics(network)
    for name in state:
        if name.endswith("running_var"):
            factor = torch.tensor(random.uniform(0.7, 1.5, state[name].shape), dtype=torch.float32)
            state[name] = found[name] * factor + 0.01
        elif name.endswith("running_mean"):
            shift = torch.tensor(random.normal(0, 0.1, state[name].shape), dtype=torch.float32)
            state[name] = found[name] + shift
    return state


def statistics(network):
    """Running statistics by their name in the state dict; pytorch-fid's network numbers its layers instead."""
    names = [name for name, _ in plain_network().named_children() if name.startswith(("Conv2d", "Mixed"))]
    layers = [layer for block in network.blocks for layer in block if list(layer.parameters())]
    assert len(names) == len(layers)
    pairs = zip(names, layers)
    return {f"{name}.{inner}": buffer for name, layer in pairs for inner, buffer in layer.named_buffers()}


def resized(image, **how):
    return interpolate(image, (299, 299), mode="bilinear", **how)


def features(network, images):
    with torch.no_grad():
        return torch.stack([network(image)[0].flatten() for image in images]).numpy()


def write_reference(folder):
    random = np.random.default_rng(2015)
    images = list(made_images(random))
    state = random_state(images, random)
    network = pytorch_fid_network(state)
    inputs = [as_input(image) for image in images]
    expected = features(network, inputs)
    network.resize_input = False
    exact = features(network, [resized(image.double(), align_corners=False).float() for image in inputs])
    aligned = features(network, [resized(image, align_corners=True) for image in inputs])

    folder.mkdir(parents=True, exist_ok=True)
    # In the format before PyTorch 1.6, that of 2019, when pytorch-fid's file was made; the small files are in today's.
    torch.save(state, folder / "random-inception.pth", _use_new_zipfile_serialization=False)
    (folder / "images.bin").write_bytes(b"".join(image.tobytes() for image in images))
    (folder / "features.bin").write_bytes(expected.astype("<f4").tobytes())
    (folder / "exact.bin").write_bytes(exact.astype("<f4").tobytes())
    (folder / "inception.json").write_text(json.dumps({"shapes": [list(image.shape) for image in images]}) + "\n")

    scale = np.sqrt((expected**2).mean())
    print(f"features: root mean square {scale:.3f}, largest {expected.max():.3f}, zero {np.mean(expected == 0):.3f}")
    apart = min(np.abs(a - b).max() for i, a in enumerate(expected) for b in expected[:i])
    print(f"nearest two images differ by {apart:.3f}")
    for what, others in [("exact resizing", exact), ("aligned corners", aligned)]:
        changes = np.abs(others - expected).max(axis=1)
        print(what, "would change the features by", *[f"{change:.1e}" for change in changes])


def shared_state(dtype=torch.float32):
    """All names and shapes, each tensor one number repeated: a file of a few kilobytes."""
    reference = {
        name: tensor
        for name, tensor in plain_network().state_dict().items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    }
    numbers = torch.zeros(len(reference), dtype=dtype)
    state = {}
    for index, (name, tensor) in enumerate(reference.items()):
        if name.endswith("conv.weight"):
            # The mean of what it sees.
            numbers[index] = 1 / tensor[0].numel()
        elif name.endswith(("bn.weight", "running_var")):
            numbers[index] = 1.0
        elif name.endswith("bn.bias"):
            numbers[index] = 0.01
        state[name] = numbers[index].expand(tensor.shape)
    return state


def write_small(name, state, **how):
    buffer = io.BytesIO()
    torch.save(state, buffer, **how)
    path = HERE / f"inception-{name}.pth.gz"
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    print(f"{path.name}: {len(state)} tensors, {path.stat().st_size} bytes, {len(buffer.getvalue())} unpacked")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / "out" / "inception"
    state = shared_state()
    write_small("complete", state)
    write_small("half", shared_state(torch.float16), _use_new_zipfile_serialization=False)
    lacking = dict(state)
    del lacking["Mixed_7c.branch_pool.bn.running_mean"]
    write_small("lacking", lacking)
    turned = {"Mixed_6e.branch7x7_2.conv.weight": state["Mixed_6e.branch7x7_3.conv.weight"]}
    write_small("misshapen", state | turned)
    first = "Conv2d_1a_3x3.conv.weight"
    # With numbers of its own: PyTorch's checksums are over a tensor's memory, and read only with all of it.
    write_small("one-tensor", {first: state[first].clone()})
    write_reference(folder)


main()
