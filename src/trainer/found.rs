//! What the parts of a batch give in one half of a step, whichever network learns.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::micro_batch::Part;
use super::reported::Reported;
use crate::objective::{Terms, Tracked};

/// What a part of a batch gives.
pub(super) struct Found {
    pub terms: Terms,
    /// The weighted sum of the terms, without autodiff.
    pub loss: Option<Tensor<1>>,
    pub tracked: Vec<Tracked>,
    /// Its share of those of the whole batch; `None` of no terms.
    pub gradients: Option<GradientsParams>,
}

impl Found {
    /// Takes the gradients of a network: `total` is what is back-propagated, `loss` what is reported.
    pub fn new(
        network: &impl Module,
        part: &Part,
        terms: Terms,
        loss: Option<Tensor<1>>,
        total: Option<Tensor<1>>,
        tracked: Vec<Tracked>,
    ) -> Self {
        let gradients = total.map(|total| {
            let found = part.share(total).backward();
            GradientsParams::from_grads(found, network)
        });
        Self {
            terms,
            loss: loss.map(Tensor::without_autodiff),
            tracked,
            gradients,
        }
    }
}

/// What all parts gave, but for the gradients.
#[derive(Default)]
pub(super) struct FoundInBatch {
    pub reported: Reported,
    pub tracked: Vec<Tracked>,
}

impl FoundInBatch {
    /// Takes in what a part gave; returns its gradients, where it has any.
    pub fn add(&mut self, part: &Part, found: Found) -> Option<GradientsParams> {
        self.reported.add(&found.terms, found.loss);
        self.tracked.extend(part.of_tracked(found.tracked));
        found.gradients
    }
}
