//! Sums over what belongs to a sample: norms of its gradient, its logits.

use burn::tensor::Tensor;

use crate::errors::ShapeError;

/// A gradient `[N, ..]` of any rank as `[N, values]`, one row a sample.
pub fn per_sample<const D: usize>(gradient: Tensor<D>) -> Tensor<2> {
    let shape = gradient.dims();
    let [samples, values] = [shape[0], shape[1..].iter().product()];
    gradient.reshape([samples, values])
}

/// The squared Euclidean norm of each sample's gradient, `[N]`.
pub(super) fn squared_norm<const D: usize>(gradient: Tensor<D>) -> Tensor<1> {
    per_sample(gradient).square().sum_dim(1).squeeze_dim(1)
}

/// The Euclidean norm of each sample's gradient over all axes but the first, `[N]`.
///
/// Its own gradient at 0 is 0, where that of a plain square root is not a number: a discriminator whose last
/// layer starts at 0 has no slope anywhere.
pub fn gradient_norm<const D: usize>(gradient: Tensor<D>) -> Tensor<1> {
    let squared = squared_norm(gradient);
    let flat = squared.clone().equal_elem(0.0);
    squared
        .mask_fill(flat.clone(), 1.0)
        .sqrt()
        .mask_fill(flat, 0.0)
}

/// The sum of each sample's logits, `[N]`, out of `[N * k]`, those of a sample one after the other.
///
/// # Errors
/// [`ShapeError`] where their number is no multiple of that of the samples.
pub(super) fn sum_of_logits(logits: Tensor<1>, samples: usize) -> Result<Tensor<1>, ShapeError> {
    let [count] = logits.dims();
    if count == samples {
        return Ok(logits);
    }
    if count == 0 || samples == 0 || !count.is_multiple_of(samples) {
        return Err(ShapeError {
            what: "logits of the discriminator",
            expected: vec![samples],
            actual: vec![count],
        });
    }
    let rows = logits.reshape([samples, count / samples]);
    Ok(rows.sum_dim(1).squeeze_dim(1))
}
