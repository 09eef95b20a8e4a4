//! What the discriminator sees of samples: changed at random, where there is an augmentation.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::adaptive::{AdaptiveProbability, GROUP, PROBABILITY};
use super::config::GanTrainerConfig;
use super::micro_batch::{Part, TrainingBatch};
use super::players::Players;
use super::rules::{Half, Rules};
use super::transaction::Turn;
use crate::augment::{Augmentation, Strength, Transformation};
use crate::dual::Dual;
use crate::errors::{ConfigError, DeviceError};
use crate::network::{Discriminator, Generator};
use crate::objective::Seen;
use crate::random::Purpose;
use crate::report::StepReport;

/// The changes of the samples of one half of a step.
pub(super) struct Changes {
    pub real: Transformation,
    pub generated: Transformation,
}

impl Changes {
    /// Those of this half of a step for as many real as generated samples of a shape, where there is an augmentation;
    /// `probability` is that of its changes in this step.
    pub fn draw<const D: usize>(
        config: &GanTrainerConfig,
        probability: f64,
        turn: Turn,
        half: Half,
        shape: [usize; D],
        device: &Device,
    ) -> Option<Self> {
        let augmentation = config.augmentation.as_ref()?;
        let shape = image_shape(shape)?;
        let mut stream = half.stream(config.seed, Purpose::Augmentation, turn);
        let mut draw = || augmentation.draw(probability, shape, &mut stream, device);
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

    /// The same on another device, without autodiff.
    pub fn to_device(&self, device: &Device) -> Self {
        Self {
            real: self.real.to_device(device),
            generated: self.generated.to_device(device),
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

/// Refuses an augmentation of samples that are no images, or that it does not know the colours of.
pub(super) fn check<const D: usize>(
    config: &GanTrainerConfig,
    shape: [usize; D],
) -> Result<(), ConfigError> {
    let Some(augmentation) = &config.augmentation else {
        return Ok(());
    };
    match image_shape(shape) {
        Some([_, channels, ..]) => augmentation.check_channels(channels),
        None => Err(ConfigError::new(
            "augmentation",
            augmentation,
            "is for images [N, C, H, W]",
        )),
    }
}

/// The probability that an augmentation's changes follow the discriminator by, where they do.
pub(super) fn adaptive(config: &GanTrainerConfig) -> Option<AdaptiveProbability> {
    match config.augmentation.as_ref()?.strength()? {
        Strength::Adaptive(adaptive) => Some(AdaptiveProbability::new(adaptive.clone())),
        _ => None,
    }
}

impl<const D: usize, G, N, C> Rules<D, G, N, C>
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// How probable the changes of an augmentation are in this step; `None` of one without probabilities.
    pub fn augmentation_probability(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
    ) -> Result<Option<f64>, DeviceError> {
        let augmentation = self.config.augmentation.as_ref();
        let strength = augmentation.and_then(Augmentation::strength);
        match (&mut players.adaptive, strength) {
            (Some(adaptive), _) => adaptive.next().map(Some),
            (None, Some(Strength::Scheduled(schedule))) => Ok(Some(schedule.at(turn.step))),
            _ => Ok(None),
        }
    }
}

/// The report of the discriminator's half, with what its augmentation was and is to be adjusted by.
pub(super) fn reported<G: Module, N: Module>(
    report: StepReport,
    probability: Option<f64>,
    players: &Players<G, N>,
) -> StepReport {
    let Some(probability) = probability else {
        return report;
    };
    let device = report.logits_real().device();
    let number = Tensor::from_floats([probability as f32], &device);
    let report = report.with_number(GROUP, PROBABILITY, number);
    match &players.adaptive {
        Some(adaptive) => adaptive.report(report),
        None => report,
    }
}

/// What a step on this batch says to an augmentation that follows the discriminator.
pub(super) fn take_in<const D: usize, C, G: Module, N: Module>(
    report: &StepReport,
    batch: &TrainingBatch<D, C>,
    players: &mut Players<G, N>,
) {
    if let Some(adaptive) = &mut players.adaptive {
        adaptive.take_in(report, batch.real.dims()[0]);
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
