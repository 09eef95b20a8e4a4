//! Spectral normalisation of weights.

use burn::module::{
    Module, ModuleMapper, ModuleVisitor, Param, Reparameterization, Reparameterizer,
};
use burn::tensor::{Device, Tensor};

use super::parameter::replace;
use crate::random::Stream;

/// Power iterations with which a vector starts, and after its weights were replaced or redrawn.
pub(super) const WARM_UP: usize = 100;
/// Below this a norm counts as 0.
const TINY: f64 = 1e-12;

/// Divides a weight by its largest singular value (Miyato et al. 2018, section 2.1 and algorithm 1), so that the
/// layer stretches no direction by more than 1.
///
/// It belongs to the parameter that it normalises, as a reparameterization of Burn's: `Param::base` is the trained
/// weight `W`, a matrix `[rows, columns]` where all axes behind the first count as columns, and `Param::val` is
/// `W / sigma`. Both are saved, loaded and moved together, whatever the layer and its fields are called. The layers of
/// this module take it by `with_spectral_norm(true)`, any other module by [`apply_spectral_norm`].
///
/// `sigma = |W v|`, where the unit vector `v` is the right singular vector as far as power iterations have found it. It
/// counts as a constant: the gradient flows through both `W` of `W / sigma`, and `v` is saved with the weights but not
/// trained. A forward pass never moves it, so that all passes of a step see the same layer:
/// [`advance_spectral_norms`] does, once after each step of the weights.
///
/// `|W v|` is never above the largest singular value. The Frobenius norm over `sqrt(min(rows, columns))` is never above
/// it either, and `sigma` is the larger of the two. For a vector that fits its weight the bound changes nothing; one
/// that does not, as after weights were replaced by a mapper, leaves a layer that stretches no direction by more than
/// `sqrt(min(rows, columns))`.
///
/// Burn's `Param::map` on the parameter itself drops a reparameterization; `Module::map` keeps it.
#[derive(Module, Debug)]
pub struct SpectralNorm {
    /// `v`, `[columns]`, of length 1.
    pub right: Param<Tensor<1>>,
}

impl Reparameterization for SpectralNorm {
    const NAME: &'static str = "spectral_norm";

    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        let matrix = as_matrix(base.clone());
        let [rows, columns] = matrix.dims();
        let right = self.right.val().detach().reshape([columns, 1]);
        let estimate = squared_norm(matrix.clone().matmul(right));
        let bound = squared_norm(matrix) / rows.min(columns) as f64;
        // What is added keeps a weight of 0 at 0, with a finite gradient.
        let sigma = (estimate.max_pair(bound) + TINY * TINY).sqrt();
        base / sigma.reshape([1; D])
    }
}

impl SpectralNorm {
    /// A direction drawn from `stream`, after 100 power iterations on this weight.
    fn new(weight: Tensor<2>, device: &Device, stream: &mut Stream) -> Self {
        let [_, columns] = weight.dims();
        let start = unit(stream.normal([columns, 1], &weight.device()));
        let right = flat(advance(start, &weight, WARM_UP));
        let right = if device.is_autodiff() {
            right.autodiff()
        } else {
            right
        };
        Self {
            right: Param::from_tensor(right).set_require_grad(false),
        }
    }

    /// The same after 100 power iterations on another weight.
    fn moved_to(self, weight: &Tensor<2>) -> Self {
        Self {
            right: moved(self.right, weight, WARM_UP),
        }
    }
}

/// Attaches spectral normalisation to every float parameter of a module that has two axes or more: to a layer or
/// network of Burn's or of the user's own. Biases and other vectors stay as they are.
///
/// The vectors start from directions drawn from `stream`. A parameter that has a reparameterization already keeps that
/// one. In a loop of your own, call [`advance_spectral_norms`] after each step of the weights; this crate's trainer
/// does so for the discriminator.
///
/// ```
/// use burn::{nn::LinearConfig, prelude::*};
/// use burn_gan::nn::apply_spectral_norm;
/// use burn_gan::random::{Purpose, Stream};
///
/// let device = Device::flex();
/// let mut stream = Stream::new(1, Purpose::Weights, 0);
/// let layer = apply_spectral_norm(LinearConfig::new(4, 1).init(&device), &mut stream);
/// // A matrix of one column has one singular value, its length.
/// let length = layer.weight.val().square().sum().sqrt().into_scalar::<f32>();
/// assert!((length - 1.0).abs() < 1e-5);
/// ```
pub fn apply_spectral_norm<M: Module>(module: M, stream: &mut Stream) -> M {
    module.apply_reparameterization(Attach(|weight: Tensor<2>, device: &Device| {
        SpectralNorm::new(weight, device, stream)
    }))
}

/// A weight that is normalised where `wanted`.
pub(super) fn normalized_weight(
    wanted: bool,
    weight: Param<Tensor<2>>,
    stream: &mut Stream,
) -> Param<Tensor<2>> {
    if wanted {
        apply_spectral_norm(weight, stream)
    } else {
        weight
    }
}

