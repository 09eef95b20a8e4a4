//! [`Draws`]: the random numbers of a pipeline of changes.

use crate::augment::matrix::Matrix;
use crate::random::Stream;

/// A stream's numbers, one at a time.
pub(super) struct Draws<'a>(pub &'a mut Stream);

impl Draws<'_> {
    /// With probability `p`, and where it is `enabled`, one more change behind those before it.
    ///
    /// Its numbers are drawn in any case: with the same stream, an image that is changed with a small probability is
    /// changed in the same way with a larger one.
    pub fn then<const N: usize>(
        &mut self,
        before: Matrix<N>,
        enabled: bool,
        p: f64,
        change: impl FnOnce(&mut Self) -> Matrix<N>,
    ) -> Matrix<N> {
        let change = change(self);
        let happens = self.uniform(0.0, 1.0) < p;
        if enabled && happens {
            change * before
        } else {
            before
        }
    }

    pub fn uniform(&mut self, from: f64, to: f64) -> f64 {
        let value = self.0.uniform_values(1).first().copied().unwrap_or(0.0);
        from + (to - from) * f64::from(value)
    }

    /// Of mean 0.
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let value = self.0.normal_values(1).first().copied().unwrap_or(0.0);
        deviation * f64::from(value)
    }

    /// 2 to the power of a normal number of mean 0.
    pub fn log2_normal(&mut self, deviation: f64) -> f64 {
        self.normal(deviation).exp2()
    }

    pub fn index(&mut self, bound: usize) -> usize {
        self.0.index(bound)
    }
}
