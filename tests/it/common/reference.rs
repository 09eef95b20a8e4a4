//! Networks' weights, inputs and expected values from a reference computed elsewhere, in the layouts of that
//! elsewhere: reads a file like `tests/golden/penalties.json` and its numbers.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::Labels;
use burn_gan::nn::{ConvolutionConfig, HeadConfig, StemConfig};
use serde_json::Value;

use super::places::in_repository;
use crate::common::stream;

/// The reference values of one case.
pub struct Reference {
    pub name: String,
    pub case: Value,
    numbers: Vec<f32>,
}

impl Reference {
    /// The case of this name in `tests/golden/FILE.json`.
    pub fn load(file: &str, case: &str) -> Self {
        let folder: PathBuf = in_repository("tests/golden");
        let text = fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let bytes = fs::read(folder.join(format!("{file}.bin"))).unwrap();
        let mut cases: Value = serde_json::from_str(&text).unwrap();
        Self {
            name: case.to_string(),
            case: cases[case].take(),
            numbers: bytes
                .chunks_exact(4)
                .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
                .collect(),
        }
    }

    /// The tensor that an entry of the file stands for.
    pub fn data(&self, entry: &Value) -> TensorData {
        let shape: Vec<usize> = serde_json::from_value(entry["shape"].clone()).unwrap();
        let start = entry["offset"].as_u64().unwrap() as usize;
        let length: usize = shape.iter().product();
        TensorData::new(self.numbers[start..start + length].to_vec(), shape)
    }

    /// The labels `[N]` of a critic under conditions.
    pub fn labels(&self, device: &Device) -> Labels {
        let labels: Vec<i32> = serde_json::from_value(self.case["labels"].clone()).unwrap();
        Tensor::from_ints(labels.as_slice(), device)
    }

    pub fn input<const D: usize>(&self, name: &Value, device: &Device) -> Tensor<D> {
        let entry = &self.case["inputs"][name.as_str().unwrap()];
        Tensor::from_data(self.data(entry), device)
    }
}

/// How this crate stores a parameter.
#[derive(Clone, Copy)]
pub enum Layout {
    /// As it is.
    Vector,
    /// A [`burn_gan::nn::Linear`].
    Linear,
    /// A [`Convolution`](burn_gan::nn::Convolution) of this stride and number of groups.
    Convolution { stride: usize, groups: usize },
    /// A [`Head`](burn_gan::nn::Head).
    Head,
    /// One row a class, each an image, its channels first.
    ImageRows,
    /// One kernel a channel as large as the image, stored as an image.
    Basis,
    /// A [`Stem`](burn_gan::nn::Stem).
    Stem,
    /// A [`TransposedConvolution`](burn_gan::nn::TransposedConvolution) of this stride.
    Transposed { stride: usize },
    /// An image, its channels first.
    Image,
}

pub const HALVING: Layout = Layout::Convolution {
    stride: 2,
    groups: 1,
};
pub const SAME_SIZE: Layout = Layout::Convolution {
    stride: 1,
    groups: 1,
};

impl Layout {
    /// A parameter, or its gradient, in the order in which this crate stores it.
    pub fn stored(self, data: TensorData) -> Vec<f32> {
        let device = &Device::flex();
        let shape = data.shape().to_vec();
        let as_kernel = |data| Tensor::<4>::from_data(data, device);
        let stored = match self {
            Self::Vector => return data.try_to_vec().unwrap(),
            Self::Linear => Tensor::<2>::from_data(data, device).transpose(),
            Self::Convolution { stride, groups } => {
                ConvolutionConfig::new(shape[1] * groups, shape[0], shape[2])
                    .with_stride(stride)
                    .with_groups(groups)
                    .init(&mut stream(0), device)
                    .unwrap()
                    .with_standard_weight(as_kernel(data))
                    .unwrap()
                    .weight
                    .val()
            }
            Self::ImageRows => as_kernel(data)
                .permute([0, 2, 3, 1])
                .reshape([shape[0], shape[1] * shape[2] * shape[3]]),
            Self::Basis => as_kernel(data)
                .permute([1, 2, 3, 0])
                .reshape([shape[2] * shape[3], shape[0]]),
            Self::Stem => StemConfig::new(shape[0], [shape[2], shape[3], shape[1]])
                .init(&mut stream(0), device)
                .unwrap()
                .with_standard_weight(as_kernel(data))
                .unwrap()
                .weight
                .val(),
            Self::Transposed { stride } => ConvolutionConfig::new(shape[0], shape[1], shape[2])
                .with_stride(stride)
                .init_transposed(&mut stream(0), device)
                .unwrap()
                .with_standard_weight(as_kernel(data))
                .unwrap()
                .weight
                .val(),
            Self::Image => Tensor::<3>::from_data(data, device)
                .permute([1, 2, 0])
                .reshape([shape[1] * shape[2], shape[0]]),
            Self::Head => HeadConfig::new([shape[2], shape[3], shape[1]])
                .with_outputs(shape[0])
                .init(&mut stream(0), device)
                .unwrap()
                .with_standard_weight(as_kernel(data))
                .unwrap()
                .weight
                .val(),
        };
        stored.into_data().try_to_vec().unwrap()
    }
}

/// Each parameter of a network: its path here, its name in the reference, its layout.
pub type Table = Vec<(String, String, Layout)>;

pub fn table(rows: &[(&str, &str, Layout)]) -> Table {
    rows.iter()
        .map(|(path, name, layout)| (path.to_string(), name.to_string(), *layout))
        .collect()
}

/// Gives every parameter the value that stands under its path; running statistics stay.
struct SetParameters {
    path: Vec<String>,
    values: BTreeMap<String, Vec<f32>>,
}

impl ModuleMapper for SetParameters {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let is_trained = param.is_require_grad();
        let Some(values) = self.values.remove(&path) else {
            assert!(!is_trained, "{path} is not in the table");
            return param;
        };
        param.map(|old| {
            let data = TensorData::new(values, old.dims());
            Tensor::<D>::from_data(data, &old.device().inner())
                .autodiff()
                .set_require_grad(is_trained)
        })
    }
}

/// Puts the reference's weights into a critic.
pub fn with_weights<N: Module>(critic: N, reference: &Reference, table: &Table) -> N {
    let values = table
        .iter()
        .map(|(path, name, layout)| {
            let data = reference.data(&reference.case["parameters"][name]);
            (path.clone(), layout.stored(data))
        })
        .collect();
    with_values(critic, values)
}

/// Puts values into a network, each under its path and as this crate stores it.
pub fn with_values<N: Module>(network: N, values: BTreeMap<String, Vec<f32>>) -> N {
    let mut set = SetParameters {
        path: Vec::new(),
        values,
    };
    let network = network.map(&mut set);
    assert!(
        set.values.is_empty(),
        "not in the network: {:?}",
        set.values
    );
    network
}
