//! The discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::DcganConfig;
use crate::dual::Dual;
use crate::model::normalization::{Normalization, activated};
use crate::network::{Discriminator, DualDiscriminator, TangentRule};
use crate::network_error::NetworkError;
use crate::nn::{Activation, BatchNorm, Convolution, Head, HeadConfig, to_channels_last};
use crate::random::{Purpose, Stream};

/// Slope of the leaky ReLU below 0 (Radford et al. 2016, section 3).
const SLOPE: f64 = 0.2;

/// The discriminator: a CNN from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct DcganDiscriminator {
    first: Convolution,
    hidden: Vec<Down>,
    head: Head,
    sample_shape: [usize; 3],
}

/// Halves the image.
#[derive(Module, Debug)]
struct Down {
    convolution: Convolution,
    norm: Option<BatchNorm>,
}

impl DcganDiscriminator {
    pub(super) fn new(config: &DcganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let mut streams = config.streams(Purpose::DiscriminatorWeights);
        let norm = config.discriminator_normalization;
        let down = |inputs, outputs, bias, stream: &mut Stream| {
            config.layer(inputs, outputs, bias).init(stream, device)
        };
        let unnormalized = norm == Normalization::None;
        let first = down(
            config.channels,
            config.layer_filters(0),
            unnormalized,
            &mut streams(0),
        )?;
        let mut hidden = Vec::new();
        for level in 1..halvings {
            let outputs = config.layer_filters(level);
            hidden.push(Down {
                convolution: down(
                    config.layer_filters(level - 1),
                    outputs,
                    unnormalized,
                    &mut streams(level),
                )?,
                norm: norm.init(outputs, device)?,
            });
        }
        Ok(Self {
            first,
            hidden,
            head: HeadConfig::new(config.base(halvings))
                .with_bias(true)
                .init(&mut streams(halvings), device)?,
            sample_shape: config.sample_shape(),
        })
    }
}

impl Discriminator<4> for DcganDiscriminator {
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

impl DualDiscriminator<4> for DcganDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, _condition: &()) -> Dual<1> {
        let leaky_relu = Activation::LeakyRelu { slope: SLOPE };
        let samples = samples.linear(to_channels_last);
        let x = self.first.propagate_activated(samples, leaky_relu);
        let x = self.hidden.iter().fold(x, |x, down| {
            activated(&down.norm, leaky_relu, |activation| {
                down.convolution.propagate_activated(x, activation)
            })
        });
        self.head.propagate(x).linear(|x| x.squeeze_dim(1))
    }
}
