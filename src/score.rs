//! [`Score`]: one number that says how good a trainer's generator is.

use crate::gan_error::GanError;
use crate::observe_error::ObserveError;

/// A measure of a trainer by name, and whether low or high values of it are good.
///
/// The function is the user's: a metric on some samples, mostly. Reading samples waits for the device, so whoever
/// takes a score asks for it every so many steps only.
///
/// ```
/// use burn_gan::{AdversarialTrainer, GanError, observe::Score};
///
/// /// How far the mean of 256 generated samples is from 0.
/// fn bias<T: AdversarialTrainer<2>>(trainer: &T) -> Result<f64, GanError> {
///     let mean = trainer.sample(256, 0, &())?.mean().abs();
///     mean.try_into_scalar::<f64>().map_err(GanError::user)
/// }
///
/// fn score<'a, T: AdversarialTrainer<2> + 'a>() -> Score<'a, T> {
///     Score::lowest("bias", bias)
/// }
/// ```
///
/// # Samples of classes
///
/// The data's samples have its mix of classes. A score that compares them with generated ones needs labels in the same
/// mix: with as many of each class, a perfect generator would be found to differ.
/// [`ClassFrequencies`](crate::data::ClassFrequencies) makes them. A fixed seed gives each evaluation the same labels.
///
/// ```
/// use burn_gan::data::ClassFrequencies;
/// use burn_gan::{AdversarialTrainer, GanError, Labels, observe::Score};
///
/// /// How far the mean of 256 generated samples is from that of the data.
/// fn score<'a, T>(frequencies: ClassFrequencies, mean: f64) -> Score<'a, T>
/// where
///     T: AdversarialTrainer<2, Labels> + 'a,
/// {
///     Score::lowest("bias", move |trainer: &T| {
///         let labels = frequencies.draw(256, 0, &trainer.device());
///         let generated = trainer.sample(256, 0, &labels)?.mean();
///         let generated = generated.try_into_scalar::<f64>().map_err(GanError::user)?;
///         Ok((generated - mean).abs())
///     })
/// }
/// ```
pub struct Score<'a, T> {
    name: String,
    lowest: bool,
    function: Measure<'a, T>,
}

/// A user's measure of a trainer.
type Measure<'a, T> = Box<dyn FnMut(&T) -> Result<f64, GanError> + 'a>;

impl<'a, T> Score<'a, T> {
    /// A score of which low values are good, such as a distance.
    pub fn lowest(
        name: impl Into<String>,
        function: impl FnMut(&T) -> Result<f64, GanError> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            lowest: true,
            function: Box::new(function),
        }
    }

    /// A score of which high values are good, such as a number of modes found.
    pub fn highest(
        name: impl Into<String>,
        function: impl FnMut(&T) -> Result<f64, GanError> + 'a,
    ) -> Self {
        Self {
            lowest: false,
            ..Self::lowest(name, function)
        }
    }

    /// What it is called in messages and files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Measures the trainer. Never NaN; infinities are values like others.
    ///
    /// # Errors
    /// Those of the function, and [`ObserveError::ScoreNotANumber`] where it returns NaN.
    pub fn value(&mut self, trainer: &T) -> Result<f64, GanError> {
        let value = (self.function)(trainer)?;
        if value.is_nan() {
            return Err(ObserveError::ScoreNotANumber {
                name: self.name.clone(),
            }
            .into());
        }
        Ok(value)
    }

    /// Whether `value` is strictly better than `other`.
    pub fn is_better(&self, value: f64, other: f64) -> bool {
        if self.lowest {
            value < other
        } else {
            value > other
        }
    }

    /// By how much `value` is better than `other`; negative where it is worse.
    pub fn improvement(&self, value: f64, other: f64) -> f64 {
        if self.lowest {
            other - value
        } else {
            value - other
        }
    }
}

impl<T> std::fmt::Debug for Score<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Score")
            .field("name", &self.name)
            .field("lowest", &self.lowest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_decides_what_is_better() {
        let lowest = Score::lowest("distance", |&value: &f64| Ok(value));
        let highest = Score::highest("modes", |&value: &f64| Ok(value));
        assert!(lowest.is_better(1.0, 2.0) && !lowest.is_better(2.0, 1.0));
        assert!(highest.is_better(2.0, 1.0) && !highest.is_better(1.0, 2.0));
        assert!(!lowest.is_better(1.0, 1.0) && !highest.is_better(1.0, 1.0));
        assert_eq!(lowest.improvement(1.0, 3.0), 2.0);
        assert_eq!(highest.improvement(1.0, 3.0), -2.0);
        // A generator that was infinitely bad can get better.
        assert!(lowest.improvement(1.0, f64::INFINITY) > 0.0);
    }

    #[test]
    fn nan_is_an_error_and_an_infinity_is_not() {
        let mut score = Score::lowest("distance", |&value: &f64| Ok(value));
        assert_eq!(score.value(&f64::INFINITY).unwrap(), f64::INFINITY);
        match score.value(&f64::NAN) {
            Err(GanError::Observe(ObserveError::ScoreNotANumber { name })) => {
                assert_eq!(name, "distance")
            }
            other => panic!("{other:?}"),
        }
    }
}
