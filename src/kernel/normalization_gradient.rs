//! The backward pass of a [normalisation](super::normalization).

use super::elementwise::Elementwise;
use super::pass::{At, Pass, Row, at_sample, at_segment, patterns, slot};

/// The gradient of `x`: `r (h - mean(h) - xhat mean(h xhat))`, with `r = 1 / sqrt(variance + epsilon)` and `h` for gamma
/// times the gradient in front of the activation.
pub struct Gradient<'b, A> {
    pub statistics: &'b [f32],
    pub affine: [&'b [f32]; 2],
    pub activation: A,
    /// Whether the statistics do not depend on `x`.
    pub constant: bool,
}

impl<A: Elementwise> Gradient<'_, A> {
    /// Mean, scale and shift, as the forward pass had them.
    #[inline(always)]
    fn write_forward(&self, at: At, all: &mut [f32]) {
        let [means, inverses] = at_segment(&at, self.statistics);
        let affine = self.affine;
        let [gamma, beta] = affine.map(|values| at_sample(at.geometry.channels, at.sample, values));
        at.geometry
            .fill(slot(all, Self::PATTERNS, 0), [means], |[means]| means);
        at.geometry
            .product(slot(all, Self::PATTERNS, 1), gamma, inverses);
        at.geometry.copy(slot(all, Self::PATTERNS, 2), beta);
    }
}

impl<A: Elementwise> Pass for Gradient<'_, A> {
    const SUMS: usize = 2;
    const PATTERNS: usize = 7;

    #[inline(always)]
    fn weights(&self, sample: usize, channels: usize) -> Option<&[f32]> {
        Some(at_sample(channels, sample, self.affine[0]))
    }

    #[inline(always)]
    fn prepare_sums(&self, at: At, all: &mut [f32]) {
        self.write_forward(at, all);
        let [_, inverses] = at_segment(&at, self.statistics);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 3), [inverses], |[inverses]| {
                inverses
            });
    }

    #[inline(always)]
    fn add(&self, all: &[f32], row: &Row, values: &[f32], sums: &mut [f32]) {
        let length = values.len();
        let [mean, scale, shift, inverse] = patterns(all, Self::PATTERNS, length);
        let (of_g, of_product) = sums.split_at_mut(sums.len() / Self::SUMS);
        let (of_g, of_product) = (&mut of_g[..length], &mut of_product[..length]);
        let x = &row.x[..length];
        for i in 0..length {
            let centered = x[i] - mean[i];
            let g = values[i] * self.activation.slope_at(centered * scale[i] + shift[i]);
            of_g[i] += g;
            of_product[i] += g * (centered * inverse[i]);
        }
    }

    #[inline(always)]
    fn prepare(&self, at: At, means: &[f32], all: &mut [f32]) {
        self.write_forward(at, all);
        let [_, inverses] = at_segment(&at, self.statistics);
        let gamma = at_sample(at.geometry.channels, at.sample, self.affine[0]);
        let (of_h, of_product) = means.split_at(at.geometry.groups);
        let share = if self.constant { 0.0 } else { 1.0 };
        at.geometry
            .fill(slot(all, Self::PATTERNS, 3), [inverses], |[inverses]| {
                inverses
            });
        at.geometry.copy(slot(all, Self::PATTERNS, 4), gamma);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 5), [of_h], |[of_h]| share * of_h);
        at.geometry.fill(
            slot(all, Self::PATTERNS, 6),
            [inverses, of_product],
            |[inverses, of_product]| share * inverses * of_product,
        );
    }

    #[inline(always)]
    fn rewrite(&self, all: &[f32], row: &Row, values: &mut [f32], _other: &mut [f32]) {
        let length = values.len();
        let [mean, scale, shift, inverse, gamma, of_h, of_product] =
            patterns(all, Self::PATTERNS, length);
        let x = &row.x[..length];
        for i in 0..length {
            let centered = x[i] - mean[i];
            let g = values[i] * self.activation.slope_at(centered * scale[i] + shift[i]);
            values[i] = inverse[i] * ((g * gamma[i] - of_h[i]) - centered * of_product[i]);
        }
    }
}
