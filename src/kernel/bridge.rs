//! How a function over flat slices of `f32` becomes an operation of Burn's tensors with a backward pass of its own.
//!
//! A [`DispatchTensor`] says at run time which backend it lives on. A tensor of `f32` on flex is taken apart here; any
//! other goes back to the caller, who computes with portable operations. `DispatchTensorKind` is documented as internal
//! to Burn, so that nothing outside this file names it.

use std::fmt::Debug;

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, Flex,
    TensorMetadata,
};
use burn::tensor::{Bytes, DType, Shape, Tensor};

use super::memory;

/// A function of `N` tensors of `f32` with its gradient. The tensors that it gets are contiguous.
pub trait Kernel<const N: usize>: Clone + Debug + Send + 'static {
    /// What the forward pass keeps for the backward pass.
    type Saved: Clone + Debug + Send + 'static;
    /// What the forward pass finds beside its result; it has no gradient.
    type Aside: Clone + 'static;

    /// The result.
    fn forward(&self, inputs: [FlexTensor; N]) -> Forward<Self::Saved, Self::Aside>;

    /// The gradients of the inputs for which `wanted` says so, from the gradient of the result.
    ///
    /// An input that autodiff tracks must get a gradient: Burn panics on a tracked tensor that none arrives for.
    fn backward(
        &self,
        saved: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

/// What a forward pass gives.
#[derive(Clone)]
pub struct Forward<Saved, Aside> {
    pub value: FlexTensor,
    pub saved: Saved,
    pub aside: Aside,
}

/// Applies a kernel; gives the inputs back where one of them is not a tensor of `f32` on flex.
pub fn apply<K: Kernel<N>, const N: usize>(
    kernel: &K,
    inputs: [DispatchTensor; N],
) -> Result<(DispatchTensor, K::Aside), [DispatchTensor; N]> {
    if !inputs.iter().all(is_flex) {
        return Err(inputs);
    }
    let autodiff = inputs
        .iter()
        .fold(DispatchAutodiffContext::Disabled, |context, input| {
            context.merge(input.autodiff)
        });
    let (kind, aside) = match autodiff {
        DispatchAutodiffContext::Disabled => {
            let inputs = inputs.map(|input| plain(input.kind));
            let Forward { value, aside, .. } = forward(kernel, inputs);
            let kind = DispatchTensorKind::Flex(BackendTensor::Float(value));
            (kind, aside)
        }
        DispatchAutodiffContext::Enabled(_) => differentiable(kernel, inputs),
    };
    Ok((DispatchTensor { kind, autodiff }, aside))
}

fn forward<K: Kernel<N>, const N: usize>(
    kernel: &K,
    inputs: [FlexTensor; N],
) -> Forward<K::Saved, K::Aside> {
    memory::forward(kernel, inputs, |inputs| {
        kernel.forward(inputs.map(Flat::contiguous))
    })
}

/// The tensor on flex without autodiff; the tensor itself where it is not that.
pub fn into_flex<const D: usize>(tensor: Tensor<D>) -> Result<FlexTensor, Tensor<D>> {
    let tensor = tensor.into_dispatch();
    match tensor.kind {
        DispatchTensorKind::Flex(inner) if tensor.kind.dtype() == DType::F32 => {
            Ok(inner.float().contiguous())
        }
        _ => Err(Tensor::from_dispatch(tensor)),
    }
}

/// A tensor of Burn, without autodiff.
pub fn from_flex<const D: usize>(tensor: FlexTensor) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(tensor)
}

/// Whether this is a tensor of `f32` on flex, with or without autodiff.
pub fn is_flex(tensor: &DispatchTensor) -> bool {
    let kind = match &tensor.kind {
        #[cfg(feature = "training")]
        DispatchTensorKind::Autodiff(inner) => inner.as_ref(),
        kind => kind,
    };
    matches!(kind, DispatchTensorKind::Flex(_)) && tensor.dtype() == DType::F32
}

/// The flex tensor of a kind that [`is_flex`] has looked at.
fn plain(kind: DispatchTensorKind) -> FlexTensor {
    match kind {
        DispatchTensorKind::Flex(tensor) => tensor.float(),
        #[allow(unreachable_patterns)]
        _ => unreachable!("it was found to be on flex"),
    }
}

#[cfg(feature = "training")]
mod with_autodiff {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::tensor::FloatTensor;
    use burn::backend::{Autodiff, AutodiffBackend};

    use super::*;

