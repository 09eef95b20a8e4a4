//! [`MovingAverages`] checked, written down and put back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::finite::Sums;
use super::part::{Part, sealed};
use crate::gan_error::GanError;
use crate::objective::MovingAverages;
use crate::saved_state::SavedState;

impl Part for MovingAverages {}

impl sealed::Part for MovingAverages {
    fn fork(&mut self) {}

    fn describe(&self) -> Value {
        // The objective decides what they are of.
        Value::Null
    }

    fn save(&self, _name: &str, _state: &mut SavedState) -> Result<Value, GanError> {
        let numbers = self.to_host()?;
        Ok(if numbers.is_empty() {
            Value::Null
        } else {
            json!(numbers)
        })
    }

    fn load(&mut self, name: &str, numbers: &Value, _state: &SavedState) -> Result<(), GanError> {
        let numbers: Option<BTreeMap<String, f64>> =
            Deserialize::deserialize(numbers).map_err(|error| GanError::state(name, error))?;
        *self = Self::from_host(numbers.unwrap_or_default());
        Ok(())
    }

    fn sums(&self) -> Sums {
        Sums::of_numbers(self.on_device())
    }
}