/// Puts a new value into a weight; where it is normalised, the vector follows.
pub(super) fn replace_weight(weight: Param<Tensor<2>>, value: Tensor<2>) -> Param<Tensor<2>> {
    let norm = weight.reparameterization::<SpectralNorm>().cloned();
    let weight = replace(weight, value);
    match norm {
        Some(norm) => {
            let follow = |weight: Tensor<2>, _: &Device| norm.clone().moved_to(&weight);
            weight.apply_reparameterization(Attach(follow))
        }
        None => weight,
    }
}

/// Puts another vector into the normalisation of a weight, where it is normalised.
pub(super) fn replace_right(weight: Param<Tensor<2>>, right: Tensor<1>) -> Param<Tensor<2>> {
    let Some(norm) = weight.reparameterization::<SpectralNorm>().cloned() else {
        return weight;
    };
    // Burn attaches one where there is none yet, and a replaced parameter has none.
    let value = weight.base();
    let given = |_: Tensor<2>, _: &Device| SpectralNorm {
        right: replace(norm.right.clone(), right.clone()),
    };
    replace(weight, value).apply_reparameterization(Attach(given))
}

/// Does `iterations` power iterations on the vector of every [`SpectralNorm`] in a module, and leaves everything else
/// alone.
///
/// Call it after each step of the optimiser: one iteration is enough where weights move slowly (Miyato et al. 2018,
/// section 2.1). Identities and devices stay.
pub fn advance_spectral_norms<M: Module>(module: M, iterations: usize) -> M {
    module.map(&mut Advance {
        iterations,
        weight: None,
        in_norm: false,
    })
}

/// Whether a module has a weight with spectral normalisation.
pub fn has_spectral_norm<M: Module>(module: &M) -> bool {
    let mut search = Search(false);
    module.visit(&mut search);
    search.0
}

/// Whether a visitor enters the [`SpectralNorm`] of the parameter that it has just seen. The container is Burn's name
/// for what is attached to a parameter; a struct's would be `Struct:` and its type.
fn is_spectral_norm(name: &str, container: &str) -> bool {
    name == SpectralNorm::NAME && container == "Reparameterization"
}

struct Search(bool);

impl ModuleVisitor for Search {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.0 |= is_spectral_norm(name, container);
    }
}

/// Attaches what a function of the weight, as a matrix without autodiff, and of its device gives.
struct Attach<F>(F);

impl<F: FnMut(Tensor<2>, &Device) -> SpectralNorm> Reparameterizer for Attach<F> {
    type Reparam = SpectralNorm;

    fn reparameterize<const D: usize>(
        &mut self,
        _path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<SpectralNorm>) {
        if D < 2 {
            return (param, None);
        }
        let weight = as_matrix(param.base().without_autodiff());
        let norm = (self.0)(weight, &param.lazy_device());
        (param, Some(norm))
    }
}

/// Walks a module. Burn maps a parameter first and then what is attached to it.
struct Advance {
    iterations: usize,
    /// The last parameter, as a matrix without autodiff.
    weight: Option<Tensor<2>>,
    in_norm: bool,
}

impl ModuleMapper for Advance {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.in_norm |= is_spectral_norm(name, container);
    }

    fn exit_module(&mut self, name: &str, container: &str) {
        self.in_norm &= !is_spectral_norm(name, container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.in_norm {
            self.weight = (D >= 2).then(|| as_matrix(param.val().without_autodiff()));
            return param;
        }
        match &self.weight {
            Some(weight) if self.iterations > 0 => moved(param, weight, self.iterations),
            _ => param,
        }
    }
}

/// A vector after power iterations on its weight.
fn moved<const D: usize>(
    right: Param<Tensor<D>>,
    weight: &Tensor<2>,
    iterations: usize,
) -> Param<Tensor<D>> {
    let shape = right.dims();
    let [_, columns] = weight.dims();
    let column = right.val().without_autodiff().reshape([columns, 1]);
    let column = advance(column, weight, iterations);
    replace(right, column.reshape(shape))
}

/// `right = W^T W right`, scaled to length 1. A product of 0 leaves it as it was.
fn advance(right: Tensor<2>, weight: &Tensor<2>, iterations: usize) -> Tensor<2> {
    (0..iterations).fold(right, |right, _| {
        let left = unit(weight.clone().matmul(right.clone()));
        let product = weight.clone().transpose().matmul(left);
        let is_zero = norm(&product).lower_elem(TINY).float();
        unit(product) * (is_zero.clone().neg() + 1.0) + right * is_zero
    })
}

/// `x` at length 1; 0 stays 0.
pub(super) fn unit(x: Tensor<2>) -> Tensor<2> {
    let norm = norm(&x).clamp_min(TINY);
    x / norm
}

/// The length of a column, `[1, 1]`.
fn norm(x: &Tensor<2>) -> Tensor<2> {
    squared_norm(x.clone()).sqrt()
}

/// The sum of squares, `[1, 1]`, axis by axis: Burn's parallel sum of everything has no fixed order.
fn squared_norm(x: Tensor<2>) -> Tensor<2> {
    x.square().sum_dim(0).sum_dim(1)
}

fn flat(column: Tensor<2>) -> Tensor<1> {
    let [rows, _] = column.dims();
    column.reshape([rows])
}

/// The first axis as rows, all others as columns.
fn as_matrix<const D: usize>(weight: Tensor<D>) -> Tensor<2> {
    let shape = weight.dims();
    weight.reshape([shape[0], shape[1..].iter().product()])
}
