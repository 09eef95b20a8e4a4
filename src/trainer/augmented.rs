//! What the discriminator sees of samples: changed at random, where there is an augmentation.

use burn::tensor::{Device, Tensor};

use super::config::GanTrainerConfig;
use super::micro_batch::Part;
use super::rules::Half;
use super::transaction::Turn;
use crate::augment::Transformation;
use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::objective::Seen;
use crate::random::Purpose;

/// The changes of the samples of one half of a step.
pub(super) struct Changes {
    pub real: Transformation,
    pub generated: Transformation,
}

impl Changes {
    /// Those of this half of a step for as many real as generated samples of a shape, where there is an augmentation.
    pub fn draw<const D: usize>(
        config: &GanTrainerConfig,
        turn: Turn,
        half: Half,
        shape: [usize; D],
        device: &Device,
    ) -> Option<Self> {
        let augmentation = config.augmentation.as_ref()?;
        let shape = image_shape(shape)?;
        let mut stream = half.stream(config.seed, Purpose::Augmentation, turn);
        let mut draw = || augmentation.draw(shape, &mut stream, device);
        Some(Self {
            real: draw(),
            generated: draw(),
        })
    }

    /// The samples, changed.
    pub fn seen<const D: usize>(&self, real: &Tensor<D>, generated: &Tensor<D>) -> Seen<D> {
        let seen =
            |change, samples: &Tensor<D>| changed(change, Dual::constant(samples.clone())).value;
        Seen {
            real: seen(&self.real, real),
            generated: seen(&self.generated, generated),
        }
    }

    /// Those of a part of the batch.
    pub fn of(&self, part: &Part) -> Self {
        Self {
            real: part.of_changes(&self.real),
            generated: part.of_changes(&self.generated),
        }
    }
}

/// Refuses an augmentation of samples that are no images.
pub(super) fn check<const D: usize>(config: &GanTrainerConfig) -> Result<(), ConfigError> {
    match &config.augmentation {
        Some(augmentation) if D != 4 => Err(ConfigError::new(
            "augmentation",
            augmentation,
            "is for images [N, C, H, W]",
        )),
        _ => Ok(()),
    }
}

/// Changed samples, on the device and with the graph that they come with.
pub(super) fn changed<const D: usize>(change: &Transformation, samples: Dual<D>) -> Dual<D> {
    let shape = samples.value.dims();
    match image_shape(shape) {
        Some(images) => {
            let images = samples.linear(|x| x.reshape(images));
            change.apply(images).linear(|x| x.reshape(shape))
        }
        // Refused when the trainer was built.
        None => samples,
    }
}

fn image_shape<const D: usize>(shape: [usize; D]) -> Option<[usize; 4]> {
    <[usize; 4]>::try_from(shape.as_slice()).ok()
}
