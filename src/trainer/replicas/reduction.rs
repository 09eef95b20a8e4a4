//! What the replicas found, brought together on the training device: gradients and running statistics.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use crate::module_tree::{ModulePath, follow_path};
use crate::trainer::micro_batch::Part;

/// The gradients of a network in the order of its parameters, flat; `None` of a parameter without one.
pub(super) type FlatGradients = Vec<Option<Tensor<1>>>;

/// Running statistics and other buffers by path, flat.
pub(super) type Buffers = BTreeMap<String, Tensor<1>>;

/// The sum of the gradients of all replicas, each its share of the whole batch's, added up in the order of their ranks: the same
/// bits, whichever replica is done first.
///
/// This is the one place that knows how gradients of several devices become one. It takes them to the training device and
/// adds them up there; Burn 0.23 has `Tensor::all_reduce` for every backend.
pub(super) fn reduced<M: Module>(
    network: &M,
    ranks: Vec<Option<FlatGradients>>,
) -> GradientsParams {
    let mut sum = GradientsAccumulator::new();
    for gradients in ranks.into_iter().flatten() {
        sum.accumulate(network, from_flat(network, gradients));
    }
    sum.grads()
}

/// The gradients of a network, flat.
pub(super) fn to_flat(network: &impl Module, gradients: GradientsParams) -> FlatGradients {
    let mut flatten = Flatten {
        gradients,
        flat: Vec::new(),
    };
    network.visit(&mut flatten);
    flatten.flat
}

struct Flatten {
    gradients: GradientsParams,
    flat: FlatGradients,
}

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.remove::<D>(param.id);
        self.flat.push(gradient.map(flat));
    }
}

fn from_flat(network: &impl Module, gradients: FlatGradients) -> GradientsParams {
    let mut unflatten = Unflatten {
        flat: gradients.into_iter(),
        gradients: GradientsParams::new(),
    };
    network.visit(&mut unflatten);
    unflatten.gradients
}

struct Unflatten {
    flat: std::vec::IntoIter<Option<Tensor<1>>>,
    gradients: GradientsParams,
}

impl ModuleVisitor for Unflatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(Some(gradient)) = self.flat.next() {
            let shape = param.val().dims();
            self.gradients.register(param.id, gradient.reshape(shape));
        }
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let count = tensor.shape().num_elements();
    tensor.reshape([count])
}

/// The buffers of a network in training, such as running statistics, as its last pass left them.
pub(super) fn buffers<M: Module>(network: &M) -> Buffers {
    let mut found = FindBuffers::default();
    // This brings pending updates of running statistics in.
    network.valid().train().visit(&mut found);
    found.buffers
}

#[derive(Default)]
struct FindBuffers {
    path: ModulePath,
    buffers: Buffers,
}

impl ModuleVisitor for FindBuffers {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            let value = flat(param.val().without_autodiff());
            self.buffers.insert(self.path.key(), value);
        }
    }
}

/// A network whose buffers have moved as those of the replicas did, each by the share of its part in the batch:
/// `b + sum_r w_r (b_r - b)`. A buffer that no replica has changed stays as it is, to the bit.
pub(super) fn merged<M: Module>(network: &M, ranks: Vec<Buffers>, parts: &[Part]) -> Option<M> {
    if ranks.iter().all(BTreeMap::is_empty) {
        return None;
    }
    let mut merge = Merge {
        path: ModulePath::default(),
        ranks: ranks.into_iter().zip(parts).collect(),
    };
    // A valid module has buffers of its own: what is mapped is not the original's.
    Some(network.valid().map(&mut merge).train())
}

struct Merge<'a> {
    path: ModulePath,
    ranks: Vec<(Buffers, &'a Part)>,
}

impl ModuleMapper for Merge<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.key();
        let ranks = self.ranks.iter_mut();
        let found = ranks.filter_map(|(buffers, part)| Some((buffers.remove(&path)?, *part)));
        let found: Vec<(Tensor<1>, &Part)> = found.collect();
        if found.is_empty() {
            return param;
        }
        param.map(|before| {
            let shape = before.dims();
            if let [(alone, _)] = &found[..] {
                return alone.clone().reshape(shape);
            }
            let moved = found.into_iter().map(|(after, part)| {
                let difference = after.reshape(shape) - before.clone();
                difference * part.weight()
            });
            moved.fold(before.clone(), |sum, moved| sum + moved)
        })
    }
}
