//! A schedule that is a function of the user's own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A function of the step and the name that it has in checkpoints; made by [`Schedule::function`](super::Schedule::function).
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "Name", try_from = "Name")]
pub struct NamedFunction {
    name: String,
    function: Arc<dyn Fn(usize) -> f64 + Send + Sync>,
}

/// What a file holds of a function.
#[derive(Serialize, Deserialize)]
struct Name {
    name: String,
}

impl NamedFunction {
    pub(super) fn new(
        name: impl Into<String>,
        function: impl Fn(usize) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            function: Arc::new(function),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn at(&self, step: usize) -> f64 {
        (self.function)(step)
    }
}

impl std::fmt::Debug for NamedFunction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("NamedFunction")
            .field(&self.name)
            .finish()
    }
}

/// Two functions of one name are one function.
impl PartialEq for NamedFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl From<NamedFunction> for Name {
    fn from(function: NamedFunction) -> Self {
        Self {
            name: function.name,
        }
    }
}

impl TryFrom<Name> for NamedFunction {
    type Error = String;

    fn try_from(Name { name }: Name) -> Result<Self, String> {
        Err(format!(
            "the schedule `{name}` is a function, of which a file holds the name only: set it in the program"
        ))
    }
}
