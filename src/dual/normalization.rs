//! The tangent rule of normalisations and of the scale and shift behind them.

use burn::module::Param;
use burn::tensor::Tensor;

use super::Dual;

/// Zero mean and unit variance over the axes `over`: `(x - mean) / sqrt(variance + epsilon)`, with the biased
/// variance. It has no scale and no shift.
///
/// The axes must not hold the batch, so that each sample is normalised on its own.
pub fn standardize<const D: usize>(x: Dual<D>, over: &[usize], epsilon: f64) -> Dual<D> {
    let mean = |x: Tensor<D>| over.iter().fold(x, |x, &axis| x.mean_dim(axis));
    x.map_together(|x, dx| {
        let centered = x.clone() - mean(x);
        let variance = mean(centered.clone().square());
        let deviation = (variance + epsilon).sqrt();
        let tangent = dx.map(|dx| {
            // d(c / s) = (dc - c mean(c dc) / s^2) / s with c = x - mean(x).
            let d_centered = dx.clone() - mean(dx);
            let d_variance = mean(centered.clone() * d_centered.clone());
            let along = centered.clone() * (d_variance / deviation.clone().square());
            (d_centered - along) / deviation.clone()
        });
        (centered / deviation, tangent)
    })
}

/// `gamma x + beta`, one of each for an index of `axis`.
pub(crate) fn scale_and_shift<const D: usize>(
    x: Dual<D>,
    axis: usize,
    gamma: Option<&Param<Tensor<1>>>,
    beta: Option<&Param<Tensor<1>>>,
) -> Dual<D> {
    let mut shape = [1; D];
    shape[axis] = x.value.dims()[axis];
    let x = match gamma {
        Some(gamma) => x.weighted(gamma.val(), |x, gamma| x * gamma.reshape(shape)),
        None => x,
    };
    match beta {
        Some(beta) => x.shift(beta.val(), |x, beta| x + beta.reshape(shape)),
        None => x,
    }
}
