//! Spectral normalisation of weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::parameter::replace;
use crate::random::Stream;

/// Power iterations with which a layer starts, and after its weights were replaced.
const WARM_UP: usize = 100;
/// Below this a norm counts as 0.
const TINY: f64 = 1e-12;

/// The singular vectors of the largest singular value of a weight matrix `W` (`[rows, columns]`), as far as
/// power iterations have found them.
///
/// A layer with spectral normalisation works with `W / sigma`, where `sigma = left^T W right` (Miyato et al.
/// 2018, algorithm 1), so that it stretches no direction by more than 1. The vectors count as constants: the
/// gradient flows through both `W` of `W / sigma`. They are saved with the weights and not trained.
///
/// A forward pass never moves them, so that all passes of a step see the same layer:
/// [`advance_spectral_norms`] does, once after each step of the weights.
#[derive(Module, Debug)]
pub struct SpectralNorm {
    /// `[rows]`, of length 1.
    pub left: Param<Tensor<1>>,
    /// `[columns]`, of length 1.
    pub right: Param<Tensor<1>>,
}

impl SpectralNorm {
    /// Starts from a direction drawn from `stream` and iterates 100 times on `weight`, a matrix or something
    /// with its rows on the first axis.
    pub fn new<const D: usize>(weight: Tensor<D>, stream: &mut Stream) -> Self {
        let device = weight.device();
        let weight = as_matrix(weight);
        let [rows, columns] = weight.dims();
        let plain = weight.device();
        let start = Vectors {
            left: unit(stream.normal([rows, 1], &plain)),
            right: unit(stream.normal([columns, 1], &plain)),
        };
        let vectors = start.advance(&weight, WARM_UP);
        Self {
            left: constant(vectors.left, &device),
            right: constant(vectors.right, &device),
        }
    }

    /// `weight / sigma`, for a weight with its rows on the first axis.
    ///
    /// Where the weight is 0 it stays 0.
    pub fn normalize<const D: usize>(&self, weight: Tensor<D>) -> Tensor<D> {
        let [rows, columns] = matrix_shape(weight.dims());
        let sigma = self
            .left
            .val()
            .reshape([1, rows])
            .matmul(weight.clone().reshape([rows, columns]))
            .matmul(self.right.val().reshape([columns, 1]));
        weight / sigma.clamp_min(TINY).reshape([1; D])
    }

    /// The same after more power iterations on another weight.
    fn moved_to<const D: usize>(self, weight: Tensor<D>) -> Self {
        let weight = as_matrix(weight);
        let vectors = self.vectors().advance(&weight, WARM_UP);
        Self {
            left: replace(self.left, flat(vectors.left)),
            right: replace(self.right, flat(vectors.right)),
        }
    }

    fn vectors(&self) -> Vectors {
        Vectors {
            left: column(&self.left),
            right: column(&self.right),
        }
    }
}

/// The weight that a layer works with: normalised where the layer says so.
pub(super) fn effective(weight: &Param<Tensor<2>>, norm: Option<&SpectralNorm>) -> Tensor<2> {
    match norm {
        Some(norm) => norm.normalize(weight.val()),
        None => weight.val(),
    }
}

/// The spectral normalisation of a fresh weight, where there is to be one.
pub(super) fn spectral_norm(
    wanted: bool,
    weight: &Param<Tensor<2>>,
    stream: &mut Stream,
) -> Option<SpectralNorm> {
    wanted.then(|| SpectralNorm::new(weight.val(), stream))
}

/// The spectral normalisation after its weight was replaced.
pub(super) fn follow(
    norm: Option<SpectralNorm>,
    weight: &Param<Tensor<2>>,
) -> Option<SpectralNorm> {
    norm.map(|norm| norm.moved_to(weight.val()))
}

/// Does `iterations` power iterations on the singular vectors of every layer with spectral normalisation.
///
/// Call it after each step of the optimiser: one iteration is enough where weights move slowly (Miyato et al.
/// 2018, section 2.1). In any module, this crate's or another, it looks for a [`SpectralNorm`] in a field named
/// `spectral` that stands after a field named `weight` of the same struct, and leaves everything else alone.
/// Identities and devices stay.
pub fn advance_spectral_norms<M: Module>(module: M, iterations: usize) -> M {
    module.map(&mut Advance {
        iterations,
        path: Vec::new(),
        weight: None,
        right: None,
    })
}

