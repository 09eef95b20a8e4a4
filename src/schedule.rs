//! [`Schedule`]: a hyper-parameter that changes over a run.

use serde::{Deserialize, Serialize};

#[cfg(feature = "training")]
use crate::gan_error::GanError;

/// A number as a function of the step.
///
/// ```
/// use burn_gan::Schedule;
///
/// let schedule = Schedule::CosineBurnIn { from: 2.0, to: 0.2, steps: 100 };
/// assert_eq!(schedule.at(0), 2.0);
/// assert_eq!(schedule.at(50), 1.1);
/// assert_eq!(schedule.at(1000), 0.2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Schedule {
    /// The same at every step.
    Constant(f64),
    /// In a straight line from `from` to `to` over `steps` steps, then `to`.
    Linear {
        /// The first value.
        from: f64,
        /// The last value.
        to: f64,
        /// How many steps it takes.
        steps: usize,
    },
    /// Along half a cosine from `from` to `to` over `steps` steps, then `to`: slow, fast, slow (the burn-in of
    /// R3GAN, Huang et al. 2024, appendix on hyper-parameters).
    CosineBurnIn {
        /// The first value.
        from: f64,
        /// The last value.
        to: f64,
        /// How many steps it takes.
        steps: usize,
    },
}

impl Schedule {
    /// The value at a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        let progress = |steps: usize| match step < steps {
            true => step as f64 / steps as f64,
            false => 1.0,
        };
        match *self {
            Self::Constant(value) => value,
            Self::Linear { from, to, steps } => from + (to - from) * progress(steps),
            Self::CosineBurnIn { from, to, steps } => {
                // Both ends are hit to the bit.
                match progress(steps) {
                    1.0 => to,
                    progress => {
                        let left = (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0;
                        to + (from - to) * left
                    }
                }
            }
        }
    }

    /// The same from end to end, over another number of steps.
    pub fn over(self, steps: usize) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(value),
            Self::Linear { from, to, .. } => Self::Linear { from, to, steps },
            Self::CosineBurnIn { from, to, .. } => Self::CosineBurnIn { from, to, steps },
        }
    }

    /// Its first and its last value, between which all others lie.
    pub fn ends(&self) -> [f64; 2] {
        match *self {
            Self::Constant(value) => [value, value],
            Self::Linear { from, to, .. } | Self::CosineBurnIn { from, to, .. } => [from, to],
        }
    }

    /// Refuses a schedule that leaves the range described by `requirement`.
    #[cfg(feature = "training")]
    pub(crate) fn check(
        &self,
        field: &'static str,
        allowed: impl Fn(f64) -> bool,
        requirement: &'static str,
    ) -> Result<(), GanError> {
        match self.ends().into_iter().find(|end| !allowed(*end)) {
            Some(end) => Err(GanError::config(field, end, requirement)),
            None => Ok(()),
        }
    }
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}
