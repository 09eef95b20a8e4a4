//! [`LeCam`]: logits near those that samples of the other kind had in the steps before.

use super::{Objective, Round, Terms};
use crate::errors::ConfigError;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};

/// LeCam regularisation: `(D(x) - a_F)^2 + (D(G(z)) - a_R)^2` for the discriminator, where `a_R` and `a_F` are moving
/// averages of its mean logits of real and of generated samples over the steps before.
///
/// It draws the logits of real samples towards those of generated ones, and the other way round, and so keeps a
/// discriminator of little data from being sure of itself. The weight depends on the loss and the network: 0.3 for BigGAN
/// and the hinge loss on CIFAR-10 in the authors' released code. That code starts the term later, leaves out differences of the
/// unusual sign (`D(x) < a_F`, `D(G(z)) > a_R`), and takes the present step into the averages first.
///
/// ```
/// use burn_gan::loss::Hinge;
/// use burn_gan::objective::{Adversarial, LeCam};
///
/// let objective = Adversarial(Hinge) + LeCam::default() * 0.3;
/// ```
///
/// Source: Tseng et al. 2021, "Regularizing generative adversarial networks under limited data".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeCam {
    decay: f64,
}

impl LeCam {
    /// With averages that keep this share of themselves in a step, from 0 up to but not 1.
    ///
    /// # Errors
    /// For a decay out of its range.
    pub fn new(decay: f64) -> Result<Self, ConfigError> {
        if (0.0..1.0).contains(&decay) {
            Ok(Self { decay })
        } else {
            let requirement = "must be at least 0 and below 1";
            Err(ConfigError::new("LeCam decay", decay, requirement))
        }
    }
}

impl Default for LeCam {
    /// With the paper's decay, 0.99.
    fn default() -> Self {
        Self { decay: 0.99 }
    }
}

impl<const D: usize, G, N, C> Objective<D, G, N, C> for LeCam
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let real = round.real_outputs()?.logits.clone();
        let generated = round.generated_outputs()?.logits.clone();
        let a_r = round.moving_average("lecam.real", real.clone().mean(), self.decay);
        let a_f = round.moving_average("lecam.generated", generated.clone().mean(), self.decay);
        let distances = (real - a_f).square() + (generated - a_r).square();
        Ok(Terms::of("lecam", distances))
    }
}
