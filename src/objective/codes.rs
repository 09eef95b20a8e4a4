//! [`CodeReconstruction`]: the codes of an InfoGAN, read back from its samples.

use burn::tensor::Tensor;

use super::auxiliary_classifier::class_cross_entropy;
use super::{Objective, Round, Terms};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::model::Codes;
use crate::network::{Discriminator, Generator};
use crate::objective_error::ObjectiveError;

/// The variational bound on the mutual information between the codes in the latent vectors and the generated samples:
/// both players minimise `-log Q(c|G(z, c))`, the cross-entropy of the categorical code and half the squared error of
/// each continuous one.
///
/// `Q` is the auxiliary outputs `[N, categories + continuous]` of the discriminator
/// ([`Outputs::auxiliary`](crate::Outputs::auxiliary)): the logits of the categories, then the estimates of the
/// continuous codes. The generator is a [`CodedGenerator`](crate::model::CodedGenerator) of the same codes. The paper's
/// weight is 1 for a categorical code and smaller for continuous ones (section 6), which is `continuous_weight` here.
///
/// Source: Chen et al. 2016, "InfoGAN", equations 5 and 6. `Q` is a Gaussian of variance 1 for continuous codes here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeReconstruction {
    /// The codes.
    pub codes: Codes,
    /// Factor on the squared errors of the continuous codes.
    pub continuous_weight: f64,
}

impl CodeReconstruction {
    /// These codes, with a factor of 0.1 on the continuous ones.
    pub fn new(codes: Codes) -> Self {
        Self {
            codes,
            continuous_weight: 0.1,
        }
    }

    fn terms<const D: usize, G, N, C>(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError>
    where
        G: Generator<D, C>,
        N: Discriminator<D, C>,
    {
        let missing = ObjectiveError::NoAuxiliaryOutputs {
            objective: "the reconstruction of codes",
        };
        let outputs = round.generated_outputs()?.auxiliary.clone();
        let outputs = outputs.ok_or(missing)?;
        let [count, _] = round.latent.dims();
        let Codes {
            categories,
            continuous,
            ..
        } = self.codes;
        let expected = [count, categories + continuous];
        ShapeError::check(
            "auxiliary outputs of the discriminator",
            &expected,
            &outputs.dims(),
        )?;
        let mut terms = Terms::none();
        if categories > 0 {
            let logits = outputs.clone().narrow(1, 0, categories);
            let category = self.codes.category(round.latent.clone());
            terms = terms + Terms::of("categorical_code", class_cross_entropy(logits, category));
        }
        if continuous > 0 {
            let estimates = outputs.narrow(1, categories, continuous);
            let codes = self.codes.continuous(round.latent.clone());
            let errors: Tensor<1> = (estimates - codes).square().sum_dim(1).squeeze_dim(1) * 0.5;
            terms = terms + Terms::of("continuous_code", errors) * self.continuous_weight;
        }
        Ok(terms)
    }
}

impl<const D: usize, G, N, C> Objective<D, G, N, C> for CodeReconstruction
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        self.terms(round)
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        self.terms(round)
    }
}
