//! [`Schedule`]: a hyper-parameter that changes over a run.

// Burn has its schedulers with `std` only.
#[cfg(all(feature = "training", feature = "std"))]
mod burns;
mod function;

#[cfg(all(feature = "training", feature = "std"))]
pub use burns::BurnSchedule;
pub use function::NamedFunction;

use serde::{Deserialize, Serialize};

#[cfg(feature = "training")]
use crate::errors::ConfigError;

/// A number as a function of the step, which alone decides it: a resumed run needs no state of it.
///
/// ```
/// use burn_gan::Schedule;
///
/// let schedule = Schedule::CosineBurnIn { from: 2.0, to: 0.2, steps: 100 };
/// assert_eq!(schedule.at(0), 2.0);
/// assert_eq!(schedule.at(50), 1.1);
/// assert_eq!(schedule.at(1000), 0.2);
///
/// // A function of your own, by a name that a checkpoint can record:
/// let sawtooth = Schedule::function("sawtooth", |step| 1.0 - (step % 10) as f64 / 10.0);
/// assert_eq!(sawtooth.at(15), 0.5);
/// ```
///
/// Burn's learning-rate schedulers come in by their configurations:
///
/// ```
/// use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
/// use burn_gan::Schedule;
///
/// let halving = Schedule::burn(ExponentialLrSchedulerConfig::new(1.0, 0.5))?;
/// assert_eq!(halving.at(3), 0.125);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Linear warm-up, then another schedule, whose step 0 is step `steps`: step `t` before it has
    /// `(t + 1) / (steps + 1)` of that schedule's first value, so that no step has 0.
    WarmUp {
        /// How many steps the warm-up takes.
        steps: usize,
        /// What follows.
        then: Box<Schedule>,
    },
    /// Step decay: multiplied by `factor` after every so many steps, `from * factor^(step / every)`, the quotient
    /// rounded down.
    StepDecay {
        /// The first value.
        from: f64,
        /// What it is multiplied by.
        factor: f64,
        /// Steps from one multiplication to the next, at least 1.
        every: usize,
    },
    /// One of Burn's learning-rate schedulers; see [`Schedule::burn`].
    #[cfg(all(feature = "training", feature = "std"))]
    Burn(BurnSchedule),
    /// A function of the user's own; see [`Schedule::function`].
    Function(NamedFunction),
}

impl Schedule {
    /// A function of the step. Checkpoints and configuration files hold its name alone: a run goes on only with a
    /// schedule of the same name, and a file with a function in it is written but not read.
    pub fn function(
        name: impl Into<String>,
        function: impl Fn(usize) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::Function(NamedFunction::new(name, function))
    }

    /// One of Burn's learning-rate schedulers, such as `NoamLrSchedulerConfig::new(1.0)`: step `t` has what the
    /// `t + 1`-th call of its `step` gives. As a factor on learning rates it starts at 1 where its own initial
    /// rate is 1.
    ///
    /// # Errors
    /// A configuration that Burn refuses, with what Burn says of it.
    #[cfg(all(feature = "training", feature = "std"))]
    pub fn burn(
        config: impl Into<burn::lr_scheduler::LrSchedulerConfig>,
    ) -> Result<Self, ConfigError> {
        BurnSchedule::new(config.into()).map(Self::Burn)
    }

    /// The value at a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Linear { from, to, steps } => from + (to - from) * progress(step, *steps),
            Self::CosineBurnIn { from, to, steps } => {
                let progress = progress(step, *steps);
                // Both ends are hit to the bit.
                if progress == 1.0 {
                    *to
                } else {
                    let left = (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0;
                    to + (from - to) * left
                }
            }
            Self::WarmUp { steps, then } => {
                if step < *steps {
                    then.at(0) * (step as f64 + 1.0) / (*steps as f64 + 1.0)
                } else {
                    then.at(step - steps)
                }
            }
            Self::StepDecay {
                from,
                factor,
                every,
            } => {
                let times = step.checked_div(*every).unwrap_or(0);
                from * factor.powi(i32::try_from(times).unwrap_or(i32::MAX))
            }
            #[cfg(all(feature = "training", feature = "std"))]
            Self::Burn(schedule) => schedule.at(step),
            Self::Function(function) => function.at(step),
        }
    }

    /// The same from end to end, over another number of steps: a warm-up and what follows it keep their shares.
    ///
    /// A step decay, one of Burn's schedulers or a function has no end, and stays as it is.
    pub fn over(self, steps: usize) -> Self {
        let length = self.length();
        match self {
            Self::Linear { from, to, .. } => Self::Linear { from, to, steps },
            Self::CosineBurnIn { from, to, .. } => Self::CosineBurnIn { from, to, steps },
            Self::WarmUp {
                steps: before,
                then,
            } => match length {
                None => Self::WarmUp {
                    steps: before,
                    then,
                },
                Some(length) => {
                    let share = before as f64 / length.max(1) as f64;
                    let before = (share * steps as f64).round() as usize;
                    Self::WarmUp {
                        steps: before,
                        then: Box::new(then.over(steps - before.min(steps))),
                    }
                }
            },
            endless => endless,
        }
    }

    /// After how many steps it stays as it is; `None` where that is not known.
    fn length(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => Some(0),
            Self::Linear { steps, .. } | Self::CosineBurnIn { steps, .. } => Some(*steps),
            Self::WarmUp { steps, then } => Some(steps.saturating_add(then.length()?)),
            _ => None,
        }
    }

    /// Refuses a schedule that leaves the range described by `requirement`.
    ///
    /// One of Burn's schedulers and a function are asked for some of their values only: those at the steps 0, 1, 2,
    /// 4 and so on up to 65,536.
    #[cfg(feature = "training")]
    pub(crate) fn check(
        &self,
        field: &'static str,
        allowed: impl Fn(f64) -> bool,
        requirement: &'static str,
    ) -> Result<(), ConfigError> {
        if self.decays_every_0_steps() {
            return Err(ConfigError::new(field, self, "needs `every` of at least 1"));
        }
        match self.extremes().into_iter().find(|value| !allowed(*value)) {
            Some(value) => Err(ConfigError::new(field, value, requirement)),
            None => Ok(()),
        }
    }

    #[cfg(feature = "training")]
    fn decays_every_0_steps(&self) -> bool {
        match self {
            Self::StepDecay { every, .. } => *every == 0,
            Self::WarmUp { then, .. } => then.decays_every_0_steps(),
            _ => false,
        }
    }

    /// The values between which all others lie, as far as that is known.
    #[cfg(feature = "training")]
    fn extremes(&self) -> Vec<f64> {
        match self {
            Self::Constant(value) => vec![*value],
            Self::Linear { from, to, .. } | Self::CosineBurnIn { from, to, .. } => {
                vec![*from, *to]
            }
            Self::WarmUp { then, .. } => {
                let mut extremes = then.extremes();
                extremes.push(self.at(0));
                extremes
            }
            Self::StepDecay { every, .. } => vec![self.at(0), self.at(*every), self.at(usize::MAX)],
            _ => std::iter::once(0)
                .chain((0..=16).map(|power| 1 << power))
                .map(|step| self.at(step))
                .collect(),
        }
    }
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

/// How much of `steps` steps lies behind a step, in [0, 1].
fn progress(step: usize, steps: usize) -> f64 {
    if step < steps {
        step as f64 / steps as f64
    } else {
        1.0
    }
}