/// Whether a module has a layer with spectral normalisation.
pub fn has_spectral_norm<M: Module>(module: &M) -> bool {
    let mut search = Search(false);
    module.visit(&mut search);
    search.0
}

struct Search(bool);

impl ModuleVisitor for Search {
    /// `container` is the type that has the field.
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.0 |= container == "Struct:SpectralNorm";
    }
}

/// Walks a module: a weight, then the two vectors of the normalisation beside it.
struct Advance {
    iterations: usize,
    path: Vec<String>,
    /// The last weight, with the path of its struct.
    weight: Option<(Vec<String>, Tensor<2>)>,
    /// The right vector that belongs to the left one just replaced.
    right: Option<Tensor<2>>,
}

impl Advance {
    /// The weight beside the normalisation whose vector this is.
    fn weight_beside(&self) -> Option<Tensor<2>> {
        let (field, parent) = self.path[..self.path.len().saturating_sub(1)].split_last()?;
        let (path, weight) = self.weight.as_ref()?;
        (field == "spectral" && path == parent).then(|| weight.clone())
    }

    /// The new left vector; remembers the right one.
    fn left(&mut self, old: Tensor<2>) -> Option<Tensor<2>> {
        let weight = self.weight_beside()?;
        let [rows, columns] = weight.dims();
        if old.dims() != [rows, 1] || self.iterations == 0 {
            return None;
        }
        let start = Vectors {
            left: old,
            right: Tensor::zeros([columns, 1], &weight.device()),
        };
        let vectors = start.advance(&weight, self.iterations);
        self.right = Some(vectors.right);
        Some(vectors.left)
    }
}

impl ModuleMapper for Advance {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.last().map_or("", String::as_str);
        if name == "weight" && D >= 2 {
            let parent = self.path[..self.path.len() - 1].to_vec();
            self.weight = Some((parent, as_matrix(param.val())));
            return param;
        }
        if D != 1 {
            return param;
        }
        let size = param.dims().iter().product();
        let vector = match name {
            "left" => {
                let old = param.val().without_autodiff().reshape([size, 1]);
                self.left(old)
            }
            "right" => self.right.take().filter(|right| right.dims() == [size, 1]),
            _ => None,
        };
        match vector {
            Some(vector) => {
                let shape = param.dims();
                replace(param, vector.reshape(shape))
            }
            None => param,
        }
    }
}

/// Both singular vectors as columns, without autodiff.
struct Vectors {
    left: Tensor<2>,
    right: Tensor<2>,
}

impl Vectors {
    /// `right = W^T left`, `left = W right`, each scaled to length 1. A product of 0 leaves its vector as it was.
    fn advance(mut self, weight: &Tensor<2>, iterations: usize) -> Self {
        for _ in 0..iterations {
            let right = weight.clone().transpose().matmul(self.left.clone());
            self.right = unit_or(right, self.right);
            let left = weight.clone().matmul(self.right.clone());
            self.left = unit_or(left, self.left);
        }
        self
    }
}

/// `x` at length 1; `otherwise` where `x` is 0.
fn unit_or(x: Tensor<2>, otherwise: Tensor<2>) -> Tensor<2> {
    let norm = x.clone().square().sum_dim(0).sqrt();
    let is_zero = norm.clone().lower_elem(TINY).float();
    x / norm.clamp_min(TINY) * (is_zero.clone().neg() + 1.0) + otherwise * is_zero
}

/// `x` at length 1.
fn unit(x: Tensor<2>) -> Tensor<2> {
    unit_or(x.clone(), x)
}

/// A parameter that is not trained.
fn constant(column: Tensor<2>, device: &Device) -> Param<Tensor<1>> {
    let vector = flat(column);
    let vector = if device.is_autodiff() {
        vector.autodiff()
    } else {
        vector
    };
    Param::from_tensor(vector).set_require_grad(false)
}

fn flat(column: Tensor<2>) -> Tensor<1> {
    let [rows, _] = column.dims();
    column.reshape([rows])
}

/// A vector as a column without autodiff.
fn column(vector: &Param<Tensor<1>>) -> Tensor<2> {
    vector.val().without_autodiff().unsqueeze_dim(1)
}

/// Rows as they are, everything else in the columns; without autodiff.
fn as_matrix<const D: usize>(weight: Tensor<D>) -> Tensor<2> {
    let shape = matrix_shape(weight.dims());
    weight.without_autodiff().reshape(shape)
}

fn matrix_shape<const D: usize>(shape: [usize; D]) -> [usize; 2] {
    [shape[0], shape[1..].iter().product()]
}
