//! [`RunState`]: the whole of a run as its checkpoints keep it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::divergence::Incidents;
use crate::checkpoint::Checkpoint;
use crate::gan_error::GanError;
use crate::saved_state::SavedState;

/// The file with what the observers remember.
const OBSERVERS: &str = "observers.json";

/// The state of a trainer, and the part of a run that is no trainer's.
pub(super) struct RunState {
    pub trainer: SavedState,
    pub incidents: Incidents,
    pub observers: Value,
}

/// What of it is in the manifest.
#[derive(Serialize, Deserialize)]
struct InManifest {
    incidents: Incidents,
    /// In format 1 only: since then they are a file, which may be of any size.
    #[serde(default, skip_serializing)]
    observers: Option<Value>,
}

impl RunState {
    /// The state in a checkpoint.
    pub fn read(mut checkpoint: Checkpoint) -> Result<Self, GanError> {
        let state = |error| GanError::state("run", error);
        let file = checkpoint.files.remove(OBSERVERS);
        let InManifest {
            incidents,
            observers,
        } = InManifest::deserialize(&checkpoint.manifest.run).map_err(state)?;
        let observers = match file {
            Some(text) => {
                serde_json::from_slice(&text).map_err(|error| GanError::state(OBSERVERS, error))?
            }
            None => observers.unwrap_or_default(),
        };
        Ok(Self {
            trainer: checkpoint.into_state(),
            incidents,
            observers,
        })
    }

    /// The run's part of the manifest, and the trainer's state with the observers' file in it.
    pub fn write(self) -> Result<(Value, SavedState), GanError> {
        let Self {
            mut trainer,
            incidents,
            observers,
        } = self;
        let text = serde_json::to_vec(&observers)
            // Nesting that the reader refuses must not be found when it is too late.
            .and_then(|text| serde_json::from_slice::<Value>(&text).map(|_| text))
            .map_err(|error| GanError::state(OBSERVERS, error))?;
        if trainer.files.insert(OBSERVERS.to_string(), text).is_some() {
            let message = "the trainer's state has a file of that name";
            return Err(GanError::state(OBSERVERS, message));
        }
        let in_manifest = InManifest {
            incidents,
            observers: None,
        };
        let run =
            serde_json::to_value(in_manifest).map_err(|error| GanError::state("run", error))?;
        Ok((run, trainer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trainer_cannot_have_the_file_of_the_observers() {
        let state = |name: &str| RunState {
            trainer: SavedState {
                numbers: Value::Null,
                files: [(name.to_string(), Vec::new())].into(),
            },
            incidents: Incidents::default(),
            observers: Value::Null,
        };
        let (_, trainer) = state("weights").write().unwrap();
        assert_eq!(trainer.files.len(), 2);
        let error = state(OBSERVERS).write().unwrap_err();
        assert!(matches!(error, GanError::State(_)), "{error}");
    }
}
