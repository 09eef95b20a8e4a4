//! Padding of channels-last images by their own pixels.

use burn::tensor::Tensor;

use crate::dual::Dual;

/// Reflection at the edges: `[N, H, W, C]` to `[N, H + 2 padding, W + 2 padding, C]`.
///
/// The row `i` beyond an edge is the row `i` before it, without the edge itself: `a b c` becomes `c b a b c b a` with a
/// padding of 2. It is linear, so that a tangent goes through it as the value does. The padding must be below both sides.
pub fn reflection_pad(x: Dual<4>, padding: usize) -> Dual<4> {
    if padding == 0 {
        return x;
    }
    x.linear(|x| reflected(reflected(x, 1, padding), 2, padding))
}

fn reflected(x: Tensor<4>, axis: usize, padding: usize) -> Tensor<4> {
    let last = x.dims()[axis] - 1;
    let part = |range| x.clone().slice_dim(axis, range).flip([axis]);
    let (before, after) = (part(1..padding + 1), part(last - padding..last));
    Tensor::cat(vec![before, x.clone(), after], axis)
}
