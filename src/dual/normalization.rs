//! The tangent rule of a normalisation.

use burn::tensor::Tensor;

use super::Dual;

/// Shifts and scales to mean 0 and variance 1 over `axes`: `(x - mean) / sqrt(variance + epsilon)`.
///
/// The mean and the (biased) variance are taken over all of `axes` together, each set of the other axes'
/// indices for itself. `epsilon` is positive. Where `axes` holds the batch axis the samples influence each
/// other; the caller says so with [`Dual::marked_coupled`].
pub fn standardize<const D: usize>(x: Dual<D>, axes: &[usize], epsilon: f64) -> Dual<D> {
    standardize_with(x, axes, |variance| variance + epsilon)
}

/// The same with any `variance -> variance + epsilon`.
pub(super) fn standardize_with<const D: usize>(
    x: Dual<D>,
    axes: &[usize],
    add_epsilon: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Dual<D> {
    x.map_together(|x, dx| {
        let centered = center(x, axes);
        let variance = centered.clone().square().mean_dims(axes);
        let deviation = add_epsilon(variance).sqrt();
        let tangent = dx.map(|dx| {
            // d(c / s) = (dc - c * mean(c dc) / s^2) / s with c = x - mean(x).
            let d_centered = center(dx, axes);
            let d_variance = (centered.clone() * d_centered.clone()).mean_dims(axes);
            let along = centered.clone() * (d_variance / deviation.clone().square());
            (d_centered - along) / deviation.clone()
        });
        (centered / deviation, tangent)
    })
}

fn center<const D: usize>(x: Tensor<D>, axes: &[usize]) -> Tensor<D> {
    let mean = x.clone().mean_dims(axes);
    x - mean
}
