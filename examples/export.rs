//! Writes a generator that another example has trained for other libraries: PyTorch, ONNX Runtime.
//!
//! cargo run --example export -- --generator out/digits --to digits.safetensors

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn_gan::GanError;
use burn_gan::exchange::PortableGenerator;
use clap::Parser;
use common::saved::SavedArgs;
use serde_json::{Value, json};

/// Writes a generator as a safetensors file or an ONNX file, by the ending of its name.
///
/// A safetensors file has PyTorch's names and layouts; examples/pytorch loads it. The last line of output is a JSON object that
/// sums it up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// A generator's file, or the folder with generator.bpk that an example has written
    #[arg(long, value_name = "PATH", default_value = common::saved::GENERATOR, hide_default_value = true)]
    generator: PathBuf,

    /// File to write, with the ending .safetensors or .onnx
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| export(&arguments))
}

fn export(arguments: &Arguments) -> Result<Value, GanError> {
    let device = arguments.common.device()?;
    let path = SavedArgs::file(&arguments.generator);
    let generator = PortableGenerator::load(path, &device)?;
    match ending(&arguments.to) {
        "safetensors" => generator.write_safetensors(&arguments.to)?,
        "onnx" => generator.write_onnx(&arguments.to, &device)?,
        other => {
            return Err(GanError::user(format!(
                "--to {}: the ending is `{other}`; it must be `safetensors` or `onnx`",
                arguments.to.display()
            )));
        }
    }
    let values: usize = generator
        .state
        .tensors()
        .values()
        .map(|tensor| tensor.num_elements())
        .sum();
    Ok(json!({
        "file": arguments.to,
        "network": generator.config.name(),
        "tensors": generator.state.len(),
        "values": values,
    }))
}

fn ending(path: &Path) -> &str {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}