    /// Applies a kernel to tensors of which at least one has autodiff.
    pub fn differentiable<K: Kernel<N>, const N: usize>(
        kernel: &K,
        inputs: [DispatchTensor; N],
    ) -> (DispatchTensorKind, K::Aside) {
        let inputs = inputs.map(|input| tracked(input.kind));
        let nodes = inputs.each_ref().map(|input| input.node());
        let inputs = inputs.map(|input| input.into_primitive());
        let Forward {
            value,
            saved,
            aside,
        } = forward(kernel, inputs);
        let operation = Operation(kernel.clone())
            .prepare::<NoCheckpointing>(nodes)
            .compute_bound()
            .stateful();
        let value: FloatTensor<Autodiff<Flex>> = match operation {
            OpsKind::Tracked(operation) => operation.finish(saved, value),
            OpsKind::UnTracked(operation) => operation.finish(value),
        };
        let value = DispatchTensorKind::Flex(BackendTensor::Autodiff(value));
        (DispatchTensorKind::Autodiff(Box::new(value)), aside)
    }

    /// A kernel as a step of the autodiff graph.
    #[derive(Debug)]
    struct Operation<K>(K);

    impl<K: Kernel<N>, const N: usize> Backward<Flex, N> for Operation<K> {
        type State = K::Saved;

        fn backward(
            self,
            ops: Ops<K::Saved, N>,
            gradients: &mut Gradients,
            _checkpointer: &mut Checkpointer,
        ) {
            let gradient = gradients.consume::<Flex>(&ops.node).contiguous();
            let wanted = ops.parents.each_ref().map(Option::is_some);
            let found = self.0.backward(ops.state, gradient, wanted);
            for (parent, gradient) in ops.parents.into_iter().zip(found) {
                if let (Some(parent), Some(gradient)) = (parent, gradient) {
                    gradients.register::<Flex>(parent.id, gradient);
                }
            }
        }
    }

    /// The tensor as one of the autodiff backend; a constant where it was without.
    fn tracked(kind: DispatchTensorKind) -> FloatTensor<Autodiff<Flex>> {
        match kind {
            DispatchTensorKind::Autodiff(inner) => match *inner {
                DispatchTensorKind::Flex(tensor) => tensor.autodiff(),
                #[allow(unreachable_patterns)]
                _ => unreachable!("it was found to be on flex"),
            },
            kind => <Autodiff<Flex> as AutodiffBackend>::from_inner(plain(kind)),
        }
    }
}
#[cfg(feature = "training")]
use with_autodiff::differentiable;

/// Without autodiff in the build no tensor of ours has it; another crate's build may.
#[cfg(not(feature = "training"))]
fn differentiable<K: Kernel<N>, const N: usize>(
    _kernel: &K,
    _inputs: [DispatchTensor; N],
) -> (DispatchTensorKind, K::Aside) {
    unreachable!("is_flex takes no autodiff tensor in this build")
}

/// Flat access to the values of a flex tensor.
pub trait Flat: Sized {
    /// The same values in row-major order, in a buffer that holds nothing else.
    fn contiguous(self) -> Self;
    /// The values of a contiguous tensor.
    fn values(&self) -> &[f32];
    /// Writable values; where another tensor shares the buffer, those of a copy.
    fn values_mut(&mut self) -> &mut [f32];
    /// A tensor of values in row-major order.
    fn of(values: Vec<f32>, shape: impl Into<Shape>) -> Self;
    /// The same values under another shape of the same size.
    fn shaped(&self, shape: impl Into<Shape>) -> Self;
    /// A view of the same buffer, in elements from its start.
    fn view<const D: usize>(&self, shape: [usize; D], strides: [usize; D]) -> Self;
    /// The sizes of its axes.
    fn sizes<const D: usize>(&self) -> [usize; D];
}

impl Flat for FlexTensor {
    fn contiguous(self) -> Self {
        let size = self.bytes().len() / size_of::<f32>();
        if self.layout().contiguous_offsets() == Some((0, size)) {
            self
        } else {
            self.to_contiguous()
        }
    }

    fn values(&self) -> &[f32] {
        self.storage()
    }

    fn values_mut(&mut self) -> &mut [f32] {
        self.storage_mut()
    }

    fn of(values: Vec<f32>, shape: impl Into<Shape>) -> Self {
        let layout = Layout::contiguous(shape.into());
        Self::new(Bytes::from_elems(values), layout, DType::F32)
    }

    fn shaped(&self, shape: impl Into<Shape>) -> Self {
        self.reshape(shape.into())
    }

    fn view<const D: usize>(&self, shape: [usize; D], strides: [usize; D]) -> Self {
        let strides = strides.map(|stride| stride as isize).to_vec();
        let layout = Layout::new(shape.into(), strides, 0);
        Self::from_arc(self.data_arc(), layout, DType::F32)
    }

    fn sizes<const D: usize>(&self) -> [usize; D] {
        let shape = self.layout().shape();
        std::array::from_fn(|axis| shape[axis])
    }
}
