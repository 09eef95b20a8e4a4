//! Trainer configurations of earlier versions in today's form.

use serde_json::{Value, json};

/// The fields of a configuration file in today's form.
///
/// Version 0.1.0 had a `real_label` beside the loss, whether that has labels or not.
pub(super) fn upgraded(mut fields: Value) -> Result<Value, String> {
    let Some(label) = fields
        .as_object_mut()
        .and_then(|fields| fields.remove("real_label"))
    else {
        return Ok(fields);
    };
    if label == json!(1.0) || label == json!(1) {
        return Ok(fields);
    }
    let loss = fields.get("loss").unwrap_or(&Value::Null);
    if matches!(
        loss.as_str(),
        Some("Minimax" | "NonSaturating" | "LeastSquares")
    ) {
        fields["loss"] = json!({ "Smoothed": { "loss": loss, "real_label": label } });
        Ok(fields)
    } else {
        Err(format!(
            "real_label {label} stands beside the loss {loss}, which has no labels to smooth"
        ))
    }
}
