//! The tangent of a normalisation: with `r = 1 / sqrt(variance + epsilon)` and `t` for `dx`,
//! `u = gamma r P(t)`, where `P(t) = t - mean(t) - xhat mean(xhat t)` is symmetric.

use burn::backend::flex::FlexTensor;

use super::bridge::{Flat, Forward, Kernel};
use super::geometry::Geometry;
use super::normalization::of_parameter;
use super::pass::{At, Pass, Row, at_sample, at_segment, patterns, slot};
use super::passes::two_passes;
use super::statistics::statistics_of;

/// Inputs `x`, `dx`, and `gamma` as `[channels]` or `[samples, channels]`.
#[derive(Debug, Clone, Copy)]
pub struct NormalizationTangent {
    pub geometry: Geometry,
    pub epsilon: f64,
}

#[derive(Debug, Clone)]
pub struct Saved {
    x: FlexTensor,
    dx: FlexTensor,
    gamma: FlexTensor,
    statistics: FlexTensor,
    /// Means of `t` and of `xhat t`, `[segments, 2, groups]`.
    means: FlexTensor,
}

impl Kernel<3> for NormalizationTangent {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, dx, gamma]: [FlexTensor; 3]) -> Forward<Saved, ()> {
        let statistics = statistics_of(self.geometry, x.values(), self.epsilon);
        let pass = Tangent {
            statistics: &statistics,
            gamma: gamma.values(),
        };
        let found = two_passes(self.geometry, &pass, [x.values(), &[]], dx.clone(), &mut []);
        let flat = |values: Vec<f32>| {
            let size = values.len();
            FlexTensor::of(values, [size])
        };
        Forward {
            value: found.values,
            saved: Saved {
                x,
                dx,
                gamma,
                statistics: flat(statistics),
                means: flat(found.means),
            },
            aside: (),
        }
    }

    fn backward(
        &self,
        saved: Saved,
        gradient: FlexTensor,
        [x_wanted, dx_wanted, gamma_wanted]: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let geometry = self.geometry;
        let pass = Backward {
            statistics: saved.statistics.values(),
            gamma: saved.gamma.values(),
            means: saved.means.values(),
        };
        let (x, dx) = (saved.x.values(), saved.dx.values());
        let mut of_x = vec![0.0; x.len()];
        let found = two_passes(geometry, &pass, [x, dx], gradient, &mut of_x);
        let shape = saved.x.layout().shape().clone();
        [
            x_wanted.then(|| FlexTensor::of(of_x, shape)),
            dx_wanted.then_some(found.values),
            gamma_wanted.then(|| of_parameter(geometry, &found.sums, 3, 2, &saved.gamma)),
        ]
    }
}

/// The forward pass; it rewrites `t`.
struct Tangent<'b> {
    statistics: &'b [f32],
    gamma: &'b [f32],
}

impl Pass for Tangent<'_> {
    const SUMS: usize = 2;
    const PATTERNS: usize = 4;

    #[inline(always)]
    fn weights(&self, _sample: usize, _channels: usize) -> Option<&[f32]> {
        None
    }

    #[inline(always)]
    fn prepare_sums(&self, at: At, all: &mut [f32]) {
        let [means, inverses] = at_segment(&at, self.statistics);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 0), [means], |[means]| means);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 1), [inverses], |[inverses]| {
                inverses
            });
    }

    #[inline(always)]
    fn add(&self, all: &[f32], row: &Row, t: &[f32], sums: &mut [f32]) {
        let length = t.len();
        let [mean, inverse] = patterns(all, Self::PATTERNS, length);
        let (of_t, of_product) = sums.split_at_mut(sums.len() / Self::SUMS);
        let (of_t, of_product) = (&mut of_t[..length], &mut of_product[..length]);
        let x = &row.x[..length];
        for i in 0..length {
            of_t[i] += t[i];
            of_product[i] += t[i] * ((x[i] - mean[i]) * inverse[i]);
        }
    }

    #[inline(always)]
    fn prepare(&self, at: At, means_of_t: &[f32], all: &mut [f32]) {
        let [means, inverses] = at_segment(&at, self.statistics);
        let (of_t, of_product) = means_of_t.split_at(at.geometry.groups);
        let gamma = at_sample(at.geometry.channels, at.sample, self.gamma);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 0), [means], |[means]| means);
        at.geometry
            .product(slot(all, Self::PATTERNS, 1), gamma, inverses);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 2), [of_t], |[of_t]| of_t);
        at.geometry.fill(
            slot(all, Self::PATTERNS, 3),
            [of_product, inverses],
            |[of_product, inverses]| of_product * inverses,
        );
    }

    #[inline(always)]
    fn rewrite(&self, all: &[f32], row: &Row, t: &mut [f32], _other: &mut [f32]) {
        let length = t.len();
        let [mean, scale, of_t, along] = patterns(all, Self::PATTERNS, length);
        let x = &row.x[..length];
        for i in 0..length {
            t[i] = scale[i] * ((t[i] - of_t[i]) - (x[i] - mean[i]) * along[i]);
        }
    }
}

