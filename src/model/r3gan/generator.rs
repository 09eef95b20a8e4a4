//! The generator.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::block::{Block, change_width, through};
use super::{R3ganConfig, pointwise};
use crate::dual::Dual;
use crate::model::streams::streams;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::resampling::upsample_bilinear;
use crate::nn::{Convolution, Initialization, Linear, LinearConfig, to_channels_first};
use crate::random::Purpose;

/// The generator of an R3GAN: from latent noise to images `[N, C, H, W]`.
///
/// Nothing bounds its output, as in the paper: it learns the range of the data, for which this crate uses
/// [-1, 1].
#[derive(Module, Debug)]
pub struct R3ganGenerator {
    /// A learned image `[H, W, C]`; the latent vector scales its channels.
    basis: Param<Tensor<3>>,
    linear: Linear,
    first: Vec<Block>,
    stages: Vec<Up>,
    last: Convolution,
    sample_shape: [usize; 3],
}

/// Doubles the image, then goes through the blocks.
#[derive(Module, Debug)]
struct Up {
    /// Where the number of channels changes.
    transition: Option<Convolution>,
    blocks: Vec<Block>,
}

impl R3ganGenerator {
    pub(super) fn new(config: &R3ganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let [height, width, filters] = config.base(halvings);
        let mut stream = streams(config.seed, Purpose::GeneratorWeights);
        let standard = Initialization::Normal {
            mean: 0.0,
            std: 1.0,
        };
        let basis = standard.parameter([height, width, filters], 1, &mut stream(), device);
        let linear = LinearConfig::new(config.latent_size, filters)
            .with_bias(false)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        let first = config.blocks(halvings, halvings, &mut stream, device)?;
        let mut stages = Vec::new();
        for level in (0..halvings).rev() {
            stages.push(Up {
                transition: config.transition([level + 1, level], &mut stream, device)?,
                blocks: config.blocks(level, halvings, &mut stream, device)?,
            });
        }
        Ok(Self {
            basis,
            linear,
            first,
            stages,
            last: pointwise(
                config.stage_filters(0),
                config.channels,
                &mut stream(),
                device,
            )?,
            sample_shape: config.sample_shape(),
        })
    }
}

impl Generator<4> for R3ganGenerator {
    fn latent_size(&self) -> usize {
        self.linear.weight.dims()[0]
    }

    fn generate(&self, latent: Tensor<2>, _condition: &()) -> Tensor<4> {
        let scales = self.linear.propagate(Dual::constant(latent)).value;
        let [n, channels] = scales.dims();
        let image = scales.reshape([n, 1, 1, channels]) * self.basis.val().unsqueeze::<4>();
        let x = through(&self.first, Dual::constant(image));
        let x = self.stages.iter().fold(x, |x, stage| {
            // A 1x1 convolution and an interpolation commute: the convolution is cheaper on the small image.
            let x = change_width(&stage.transition, x);
            through(&stage.blocks, upsample_bilinear(x))
        });
        to_channels_first(self.last.propagate(x).value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }
}
