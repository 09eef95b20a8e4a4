//! Takes a generator's weights from PyTorch and saves it for the other examples.
//!
//! cargo run --example import -- --from generator.safetensors

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn_gan::exchange::{PortableGenerator, Renaming, StateDict, read_safetensors};
use burn_gan::model::{
    DcganConfig, MlpConfig, R3ganConfig, ResnetConfig, TranslatorConfig, UnetConfig,
};
use burn_gan::{GanError, GeneratorConfig};
use clap::Parser;
use serde_json::{Map, Value, json};

/// Reads a generator's weights and writes generator.bpk into the folder import of the output folder.
///
/// A file that the example `export` has written says which network it is of; for others --network does. If the tensors are not
/// those of the network, all that is missing, unknown or of another shape is listed. The last line of output is a JSON object
/// that sums it up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// File to read: .safetensors, or .pth and .pt with `--features pytorch`
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// JSON file with the configuration of the network, such as {"network":"dcgan","channels":3,"height":64,"width":64}: `network`
    /// is mlp, dcgan, resnet, r3gan, unet or translator, and other fields are those of its configuration, where they are
    /// not to be the default
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,

    /// Entry of a .pth or .pt file that is the state dict, such as state_dict
    #[arg(long, value_name = "NAME")]
    key: Option<String>,

    /// Renames a module or tensor of the file; may be given several times, and the first that fits counts
    #[arg(long, value_name = "OLD=NEW", value_parser = rule)]
    rename: Vec<(String, String)>,

    /// The file is of the DCGAN of pytorch/examples: its names, and no bias in the last layer
    #[arg(long, conflicts_with = "rename")]
    pytorch_examples_dcgan: bool,
}

fn rule(text: &str) -> Result<(String, String), String> {
    let (old, new) = text.split_once('=').ok_or("it must be OLD=NEW")?;
    Ok((old.to_string(), new.to_string()))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| import(&arguments))
}

fn import(arguments: &Arguments) -> Result<Value, GanError> {
    let device = arguments.common.device()?;
    let state = read(&arguments.from, arguments.key.as_deref())?;
    let generator = match &arguments.network {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| GanError::io(path, error))?;
            let config = configuration(&text)
                .map_err(|message| GanError::user(format!("{}: {message}", path.display())))?;
            let state = renamed(state, &config, arguments)?;
            PortableGenerator::of_state(config, state)
        }
        None => {
            // With its codes and how often its classes occur.
            let mut generator = PortableGenerator::read_safetensors(&arguments.from)?;
            generator.state = renamed(state, &generator.config, arguments)?;
            generator
        }
    };
    let folder = arguments.common.folder("import")?;
    let path = folder.join("generator.bpk");
    generator.save(&path, &device)?;
    Ok(json!({
        "file": path,
        "network": generator.config.name(),
        "tensors": generator.state.len(),
    }))
}

/// The configuration that names a network and what is not the default of its configuration.
fn configuration(text: &str) -> Result<GeneratorConfig, String> {
    let invalid = |error: serde_json::Error| error.to_string();
    let given: Map<String, Value> = serde_json::from_str(text).map_err(invalid)?;
    let size = |field: &str| {
        let size = given.get(field).and_then(Value::as_u64);
        let size = size.and_then(|size| usize::try_from(size).ok());
        size.ok_or_else(|| format!("`{field}` must be a whole number"))
    };
    let image = || Ok::<_, String>([size("channels")?, size("height")?, size("width")?]);
    let network = given.get("network").and_then(Value::as_str);
    let default: GeneratorConfig = match (network, image()) {
        (Some("mlp"), _) => MlpConfig::new(size("features")?).into(),
        (Some("dcgan"), image) => image.map(|[c, h, w]| DcganConfig::new(c, h, w).into())?,
        (Some("resnet"), image) => image.map(|[c, h, w]| ResnetConfig::new(c, h, w).into())?,
        (Some("r3gan"), image) => image.map(|[c, h, w]| R3ganConfig::new(c, h, w).into())?,
        (Some("unet"), image) => {
            let ([c, h, w], source) = (image?, size("source_channels")?);
            UnetConfig::new(source, c, h, w).into()
        }
        (Some("translator"), image) => {
            let ([c, h, w], source) = (image?, size("source_channels")?);
            TranslatorConfig::new(source, c, h, w).into()
        }
        _ => return Err("`network` must be mlp, dcgan, resnet, r3gan, unet or translator".into()),
    };
    let mut whole = serde_json::to_value(default).map_err(invalid)?;
    for (field, value) in given {
        match whole.get_mut(&field) {
            Some(place) => *place = value,
            None => return Err(format!("this network's configuration has no `{field}`")),
        }
    }
    serde_json::from_value(whole).map_err(invalid)
}

fn renamed(
    state: StateDict,
    config: &GeneratorConfig,
    arguments: &Arguments,
) -> Result<StateDict, GanError> {
    if !arguments.pytorch_examples_dcgan {
        let rules = arguments.rename.iter().cloned();
        return Ok(state.renamed(&Renaming::new(rules))?);
    }
    let GeneratorConfig::Dcgan(config) = config else {
        return Err(GanError::user(
            "--pytorch-examples-dcgan needs a network \"dcgan\"",
        ));
    };
    let renaming = Renaming::pytorch_examples_dcgan_generator(config.halvings()?);
    let state = state.renamed(&renaming)?;
    Ok(state.with_zeros("last.bias", &[config.channels]))
}

fn read(path: &Path, key: Option<&str>) -> Result<StateDict, GanError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("pth" | "pt") => read_pytorch(path, key),
        _ => Ok(read_safetensors(path)?),
    }
}

#[cfg(feature = "pytorch")]
fn read_pytorch(path: &Path, key: Option<&str>) -> Result<StateDict, GanError> {
    Ok(burn_gan::exchange::read_pytorch(path, key)?)
}

#[cfg(not(feature = "pytorch"))]
fn read_pytorch(path: &Path, _: Option<&str>) -> Result<StateDict, GanError> {
    let path = path.display();
    Err(GanError::user(format!(
        "{path}: this binary was built without pytorch: add `--features pytorch` to the cargo command"
    )))
}
