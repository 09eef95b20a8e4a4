//! Which losses have labels to smooth.

use serde::{Deserialize, Serialize};

use super::{AdversarialLoss, LeastSquares, Minimax, NonSaturating};
use crate::errors::ConfigError;

/// The losses that have a label for real samples; see [`Loss::Smoothed`](super::Loss::Smoothed).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LabelledLoss {
    /// See [`Minimax`].
    Minimax,
    /// See [`NonSaturating`].
    NonSaturating,
    /// See [`LeastSquares`].
    LeastSquares,
}

impl LabelledLoss {
    /// The loss with this label for real samples.
    pub(super) fn build(self, real_label: f64) -> Result<Box<dyn AdversarialLoss>, ConfigError> {
        if !(real_label > 0.5 && real_label <= 1.0) {
            let requirement = "must be in (1/2, 1]";
            return Err(ConfigError::new("real_label", real_label, requirement));
        }
        Ok(match self {
            Self::Minimax => Box::new(Minimax { real_label }),
            Self::NonSaturating => Box::new(NonSaturating { real_label }),
            Self::LeastSquares => Box::new(LeastSquares { real_label }),
        })
    }
}
