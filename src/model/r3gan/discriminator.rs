//! The discriminator.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::block::{Block, change_width, through};
use super::{R3ganConfig, pointwise};
use crate::dual::Dual;
use crate::model::streams::streams;
use crate::network::{Discriminator, DualDiscriminator, TangentRule};
use crate::network_error::NetworkError;
use crate::nn::resampling::average_pool;
use crate::nn::{Convolution, Initialization, Linear, LinearConfig, to_channels_last};
use crate::random::Purpose;

/// The discriminator of an R3GAN: from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct R3ganDiscriminator {
    first: Convolution,
    stages: Vec<Down>,
    last: Vec<Block>,
    /// A learned image `[H, W, C]`; its product with the features is summed over height and width.
    basis: Param<Tensor<3>>,
    linear: Linear,
    sample_shape: [usize; 3],
}

/// Goes through the blocks, then halves the image.
#[derive(Module, Debug)]
struct Down {
    blocks: Vec<Block>,
    /// Where the number of channels changes.
    transition: Option<Convolution>,
}

impl R3ganDiscriminator {
    pub(super) fn new(config: &R3ganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let [height, width, filters] = config.base(halvings);
        let mut stream = streams(config.seed, Purpose::DiscriminatorWeights);
        let first = pointwise(
            config.channels,
            config.stage_filters(0),
            &mut stream(),
            device,
        )?;
        let mut stages = Vec::new();
        for level in 0..halvings {
            stages.push(Down {
                blocks: config.blocks(level, halvings, &mut stream, device)?,
                transition: config.transition([level, level + 1], &mut stream, device)?,
            });
        }
        let last = config.blocks(halvings, halvings, &mut stream, device)?;
        Ok(Self {
            first,
            stages,
            last,
            basis: Initialization::LINEAR.parameter(
                [height, width, filters],
                height * width,
                &mut stream(),
                device,
            ),
            linear: LinearConfig::new(filters, 1)
                .with_bias(false)
                .with_initialization(Initialization::LINEAR)
                .init(&mut stream(), device)?,
            sample_shape: config.sample_shape(),
        })
    }
}

impl Discriminator<4> for R3ganDiscriminator {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<4> for R3ganDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, _condition: &()) -> Dual<1> {
        let x = self.first.propagate(samples.linear(to_channels_last));
        let x = self.stages.iter().fold(x, |x, stage| {
            let x = average_pool(through(&stage.blocks, x));
            change_width(&stage.transition, x)
        });
        let features = through(&self.last, x).weighted(self.basis.val(), |x, basis| {
            let [n, height, width, channels] = x.dims();
            (x * basis.unsqueeze::<4>())
                .reshape([n, height * width, channels])
                .sum_dim(1)
                .reshape([n, channels])
        });
        self.linear.propagate(features).linear(|x| x.squeeze_dim(1))
    }
}
