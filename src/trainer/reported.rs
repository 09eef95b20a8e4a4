//! The terms of an objective over the parts of a batch, as a report has them.

use burn::tensor::Tensor;

use super::micro_batch::{Part, mean_of_parts};
use crate::objective::Terms;

/// What the parts of a batch gave, one after the other.
#[derive(Default)]
pub(super) struct Reported {
    losses: Vec<Tensor<1>>,
    /// The name of each term and its mean over each part.
    terms: Vec<(String, Vec<Tensor<1>>)>,
}

impl Reported {
    /// Takes in the terms of a part and their weighted sum, where there are any.
    pub fn add(&mut self, terms: &Terms, total: Option<Tensor<1>>) {
        self.losses.extend(total);
        for (index, term) in terms.iter().enumerate() {
            if self.terms.len() == index {
                self.terms.push((term.name.to_string(), Vec::new()));
            }
            self.terms[index]
                .1
                .push(term.loss.clone().without_autodiff());
        }
    }

    /// The mean loss over the batch; `None` of no terms.
    pub fn loss(&self, parts: &[Part]) -> Option<Tensor<1>> {
        (!self.losses.is_empty()).then(|| mean_of_parts(self.losses.clone(), parts))
    }

    /// The mean of each term over the batch, where there are several: a single one is the loss.
    pub fn terms(self, parts: &[Part]) -> Vec<(String, Tensor<1>)> {
        if self.terms.len() < 2 {
            return Vec::new();
        }
        let means = self.terms.into_iter();
        means
            .map(|(name, means)| (name, mean_of_parts(means, parts)))
            .collect()
    }
}
