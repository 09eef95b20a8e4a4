//! [`AuxiliaryClassifier`] and [`RealClassifier`]: the classes of samples.

use burn::tensor::{Int, Tensor};

use super::{Objective, Round, Terms};
use crate::batch::{Condition, Labels};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator, Outputs};
use crate::objective_error::ObjectiveError;

/// Its name in errors.
const NAME: &str = "an auxiliary classifier";

/// The cross-entropy of the discriminator's class logits, of its real samples and of its generated ones; the generator
/// minimises that of its samples as well.
///
/// The class logits are the auxiliary outputs `[N, classes]` of the discriminator
/// ([`Outputs::auxiliary`]), which estimates P(y|x); the labels are the condition.
///
/// Where the data's classes overlap, the generator is drawn away from the overlap: the cross-entropy of its samples is
/// also the lower, the more clearly each is of its class (Gong et al. 2019, "Twin auxiliary classifiers GAN"). The page
/// [Theory](crate::guide::theory) says why. A smaller weight of this objective makes that less.
///
/// Source: Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs", section 3, `L_C`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuxiliaryClassifier;

impl<const D: usize, G, N, C> Objective<D, G, N, C> for AuxiliaryClassifier
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(RealClassifier.discriminator(round)? + self.generator(round)?)
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let labels = labels(&round.condition)?;
        let generated = cross_entropy(round.generated_outputs()?, &labels)?;
        Ok(Terms::of("classes_generated", generated))
    }
}

/// [`AuxiliaryClassifier`] whose discriminator learns the classes of real samples alone.
///
/// A discriminator that also learns to name the asked class of generated samples agrees with the generator on whatever that
/// draws for it. Without that the generator has to draw what makes real samples of the class recognisable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RealClassifier;

impl<const D: usize, G, N, C> Objective<D, G, N, C> for RealClassifier
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let labels = labels(&round.condition)?;
        let real = cross_entropy(round.real_outputs()?, &labels)?;
        Ok(Terms::of("classes_real", real))
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        AuxiliaryClassifier.generator(round)
    }
}

fn labels<C: Condition>(condition: &C) -> Result<Labels, GanError> {
    let missing = ObjectiveError::NoLabels { objective: NAME };
    condition.labels().ok_or_else(|| missing.into())
}

/// `-log P(y|x)`, `[N]`.
fn cross_entropy(outputs: &Outputs, labels: &Labels) -> Result<Tensor<1>, GanError> {
    let missing = ObjectiveError::NoAuxiliaryOutputs { objective: NAME };
    let logits = outputs.auxiliary.as_ref().ok_or(missing)?;
    let [count, _] = logits.dims();
    ShapeError::check("labels", &[count], &labels.dims())?;
    Ok(class_cross_entropy(logits.clone(), labels.clone()))
}

/// `log sum_k exp(l_k) - l_y` of the class logits `[N, classes]`, `[N]`.
pub(super) fn class_cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    burn::tensor::activation::log_softmax(logits, 1)
        .gather(1, labels.unsqueeze_dim(1))
        .squeeze_dim::<1>(1)
        .neg()
}
