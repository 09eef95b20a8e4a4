//! In which fields two configurations differ.

use std::collections::BTreeSet;

use serde_json::Value;

/// A field whose value in a checkpoint is another than the present one.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The field's path, such as `trainer.critic_steps`.
    pub field: String,
    /// Its value in the checkpoint; `None` where it has none.
    pub saved: Option<Value>,
    /// Its value now; `None` where it has none.
    pub current: Option<Value>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "nothing".to_string(),
        };
        let (saved, current) = (text(&self.saved), text(&self.current));
        write!(formatter, "{}: {saved} then, {current} now", self.field)
    }
}

/// All fields in which two configurations differ, in the order of their names.
///
/// ```
/// use burn_gan::checkpoint::differences;
/// use serde_json::json;
///
/// let saved = json!({ "trainer": { "seed": 1, "critic_steps": 5 } });
/// let current = json!({ "trainer": { "seed": 1, "critic_steps": 1 } });
/// let found = differences(&saved, &current);
/// assert_eq!(found[0].to_string(), "trainer.critic_steps: 5 then, 1 now");
/// ```
pub fn differences(saved: &Value, current: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(saved), Some(current), &mut found);
    found
}

fn compare(
    field: &str,
    saved: Option<&Value>,
    current: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (saved, current) {
        (Some(Value::Object(saved)), Some(Value::Object(current))) => {
            let names: BTreeSet<&String> = saved.keys().chain(current.keys()).collect();
            for name in names {
                let field = match field {
                    "" => name.clone(),
                    field => format!("{field}.{name}"),
                };
                compare(&field, saved.get(name), current.get(name), found);
            }
        }
        (saved, current) if saved != current => found.push(Difference {
            field: field.to_string(),
            saved: saved.cloned(),
            current: current.cloned(),
        }),
        _ => {}
    }
}
