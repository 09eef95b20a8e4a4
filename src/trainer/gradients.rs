//! A player's gradients: their norm over all parameters, and a bound on it.

use std::collections::HashSet;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{DType, FloatDType, Tensor, TensorData};

use crate::kernel;
use crate::module_tree::module_device;

/// Gradients to step by, and the norm that they had before they were bounded, `[1]`.
pub(super) struct Bounded {
    pub gradients: GradientsParams,
    pub norm: Tensor<1>,
}

/// Scales all gradients of a module by `min(1, bound / norm)`, `norm` the Euclidean norm over all of them (Pascanu
/// et al. 2013, algorithm 1). Without a bound they stay as they are.
///
/// Gradients whose norm is not finite become NaN.
pub(super) fn bound_norm<M: Module>(
    module: &M,
    gradients: GradientsParams,
    bound: Option<f64>,
) -> Bounded {
    let norm = global_norm(module, &gradients);
    let gradients = match bound {
        Some(bound) => scale(module, gradients, factor(norm.clone(), bound)),
        None => gradients,
    };
    Bounded { gradients, norm }
}

/// `min(1, bound / norm)`, NaN where the norm is not finite: `bound / inf` would be a factor of 0, which would pass off
/// a step that overflowed as one with nothing to learn.
fn factor(norm: Tensor<1>, bound: f64) -> Tensor<1> {
    let overflowed = norm.clone().is_finite().bool_not();
    (norm.recip() * bound)
        .clamp_max(1.0)
        .mask_fill(overflowed, f32::NAN)
}

/// The Euclidean norm over all gradients of a module, `[1]`; summed in the order of the module, so that it has the
/// same bits from run to run.
fn global_norm<M: Module>(module: &M, gradients: &GradientsParams) -> Tensor<1> {
    let mut squares = Squares {
        gradients,
        seen: HashSet::new(),
        on_host: 0.0,
        on_device: Vec::new(),
    };
    module.visit(&mut squares);
    let device = module_device(module).without_autodiff();
    let on_host = root(squares.on_host);
    if squares.on_device.is_empty() {
        return Tensor::from_data(TensorData::from([on_host]), (&device, DType::F32));
    }
    let mut sums = squares.on_device;
    if on_host != 0.0 {
        let square = Tensor::<1>::from_floats([on_host], &device).square();
        sums.push(square.cast(FloatDType::from(sums[0].dtype())));
    }
    Tensor::cat(sums, 0).sum().sqrt()
}

/// The square root of a sum of squares, infinite where the sum does not fit into single precision: what gradients so
/// long do to an optimiser that squares them would not be seen in a norm that fits.
fn root(sum_of_squares: f64) -> f32 {
    if sum_of_squares > f64::from(f32::MAX) {
        f32::INFINITY
    } else {
        sum_of_squares.sqrt() as f32
    }
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    /// A parameter that two layers share counts once.
    seen: HashSet<ParamId>,
    /// Of the gradients that a kernel sums up.
    on_host: f64,
    /// Of the others.
    on_device: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.seen.insert(param.id) {
            return;
        }
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        match kernel::sum_of_squares(&gradient) {
            Some(sum) => self.on_host += sum,
            None => self.on_device.push(sum_in_order(gradient.square())),
        }
    }
}

/// A sum with the same bits from run to run, `[1]`: axis by axis, because Burn's sum of millions of elements at
/// once adds up what its threads found as they finish.
fn sum_in_order<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    (0..D)
        .rev()
        .fold(tensor, |sum, axis| sum.sum_dim(axis))
        .reshape([1])
}

/// All gradients of a module times one number, `[1]`.
fn scale<M: Module>(module: &M, gradients: GradientsParams, factor: Tensor<1>) -> GradientsParams {
    let mut scale = Scale {
        factor,
        from: gradients,
        to: GradientsParams::new(),
    };
    module.visit(&mut scale);
    scale.to
}

struct Scale {
    factor: Tensor<1>,
    from: GradientsParams,
    to: GradientsParams,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.from.remove::<D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.to.register(param.id, gradient * factor);
        }
    }
}