/// The backward pass; it rewrites the gradient of `u` to that of `t` and writes that of `x`.
///
/// With `g` for gamma times the gradient, `a = mean(xhat t)`, `b = mean(xhat g)` and `c = mean(g P(t))`, they are
/// `r P(g)` and `-r^2 (a (g - mean(g)) + b (t - mean(t)) + (c - 2 a b) xhat)`.
struct Backward<'b> {
    statistics: &'b [f32],
    gamma: &'b [f32],
    means: &'b [f32],
}

impl Pass for Backward<'_> {
    /// Of the gradient, of its product with `xhat`, and of that with `r P(t)`, which is the gradient of gamma.
    const SUMS: usize = 3;
    const PATTERNS: usize = 9;

    #[inline(always)]
    fn weights(&self, sample: usize, channels: usize) -> Option<&[f32]> {
        Some(at_sample(channels, sample, self.gamma))
    }

    #[inline(always)]
    fn prepare_sums(&self, at: At, all: &mut [f32]) {
        let [means, inverses] = at_segment(&at, self.statistics);
        let [of_t, a] = at_segment(&at, self.means);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 0), [means], |[means]| means);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 1), [inverses], |[inverses]| {
                inverses
            });
        at.geometry
            .fill(slot(all, Self::PATTERNS, 2), [of_t], |[of_t]| of_t);
        at.geometry.fill(slot(all, Self::PATTERNS, 3), [a], |[a]| a);
    }

    #[inline(always)]
    fn add(&self, all: &[f32], row: &Row, values: &[f32], sums: &mut [f32]) {
        let length = values.len();
        let [mean, inverse, of_t, a] = patterns(all, Self::PATTERNS, length);
        let (sum, others) = sums.split_at_mut(sums.len() / Self::SUMS);
        let (product, projected) = others.split_at_mut(others.len() / 2);
        let (sum, product) = (&mut sum[..length], &mut product[..length]);
        let projected = &mut projected[..length];
        let (x, t) = (&row.x[..length], &row.dx[..length]);
        for i in 0..length {
            let normal = (x[i] - mean[i]) * inverse[i];
            sum[i] += values[i];
            product[i] += values[i] * normal;
            projected[i] += values[i] * (inverse[i] * ((t[i] - of_t[i]) - normal * a[i]));
        }
    }

    #[inline(always)]
    fn prepare(&self, at: At, means_of_g: &[f32], all: &mut [f32]) {
        let groups = at.geometry.groups;
        let [means, r] = at_segment(&at, self.statistics);
        let [of_t, a] = at_segment(&at, self.means);
        let (of_g, others) = means_of_g.split_at(groups);
        // The last is r c.
        let (b, rc) = others.split_at(groups);
        let gamma = at_sample(at.geometry.channels, at.sample, self.gamma);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 0), [means], |[means]| means);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 1), [of_t], |[of_t]| of_t);
        at.geometry.copy(slot(all, Self::PATTERNS, 2), gamma);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 3), [of_g], |[of_g]| of_g);
        at.geometry.fill(slot(all, Self::PATTERNS, 4), [r], |[r]| r);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 5), [r, b], |[r, b]| r * b);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 6), [r, a], |[r, a]| r * r * a);
        at.geometry
            .fill(slot(all, Self::PATTERNS, 7), [r, b], |[r, b]| r * r * b);
        at.geometry.fill(
            slot(all, Self::PATTERNS, 8),
            [r, rc, a, b],
            |[r, rc, a, b]| {
                let square = r * r;
                square * (rc - 2.0 * r * a * b)
            },
        );
    }

    #[inline(always)]
    fn rewrite(&self, all: &[f32], row: &Row, values: &mut [f32], of_x: &mut [f32]) {
        let length = values.len();
        let [mean, of_t, gamma, of_g, r, along_g, a, b, along] =
            patterns(all, Self::PATTERNS, length);
        let (x, t, of_x) = (&row.x[..length], &row.dx[..length], &mut of_x[..length]);
        for i in 0..length {
            let centered = x[i] - mean[i];
            let g = values[i] * gamma[i] - of_g[i];
            values[i] = r[i] * (g - centered * along_g[i]);
            of_x[i] = -(a[i] * g + b[i] * (t[i] - of_t[i]) + along[i] * centered);
        }
    }
}
