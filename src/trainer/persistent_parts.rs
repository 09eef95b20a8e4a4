//! [`PersistentParts`]: a trainer of the user's own is saved and put back by its parts.

use serde_json::{Value, json};

use super::part::Parts;
use super::transaction::Transaction;
use crate::gan_error::GanError;
use crate::persistent::Persistent;
use crate::saved_state::SavedState;

/// A trainer that keeps all that its steps change in a [`Transaction`]: it is [`Persistent`] by that.
///
/// The example `cycle` is one, with two generators and two discriminators.
pub trait PersistentParts {
    /// What its steps change.
    type Parts: Parts;

    /// The parts.
    fn transaction(&self) -> &Transaction<Self::Parts>;

    /// The parts.
    fn transaction_mut(&mut self) -> &mut Transaction<Self::Parts>;

    /// What else has to be the same for a run to go on: weights of losses, learning rates, shapes of samples.
    ///
    /// # Errors
    /// Whatever keeps it from being written down.
    fn settings(&self) -> Result<Value, GanError>;

    /// The seed of its random streams.
    fn seed(&self) -> u64;
}

impl<T: PersistentParts> Persistent for T {
    fn description(&self) -> Result<Value, GanError> {
        Ok(json!({
            "settings": self.settings()?,
            "parts": self.transaction().description(),
        }))
    }

    fn save_state(&self) -> Result<SavedState, GanError> {
        self.transaction().save_state()
    }

    fn load_state(&mut self, state: &SavedState) -> Result<(), GanError> {
        self.transaction_mut().load_state(state)
    }

    fn seed(&self) -> u64 {
        PersistentParts::seed(self)
    }

    fn skip_step(&mut self) {
        self.transaction_mut().skip_step();
    }

    fn scale_learning_rates(&mut self, factor: f64) {
        self.transaction_mut().scale_learning_rates(factor);
    }
}
