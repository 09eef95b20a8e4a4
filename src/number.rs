//! Doubles in JSON, which knows no infinity: those are text, for `#[serde(with = "crate::number")]`.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A double that may be infinite, for places where `with` cannot be said, such as in an `Option`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(#[serde(with = "crate::number")] pub f64);

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.collect_str(value)
    }
}

/// Reads numbers, and any of them as text: version 0.1.0 wrote them so.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct NumberOrText;

    impl Visitor<'_> for NumberOrText {
        type Value = f64;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number")
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            Ok(value as f64)
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            Ok(value as f64)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_any(NumberOrText)
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn every_number_comes_back_and_text_is_read() {
        let infinities = [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
        ];
        for value in [0.1 + 0.2, -0.0, 3.0, 1e300, 5e-324]
            .into_iter()
            .chain(infinities)
        {
            let text = serde_json::to_string(&Number(value)).unwrap();
            let read: Number = serde_json::from_str(&text).unwrap();
            assert_eq!(read.0.to_bits(), value.to_bits(), "{text}");
        }
        assert_eq!(serde_json::to_string(&Number(0.5)).unwrap(), "0.5");
        for old in ["\"0.30000000000000004\"", "0.30000000000000004"] {
            assert_eq!(
                serde_json::from_str::<Number>(old).unwrap(),
                Number(0.1 + 0.2)
            );
        }
        assert!(serde_json::from_str::<Number>("\"x\"").is_err());
    }
}
