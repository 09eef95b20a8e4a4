//! [`L1`]: generated samples beside their real partners.

use super::{Objective, Round, Terms};
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};

/// The mean absolute difference between each generated sample and the real sample of the same condition, for the
/// generator: of use where the condition all but decides the sample, as in translation of paired images.
///
/// Source: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", equation 3; there the
/// weight is 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct L1;

impl<const D: usize, G, N, C> Objective<D, G, N, C> for L1
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let [count, values] = {
            let shape = round.generated.dims();
            [shape[0], shape[1..].iter().product()]
        };
        let difference = (round.generated.clone() - round.real.clone()).abs();
        let means = difference.reshape([count, values]).mean_dim(1);
        Ok(Terms::of("l1", means.squeeze_dim(1)))
    }
}
