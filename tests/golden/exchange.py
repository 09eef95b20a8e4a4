"""Every network beside PyTorch's, both ways, and ONNX files in ONNX Runtime.

    python3 -m venv exchange-env && exchange-env/bin/pip install torch numpy safetensors onnx onnxruntime
    cargo test --test it exchange::write_for_pytorch -- --ignored
    exchange-env/bin/python tests/golden/exchange.py

The test writes into `out/exchange` a safetensors file for each network, with weights of burn-gan, some inputs and its
outputs, and an ONNX file for each generator. This script

- loads those weights into the PyTorch modules of `examples/pytorch` and compares their outputs with burn-gan's,
- runs the ONNX files in ONNX Runtime, with the batch of the file and with a batch of one,
- draws other weights for the same modules in PyTorch, trains their running statistics and singular vectors a little, and
  writes weights, inputs and PyTorch's outputs to `tests/golden/exchange`, which `tests/it/exchange.rs` reads,
- writes there the DCGAN of pytorch/examples (https://github.com/pytorch/examples, dcgan/main.py) at 64x64 pixels with few
  channels, under its own names, as safetensors and as torch.save writes it.

A difference is the largest one over the largest magnitude of the expected tensor, at least 1. It fails above 1e-5.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, safe_open, save_file
from torch import nn

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "examples" / "pytorch"))
from burn_gan_networks import load_generator, network  # noqa: E402

torch.set_num_threads(1)

TOLERANCE = 1e-5
ORDER = ["latent", "samples", "source", "labels"]


def below(tensors, name):
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def run(module, inputs):
    """Generators take (latent, source or labels), others (samples, source or labels)."""
    with torch.no_grad():
        outputs = module(*(inputs[name] for name in ORDER if name in inputs))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return torch.cat([output.flatten() for output in outputs])


def difference(actual, expected):
    assert expected.abs().max() > 0.05, "weights that hardly count"
    return ((actual - expected).abs().max() / max(expected.abs().max().item(), 1.0)).item()


def in_onnx_runtime(path, inputs, expected):
    """The larger difference of the whole batch and of its first sample alone."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    samples = next(iter(inputs.values())).shape[0]
    worst = 0.0
    for batch in (samples, 1):
        feed = {name: inputs[name][:batch].numpy() for name in names}
        (output,) = session.run(None, feed)
        part = expected.view(samples, -1)[:batch]
        assert list(output.shape) == [batch, *session.get_outputs()[0].shape[1:]], output.shape
        worst = max(worst, difference(torch.from_numpy(output).flatten(), part.flatten()))
    return worst


def shaken(module):
    """Weights, running statistics and singular vectors that all count."""
    for name, parameter in module.named_parameters():
        if parameter.min() == parameter.max():  # zeros and ones, as scales and shifts begin with
            parameter.data += 0.3 * torch.randn_like(parameter)
        elif parameter.dim() > 1:
            parameter.data *= 1.5
    return module


def made_here(case, inputs):
    module = shaken(network(case["part"], case["config"]))
    module.train()
    # Singular vectors are to converge: those of embeddings have to.
    spectral = any("_u" in name for name in module.state_dict())
    for _ in range(300 if spectral else 10):
        run(module, {name: value if name == "labels" else torch.randn_like(value) for name, value in inputs.items()})
    module.eval()
    tensors = {f"weights.{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"inputs.{name}": value for name, value in inputs.items()}
    return tensors | {"outputs": run(module, inputs)}


# The networks of pytorch/examples' DCGAN, layer by layer.


def example_generator(nz, ngf, nc):
    layers, widths = [], [8 * ngf, 4 * ngf, 2 * ngf, ngf]
    layers += [nn.ConvTranspose2d(nz, widths[0], 4, 1, 0, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(True)]
    for before, after in zip(widths, widths[1:]):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh())


def example_discriminator(ndf, nc):
    widths = [ndf, 2 * ndf, 4 * ndf, 8 * ndf]
    layers = [nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in zip(widths, widths[1:]):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    # Without its sigmoid: a discriminator of burn-gan gives logits.
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=False))


class Main(nn.Module):
    def __init__(self, main):
        super().__init__()
        self.main = main

    def forward(self, x):
        return self.main(x)


def write_example():
    torch.manual_seed(64)
    for name, main, given in (
        ("generator", example_generator(6, 1, 3), torch.randn(2, 6, 1, 1)),
        ("discriminator", example_discriminator(1, 3), torch.randn(2, 3, 64, 64)),
    ):
        module = Main(main)
        for part in module.modules():  # as the example initialises them
            if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(part.weight, 0.0, 0.2)
            elif isinstance(part, nn.BatchNorm2d):
                nn.init.normal_(part.weight, 1.0, 0.02)
        module.train()
        for _ in range(5):
            module(torch.randn(8, *given.shape[1:]))
        state = module.eval().state_dict()
        with torch.no_grad():
            outputs = module(given).flatten()
        inputs = given.flatten(1) if name == "generator" else given
        path = HERE / "exchange" / f"pytorch-examples-{name}"
        save_file({**state, "inputs": inputs.contiguous(), "outputs": outputs}, f"{path}.safetensors")
        if name == "discriminator":
            torch.save(state, f"{path}.pth")
            torch.save({"epoch": 3, "model": state}, f"{path}-checkpoint.pth")


def coded(folder):
    """A generator with codes, as the example `export` writes it."""
    numbers = load_file(folder / "coded-samples.safetensors")
    inputs = {"latent": numbers["latent"]}
    generator = load_generator(folder / "coded.safetensors")
    error = difference(run(generator, inputs), numbers["samples"].flatten())
    in_runtime = in_onnx_runtime(folder / "coded.onnx", inputs, numbers["samples"].flatten())
    print(f"{'mlp-generator-with-codes':44}  {error:20.1e}{in_runtime:20.1e}")
    assert max(error, in_runtime) <= TOLERANCE


def main():
    folder = HERE / "exchange"
    folder.mkdir(exist_ok=True)
    worst, failed = {}, []
    print("network                                       burn-gan in PyTorch   in ONNX Runtime")
    for path in sorted((ROOT / "out" / "exchange").glob("*.safetensors")):
        if path.stem.startswith("coded"):
            continue
        tensors = load_file(path)
        with safe_open(path, framework="pt") as file:
            case = json.loads(file.metadata()["case"])
        inputs = below(tensors, "inputs")
        module = network(case["part"], case["config"])
        module.load_state_dict(below(tensors, "weights"))
        errors = [difference(run(module.eval(), inputs), tensors["outputs"])]
        exported = path.with_suffix(".onnx")
        if exported.exists():
            errors.append(in_onnx_runtime(exported, inputs, tensors["outputs"]))
        print(f"{path.stem:44}  " + "".join(f"{error:20.1e}" for error in errors))
        for kind, error in zip(("PyTorch", "ONNX Runtime"), errors):
            worst[kind] = max(worst.get(kind, 0.0), error)
            if not error <= TOLERANCE:
                failed.append(f"{path.stem} in {kind}: {error:.1e}")
        torch.manual_seed(len(path.stem))
        made = {name: value.contiguous().clone() for name, value in made_here(case, inputs).items()}
        save_file(made, folder / path.name, metadata={"case": json.dumps(case)})
    write_example()
    coded(ROOT / "out" / "exchange")
    print(f"worst: {worst}")
    sys.exit("\n".join(failed) or None)


main()
