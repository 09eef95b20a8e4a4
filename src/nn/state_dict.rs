//! The tensors of layers under PyTorch's names, in its layouts.

use burn::module::{Param, RunningState};
use burn::tensor::Tensor;

use super::parameter::replace;
use super::spectral::{SpectralNorm, replace_right, replace_weight, unit};
use super::{
    BatchNorm, ConditionalBatchNorm, Convolution, Embedding, EmbeddingProjection,
    FeatureModulation, GroupNorm, Head, InstanceNorm, LayerNorm, Linear, MinibatchDeviation,
    SelfAttention, Stem, TransposedConvolution,
};
use crate::errors::ShapeError;
use crate::state_dict::{PytorchModule, StateMapper};

/// A layer with a matrix of weights that PyTorch has in another layout.
trait Weighted<const D: usize>: Clone {
    /// Whether the matrix has PyTorch's outputs as its columns. The vector of spectral normalisation is one a column: PyTorch's
    /// left singular vector then, its right one otherwise.
    const OUTPUTS_ARE_COLUMNS: bool;

    fn weight(&mut self) -> &mut Param<Tensor<2>>;
    fn standard(&self) -> Tensor<D>;
    fn with_standard(self, weight: Tensor<D>) -> Result<Self, ShapeError>;
}

/// For layers that convert by themselves: the rank of PyTorch's weight, and whether the matrix has its outputs as columns.
macro_rules! weighted {
    ($($layer:ident: $rank:literal, $outputs_are_columns:literal;)+) => {
        $(impl Weighted<$rank> for $layer {
            const OUTPUTS_ARE_COLUMNS: bool = $outputs_are_columns;

            fn weight(&mut self) -> &mut Param<Tensor<2>> {
                &mut self.weight
            }

            fn standard(&self) -> Tensor<$rank> {
                self.standard_weight()
            }

            fn with_standard(self, weight: Tensor<$rank>) -> Result<Self, ShapeError> {
                self.with_standard_weight(weight)
            }
        })+
    };
}
weighted! {
    Linear: 2, true;
    Convolution: 4, true;
    Stem: 4, true;
    Head: 4, true;
    TransposedConvolution: 4, false;
}

/// For layers whose weights PyTorch has in the same layout.
macro_rules! weighted_as_it_is {
    ($($layer:ident),+) => {
        $(impl Weighted<2> for $layer {
            const OUTPUTS_ARE_COLUMNS: bool = false;

            fn weight(&mut self) -> &mut Param<Tensor<2>> {
                &mut self.weight
            }

            fn standard(&self) -> Tensor<2> {
                self.weight.base()
            }

            fn with_standard(mut self, weight: Tensor<2>) -> Result<Self, ShapeError> {
                self.weight = replace_weight(self.weight, weight);
                Ok(self)
            }
        })+
    };
}
weighted_as_it_is!(Embedding, EmbeddingProjection);

/// The weights; where they are normalised by their largest singular value, under the names of
/// `torch.nn.utils.parametrizations.spectral_norm`.
fn map_weight<const D: usize, L: Weighted<D>>(mut layer: L, mapper: &mut StateMapper) -> L {
    let is_normalized = |layer: &mut L| {
        layer
            .weight()
            .reparameterization::<SpectralNorm>()
            .is_some()
    };
    if !is_normalized(&mut layer) {
        return mapper.tensor("weight", layer, L::standard, L::with_standard);
    }
    let names = [
        "parametrizations.weight.original",
        "parametrizations.weight.0._u",
        "parametrizations.weight.0._v",
    ];
    let layer = mapper.tensor(names[0], layer, L::standard, L::with_standard);
    if L::OUTPUTS_ARE_COLUMNS {
        let layer = mapper.tensor(names[1], layer, right, |mut layer, vector: Tensor<1>| {
            let weight = layer.weight();
            *weight = replace_right(weight.clone(), vector);
            Ok(layer)
        });
        mapper.derived(names[2], || other_vector(layer.standard(), right(&layer)));
        return layer;
    }
    // Loading has already moved the vector along with the weight.
    let left = || {
        let weight = layer.clone().weight().base();
        let vector = right(&layer);
        flat(unit(weight.matmul(vector.unsqueeze_dim(1))))
    };
    mapper.derived(names[1], left);
    mapper.derived(names[2], || other_vector(layer.standard(), left()));
    layer
}

/// The vector of spectral normalisation.
fn right<const D: usize, L: Weighted<D>>(layer: &L) -> Tensor<1> {
    let mut layer = layer.clone();
    let norm = layer.weight().reparameterization::<SpectralNorm>();
    norm.map_or_else(
        // Never reached: it is asked of normalised weights alone.
        || Tensor::zeros([0], &burn::tensor::Device::default()),
        |norm| norm.right.val(),
    )
}

