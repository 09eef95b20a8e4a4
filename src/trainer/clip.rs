//! Weight clipping, the first Lipschitz constraint of the Wasserstein GAN.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

/// Bounds every trainable weight to [-`bound`, `bound`] (Arjovsky et al. 2017, algorithm 1, line 7).
pub(super) fn clip_weights<M: Module>(module: M, bound: f64) -> M {
    module.map(&mut Clip { bound })
}

struct Clip {
    bound: f64,
}

impl ModuleMapper for Clip {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Running statistics come by here too and are no weights.
        if !param.is_require_grad() {
            return param;
        }
        let bound = self.bound;
        param.map(|weight| {
            weight
                .without_autodiff()
                .clamp(-bound, bound)
                .autodiff()
                .require_grad()
        })
    }
}
