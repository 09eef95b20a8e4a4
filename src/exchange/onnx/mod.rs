//! Generators as ONNX files.
//!
//! A graph is made of the tensors' names and the configuration: the forward pass of each network is written once more here, in
//! operations that every runtime has. Burn's own writer (`burn-onnx` 0.22, feature `export`) follows the tensors of a forward
//! pass and knows neither permutations nor transposed convolutions, which all networks of this library but the perceptrons
//! have.

mod graph;
mod layers;
mod networks;
mod proto;
mod translations;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use prost::Message;

use self::graph::{Graph, Value};
use self::networks::Inputs;
use self::proto::{
    FLOAT, GraphProto, INT64, ModelProto, OperatorSetIdProto, StringStringEntryProto,
    ValueInfoProto,
};
use super::{ExchangeError, PortableGenerator};
use crate::errors::FileError;
use crate::files::replace_file;
use crate::saved_generator::{DESCRIPTION, GeneratorConfig};
use crate::state_dict::{StateDictError, UnfitTensors};

/// The versions of the file's form and of its operators: of 2021, which runtimes since then read.
const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 17;
/// What a file of protocol buffers can hold.
const LARGEST: usize = i32::MAX as usize;

/// The names of a graph's inputs and of its output.
const LATENT: &str = "latent";
const LABELS: &str = "labels";
const SOURCE: &str = "source";
const SAMPLES: &str = "samples";

impl PortableGenerator {
    /// Writes an ONNX file (operators of version 17) of the generator in its evaluation form, in single precision, for any
    /// number of samples.
    ///
    /// Inputs: `latent` `[batch, latent_size]`, standard normal, where the latent size is not 0; `labels` `[batch]` of `i64`
    /// where there are classes; `source` `[batch, C, H, W]` for a translation of images. Output: `samples`, `[batch, features]`
    /// or `[batch, C, H, W]`. The metadata has the configuration and the version of this crate.
    ///
    /// The network is built on `device` first, so that tensors which do not fit are found.
    ///
    /// # Errors
    /// Those of [`PortableGenerator::init`], [`ExchangeError::File`] where the file cannot be written,
    /// [`ExchangeError::TooLarge`] for 2 GiB and more.
    pub fn write_onnx(&self, path: impl AsRef<Path>, device: &Device) -> Result<(), ExchangeError> {
        let path = path.as_ref();
        self.init(device)?;
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME").to_string(),
            producer_version: env!("CARGO_PKG_VERSION").to_string(),
            graph: Some(self.graph()?),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: OPERATORS,
            }],
            metadata_props: vec![StringStringEntryProto {
                key: DESCRIPTION.to_string(),
                value: self.description(path)?,
            }],
        };
        let size = model.encoded_len();
        if size > LARGEST {
            return Err(ExchangeError::TooLarge {
                path: path.to_path_buf(),
                size,
                largest: LARGEST,
            });
        }
        let bytes = model.encode_to_vec();
        replace_file(path, |partial| {
            fs::write(partial, &bytes).map_err(|error| FileError::new(path, error).into())
        })
    }

    fn graph(&self) -> Result<GraphProto, ExchangeError> {
        use GeneratorConfig::{Dcgan, Mlp, R3gan, Resnet, Translator, Unet};
        let mut graph = Graph::new(&self.state);
        let (latent_size, sample) = match &self.config {
            Mlp(config) => (config.latent_size, vec![config.features]),
            Dcgan(config) => (
                config.latent_size,
                vec![config.channels, config.height, config.width],
            ),
            Resnet(config) => (
                config.latent_size,
                vec![config.channels, config.height, config.width],
            ),
            R3gan(config) => (
                config.latent_size,
                vec![config.channels, config.height, config.width],
            ),
            Unet(config) => (
                config.latent_size,
                vec![config.channels, config.height, config.width],
            ),
            Translator(config) => (0, vec![config.channels, config.height, config.width]),
        };
        let source_shape = match &self.config {
            Unet(config) => Some([config.source_channels, config.height, config.width]),
            Translator(config) => Some([config.source_channels, config.height, config.width]),
            _ => None,
        };
        let (latent, source) = (Value::input(LATENT), Value::input(SOURCE));
        let from_noise = |graph: &mut Graph| Inputs {
            latent: networks::coded(graph, self.codes, latent.clone(), latent_size),
            labels: Value::input(LABELS),
        };
        let output = match &self.config {
            Mlp(config) => {
                let inputs = from_noise(&mut graph);
                networks::mlp(&mut graph, config, &inputs)
            }
            Dcgan(_) => {
                let inputs = from_noise(&mut graph);
                networks::dcgan(&mut graph, &inputs)
            }
            Resnet(config) => {
                let inputs = from_noise(&mut graph);
                networks::resnet(&mut graph, config, &inputs)
            }
            R3gan(_) => {
                let inputs = from_noise(&mut graph);
                networks::r3gan(&mut graph, &inputs)
            }
            Unet(config) => {
                translations::unet(&mut graph, config, config.halvings()?, &latent, &source)
            }
            Translator(config) => translations::translator(&mut graph, config, &source),
        };
        let mut graph = graph.finish(&output, SAMPLES).map_err(unfit)?;
        graph.name = self.config.name().to_string();
        if latent_size > 0 {
            let latent = ValueInfoProto::samples(LATENT, FLOAT, &[latent_size]);
            graph.input.push(latent);
        }
        if self.config.classes().is_some() {
            graph
                .input
                .push(ValueInfoProto::samples(LABELS, INT64, &[]));
        }
        if let Some(shape) = source_shape {
            graph
                .input
                .push(ValueInfoProto::samples(SOURCE, FLOAT, &shape));
        }
        graph
            .output
            .push(ValueInfoProto::samples(SAMPLES, FLOAT, &sample));
        Ok(graph)
    }
}

/// The error for tensors that are not there.
fn unfit(missing: Vec<String>) -> ExchangeError {
    StateDictError::Unfit(Box::new(UnfitTensors {
        missing,
        ..UnfitTensors::default()
    }))
    .into()
}
