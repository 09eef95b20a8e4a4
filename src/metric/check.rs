//! What metrics refuse: features of different spaces, too few samples, results that overflow.

use crate::feature::Features;
use crate::gan_error::GanError;

/// Refuses two sets in different spaces, and fewer than `needed` samples in either.
pub(super) fn check_pair(
    metric: &'static str,
    real: &Features,
    generated: &Features,
    needed: usize,
) -> Result<(), GanError> {
    if real.dimensions() != generated.dimensions() {
        return Err(GanError::FeatureDimensions {
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
) -> Result<(), GanError> {
    if actual < needed {
        return Err(GanError::TooFewSamples {
            metric,
            needed,
            actual,
        });
    }
    Ok(())
}

/// Refuses a result that overflowed; NaN is one too.
pub(super) fn check_finite(metric: &'static str, value: f64) -> Result<f64, GanError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(GanError::MetricOverflow { metric })
    }
}
