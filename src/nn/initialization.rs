//! Initial weights, drawn from host-side streams so that they are the same on every backend.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::spectral::{WARM_UP, advance_spectral_norms};
use crate::random::{Purpose, Stream};

/// The distribution of a layer's initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Initialization {
    /// Normal with this mean and standard deviation.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
    /// Normal with standard deviation `sqrt(2 / ((1 + slope^2) * fan_in))`, which keeps the variance
    /// through layers followed by a leaky ReLU of this slope (He et al. 2015, equation 15).
    He {
        /// The activation's slope below 0: 0 for ReLU, 1 for none.
        slope: f64,
    },
    /// The same value everywhere.
    Constant {
        /// That value.
        value: f64,
    },
}

impl Initialization {
    /// [`Initialization::He`] for a layer that no activation follows: it keeps the variance.
    pub const LINEAR: Self = Self::He { slope: 1.0 };

    /// Normal(0, 0.02), for the convolutions of a DCGAN (Radford et al. 2016, section 4).
    pub const DCGAN: Self = Self::Normal {
        mean: 0.0,
        std: 0.02,
    };

    /// A trainable parameter drawn from this distribution.
    ///
    /// `fan_in` is the number of inputs that one output adds up.
    pub fn parameter<const D: usize>(
        self,
        shape: [usize; D],
        fan_in: usize,
        stream: &mut Stream,
        device: &Device,
    ) -> Param<Tensor<D>> {
        let tensor = match self {
            Self::Normal { mean, std } => normal(mean, std, shape, stream, device),
            Self::He { slope } => {
                let std = (2.0 / ((1.0 + slope * slope) * fan_in.max(1) as f64)).sqrt();
                normal(0.0, std, shape, stream, device)
            }
            Self::Constant { value } => Tensor::full(shape, value, device),
        };
        Param::from_tensor(tensor)
    }
}

/// Redraws every parameter of rank 2 and above from Normal(0, `std`), for networks of the user's own.
///
/// Biases and normalisation parameters (rank 1) keep their values; the vectors of a spectral normalisation follow the
/// new weights. Each parameter's stream is keyed by its position in the module, so the result depends on `seed` and
/// the module's structure alone.
///
/// ```
/// use burn::{nn::LinearConfig, prelude::*};
/// use burn_gan::nn::initialize_normal;
///
/// let device = Device::flex();
/// let draw = || initialize_normal(LinearConfig::new(4, 3).init(&device), 0.02, 1);
/// assert_eq!(draw().weight.val().into_data(), draw().weight.val().into_data());
/// ```
pub fn initialize_normal<M: Module>(module: M, std: f64, seed: u64) -> M {
    let redrawn = module.map(&mut NormalMapper {
        std,
        seed,
        position: 0,
    });
    advance_spectral_norms(redrawn, WARM_UP)
}

struct NormalMapper {
    std: f64,
    seed: u64,
    position: u64,
}

impl ModuleMapper for NormalMapper {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let mut stream = Stream::new(self.seed, Purpose::Weights, self.position);
        self.position += 1;
        if D < 2 {
            return param;
        }
        let std = self.std;
        param.map(|tensor| {
            normal(0.0, std, tensor.dims(), &mut stream, &tensor.device())
                .set_require_grad(tensor.is_require_grad())
        })
    }
}

/// Draws from Normal(`mean`, `std`), scaled on the host: a parameter must be a leaf, not a result.
fn normal<const D: usize>(
    mean: f64,
    std: f64,
    shape: [usize; D],
    stream: &mut Stream,
    device: &Device,
) -> Tensor<D> {
    let values: Vec<f32> = stream
        .normal_values(shape.iter().product())
        .into_iter()
        .map(|value| (mean + std * f64::from(value)) as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
