//! The tangent rule of normalisations and of the scale and shift behind them.

use burn::module::Param;
use burn::tensor::Tensor;

use super::Dual;

/// Zero mean and unit variance over the axes `over`: `(x - mean) / sqrt(variance + epsilon)`, with the biased
/// variance. It has no scale and no shift.
///
/// The axes must not hold the batch, so that each sample is normalised on its own.
pub fn standardize<const D: usize>(x: Dual<D>, over: &[usize], epsilon: f64) -> Dual<D> {
    x.map_together(|x, dx| {
        let normal = standardized(x, dx, over, epsilon, None);
        (normal.value, normal.tangent)
    })
}

/// What [`standardized`] computes.
pub(crate) struct Standardized<const D: usize> {
    pub value: Tensor<D>,
    pub tangent: Option<Tensor<D>>,
    /// The mean, of size 1 along the axes that it is taken over.
    pub mean: Tensor<D>,
    /// The biased variance, of the mean's shape.
    pub variance: Tensor<D>,
}

/// [`standardize`] with its statistics, over any axes, times `gamma` where there is one.
pub(crate) fn standardized<const D: usize>(
    x: Tensor<D>,
    dx: Option<Tensor<D>>,
    over: &[usize],
    epsilon: f64,
    gamma: Option<Tensor<D>>,
) -> Standardized<D> {
    let average = |x: Tensor<D>| over.iter().fold(x, |x, &axis| x.mean_dim(axis));
    let mean = average(x.clone());
    let centered = x - mean.clone();
    let variance = average(centered.clone().square());
    let deviation = (variance.clone() + epsilon).sqrt();
    // One factor for both, so that the large tensor is gone through once.
    let factor = gamma.map(|gamma| gamma / deviation.clone());
    let scaled = |x: Tensor<D>| match &factor {
        Some(factor) => x * factor.clone(),
        None => x / deviation.clone(),
    };
    let tangent = dx.map(|dx| {
        // d(c / s) = (dc - c mean(c dc) / s^2) / s with c = x - mean(x).
        let d_centered = dx.clone() - average(dx);
        let d_variance = average(centered.clone() * d_centered.clone());
        let along = centered.clone() * (d_variance / deviation.clone().square());
        scaled(d_centered - along)
    });
    Standardized {
        value: scaled(centered),
        tangent,
        mean,
        variance,
    }
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
