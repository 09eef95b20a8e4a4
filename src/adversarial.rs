//! [`AdversarialTrainer`]: trains a generator against a discriminator, one batch at a time.

use burn::tensor::{Device, Tensor};

use crate::batch::{Batch, Condition};
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::report::StepReport;

/// Trains a generator against a discriminator, one batch of real samples at a time.
///
/// One required method does the work; a whole run (`fit`) is an extension on top of it.
pub trait AdversarialTrainer<const D: usize, C: Condition = ()> {
    /// The generator's type.
    type Generator: Generator<D, C>;
    /// The discriminator's type.
    type Discriminator: Discriminator<D, C>;

    /// Learns from one batch of real samples.
    ///
    /// # Errors
    /// A batch that does not fit ([`GanError::Batch`], [`GanError::Shape`]), a network that fails on it
    /// ([`GanError::NetworkFailed`], [`GanError::StepFailed`]), or a step that did not stay finite
    /// ([`GanError::NonFiniteStep`]). The training state is then as it was before the step, after
    /// [`GanError::NonFiniteStep`] as after `restored` steps, which may be fewer where not every step is checked.
    fn step(&mut self, batch: Batch<D, C>) -> Result<StepReport, GanError>;

    /// Checks that the state is finite now, for trainers that do not check it after each step.
    ///
    /// A run calls it before it saves and before it ends. The default is for trainers that check each step: it has
    /// nothing left to do.
    ///
    /// # Errors
    /// [`GanError::NonFiniteStep`] where it is not; the trainer is then back at its last good state.
    fn check_finite(&mut self) -> Result<(), GanError> {
        Ok(())
    }

    /// Number of steps taken so far.
    fn steps(&self) -> usize;

    /// The generator in training.
    fn generator(&self) -> &Self::Generator;

    /// The discriminator in training.
    fn discriminator(&self) -> &Self::Discriminator;

    /// Draws `count` samples from the generator in its evaluation form.
    ///
    /// The latents depend on `seed` alone: the same seed before and after some training shows the same
    /// samples getting better. `condition` holds one condition a sample.
    ///
    /// # Errors
    /// [`GanError::Batch`] where there are not `count` conditions, or none; [`GanError::NonFiniteState`] where the
    /// last steps were not checked ([`AdversarialTrainer::check_finite`]) and their state is not finite.
    fn sample(&self, count: usize, seed: u64, condition: &C) -> Result<Tensor<D>, GanError>;

    /// The device that training runs on.
    fn device(&self) -> Device;
}
