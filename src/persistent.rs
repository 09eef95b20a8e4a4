//! [`Persistent`]: trainers whose whole state can be written down and put back.

use serde_json::Value;

use crate::gan_error::GanError;
use crate::saved_state::SavedState;

/// A trainer whose whole state can be written down and put back, so that its runs can be resumed.
///
/// [`GanTrainer`](crate::trainer::GanTrainer) is one. A trainer of your own becomes one with these methods.
pub trait Persistent {
    /// What has to be the same for a saved state to fit: an object of configuration, networks, losses.
    ///
    /// # Errors
    /// Whatever keeps it from being written down.
    fn description(&self) -> Result<Value, GanError>;

    /// A description that an earlier version of the trainer saved, in the form of today's, so that what means the same
    /// is the same. The default leaves it as it is.
    fn upgraded_description(&self, saved: Value) -> Value {
        saved
    }

    /// The whole state: after [`Persistent::load_state`] of it, training goes on with the same bits.
    ///
    /// # Errors
    /// [`GanError::Device`] where the device fails, [`GanError::State`] for what cannot be written down,
    /// [`GanError::NonFiniteState`] for a state that is not finite.
    fn save_state(&self) -> Result<SavedState, GanError>;

    /// Puts a state back, whole or not at all.
    ///
    /// # Errors
    /// [`GanError::State`] for a state that does not fit, [`GanError::NonFiniteState`] for one that is not finite;
    /// the trainer is then as it was.
    fn load_state(&mut self, state: &SavedState) -> Result<(), GanError>;

    /// The seed of its random streams.
    fn seed(&self) -> u64;

    /// Counts a step without learning from it: its batch is left out.
    fn skip_step(&mut self);

    /// Multiplies all learning rates from here on; part of the state.
    fn scale_learning_rates(&mut self, factor: f64);
}
