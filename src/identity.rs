//! [`Identity`]: what a part of a run is, by a name that does not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a network, a loss, a penalty or a source of data is, as checkpoints record it.
///
/// A run goes on from a checkpoint only with parts of the same identity, so the name has to survive renamed
/// types and moved modules, and the version has to change when the same name begins to mean something else.
///
/// ```
/// use burn_gan::Identity;
///
/// struct MyLoss;
/// assert_eq!(Identity::of::<MyLoss>(), Identity::new("MyLoss", 1));
/// let sharper = Identity::new("my-loss", 2).with("sharpness", 4.0);
/// assert_eq!(sharper.to_string(), r#"my-loss, version 2, {"sharpness":4.0}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// A name that stays.
    pub name: String,
    /// Changes with the meaning.
    pub version: u32,
    /// What else has to be the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
}

impl Identity {
    /// A name and a version without settings.
    pub fn new(name: impl Into<String>, version: u32) -> Self {
        Self {
            name: name.into(),
            version,
            settings: BTreeMap::new(),
        }
    }

    /// The name of a type, without its module path and type parameters, as version 1.
    pub fn of<T: ?Sized>() -> Self {
        let whole = std::any::type_name::<T>();
        let bare = whole.split('<').next().unwrap_or(whole);
        Self::new(bare.rsplit("::").next().unwrap_or(bare), 1)
    }

    /// As a setting of another identity.
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "name": self.name, "version": self.version });
        if !self.settings.is_empty() {
            value["settings"] = Value::from_iter(self.settings.clone());
        }
        value
    }

    /// The same with a setting that has to be the same.
    pub fn with(mut self, setting: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(setting.to_string(), value.into());
        self
    }
}

/// SHA-256 of some bytes in hexadecimal digits: tells whether they are the same.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

impl std::fmt::Display for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}, version {}", self.name, self.version)?;
        if !self.settings.is_empty() {
            write!(formatter, ", {}", Value::from_iter(self.settings.clone()))?;
        }
        Ok(())
    }
}
