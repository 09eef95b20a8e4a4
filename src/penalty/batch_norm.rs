//! Batch normalisation has no place in a penalised discriminator.

use burn::module::{Module, ModuleVisitor};

use super::PenaltyError;
use crate::module_tree::ModulePath;

/// Refuses a discriminator with batch normalisation anywhere in its module tree, this crate's (conditional or not) or Burn's.
///
/// Batch normalisation makes each logit depend on the whole batch, so that "the gradient of a sample's logit"
/// means nothing (Gulrajani et al. 2017, section 4).
///
/// # Errors
/// [`PenaltyError::BatchNorm`] with the path of the first such layer.
pub fn refuse_batch_norm(discriminator: &impl Module) -> Result<(), PenaltyError> {
    let mut search = Search::default();
    discriminator.visit(&mut search);
    match search.found {
        Some(path) => Err(PenaltyError::BatchNorm { path }),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Search {
    path: ModulePath,
    found: Option<String>,
}

impl ModuleVisitor for Search {
    /// `container` is the type that has the field `name`.
    fn enter_module(&mut self, name: &str, container: &str) {
        let is_batch_norm = matches!(
            container,
            "Struct:BatchNorm" | "Struct:ConditionalBatchNorm"
        );
        if is_batch_norm && self.found.is_none() {
            self.found = Some(self.path.key());
        }
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }
}