/// The right singular vector that belongs to a left one, as far as that is one.
fn other_vector<const D: usize>(weight: Tensor<D>, left: Tensor<1>) -> Tensor<1> {
    let shape = weight.dims();
    let matrix: Tensor<2> = weight.reshape([shape[0], shape[1..].iter().product()]);
    flat(unit(matrix.transpose().matmul(left.unsqueeze_dim(1))))
}

fn flat(column: Tensor<2>) -> Tensor<1> {
    column.squeeze_dim(1)
}

/// A parameter that PyTorch has in the same layout.
pub(crate) fn map_parameter<const D: usize, M: Clone>(
    name: &str,
    module: M,
    mapper: &mut StateMapper,
    field: impl Fn(&mut M) -> &mut Param<Tensor<D>>,
) -> M {
    let value = |module: &M| field(&mut module.clone()).val();
    mapper.tensor(name, module, value, |mut module, value| {
        let parameter = field(&mut module);
        *parameter = replace(parameter.clone(), value);
        Ok(module)
    })
}

/// Weights and, where there is one, a bias.
macro_rules! with_bias {
    ($($layer:ident),+) => {
        $(impl PytorchModule for $layer {
            fn map_state(self, mapper: &mut StateMapper) -> Self {
                let mut layer = map_weight(self, mapper);
                let bias = layer.bias.take();
                layer.bias = bias.map(|bias| map_parameter("bias", bias, mapper, |bias| bias));
                layer
            }
        })+
    };
}
with_bias!(Linear, Convolution, TransposedConvolution, Stem, Head);

/// Weights alone.
macro_rules! without_bias {
    ($($layer:ident),+) => {
        $(impl PytorchModule for $layer {
            fn map_state(self, mapper: &mut StateMapper) -> Self {
                map_weight(self, mapper)
            }
        })+
    };
}
without_bias!(Embedding, EmbeddingProjection);

/// A scale and a shift under PyTorch's names.
macro_rules! map_scaling {
    ($layer:expr, $mapper:expr) => {{
        let layer = map_parameter("weight", $layer, $mapper, |layer| &mut layer.gamma);
        map_parameter("bias", layer, $mapper, |layer| &mut layer.beta)
    }};
}

/// Normalisations by running statistics. The variance goes as it is, though PyTorch's is the unbiased one: both use what
/// they have.
macro_rules! by_batch {
    ($($layer:ident),+) => {
        $(impl PytorchModule for $layer {
            fn map_state(self, mapper: &mut StateMapper) -> Self {
                let layer = map_scaling!(self, mapper);
                let value = |layer: &Self| layer.running_mean.value_sync();
                let layer = mapper.tensor("running_mean", layer, value, |mut layer, value| {
                    layer.running_mean = running(&layer.running_mean, value);
                    Ok(layer)
                });
                let value = |layer: &Self| layer.running_variance.value_sync();
                mapper.tensor("running_var", layer, value, |mut layer, value| {
                    layer.running_variance = running(&layer.running_variance, value);
                    Ok(layer)
                })
            }
        })+
    };
}
by_batch!(BatchNorm, ConditionalBatchNorm);

/// A state of its own: an update would also reach the layer that this one is a copy of.
fn running(state: &RunningState<Tensor<1>>, value: Tensor<1>) -> RunningState<Tensor<1>> {
    let device = state.value_sync().device();
    let value = value.to_device(&device.clone().without_autodiff());
    RunningState::new(if device.is_autodiff() {
        value.autodiff()
    } else {
        value
    })
}

/// Normalisations of a sample.
macro_rules! by_sample {
    ($($layer:ident),+) => {
        $(impl PytorchModule for $layer {
            fn map_state(self, mapper: &mut StateMapper) -> Self {
                map_scaling!(self, mapper)
            }
        })+
    };
}
by_sample!(GroupNorm, LayerNorm);

impl PytorchModule for FeatureModulation {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        let layer = map_parameter("gamma", self, mapper, |layer| &mut layer.gamma);
        map_parameter("beta", layer, mapper, |layer| &mut layer.beta)
    }
}

impl PytorchModule for SelfAttention {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        let mut layer = map_parameter("gamma", self, mapper, |layer| &mut layer.gamma);
        layer.key = mapper.module("key", layer.key);
        layer.query = mapper.module("query", layer.query);
        layer.value = mapper.module("value", layer.value);
        layer.output = mapper.module("output", layer.output);
        layer
    }
}

/// Layers without tensors.
macro_rules! without_tensors {
    ($($layer:ident),+) => {
        $(impl PytorchModule for $layer {
            fn map_state(self, _: &mut StateMapper) -> Self {
                self
            }
        })+
    };
}
without_tensors!(InstanceNorm, MinibatchDeviation);
