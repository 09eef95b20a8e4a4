//! What metrics refuse: features of different spaces, too few samples, results that overflow.

use super::MetricError;

use crate::feature::Features;

/// Refuses two sets in different spaces, and fewer than `needed` samples in either.
pub(super) fn check_pair(
    metric: &'static str,
    real: &Features,
    generated: &Features,
    needed: usize,
) -> Result<(), MetricError> {
    if real.dimensions() != generated.dimensions() {
        return Err(MetricError::FeatureDimensions {
            real: real.dimensions(),
            generated: generated.dimensions(),
        });
    }
    check_count(metric, real.count().min(generated.count()), needed)
}

/// Refuses fewer than `needed` samples.
pub(super) fn check_count(
    metric: &'static str,
    actual: usize,
    needed: usize,
) -> Result<(), MetricError> {
    if actual < needed {
        return Err(MetricError::TooFewSamples {
            metric,
            needed,
            actual,
        });
    }
    Ok(())
}

/// Refuses a result that overflowed; NaN is one too.
pub(super) fn check_finite(metric: &'static str, value: f64) -> Result<f64, MetricError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(MetricError::Overflow { metric })
    }
}
