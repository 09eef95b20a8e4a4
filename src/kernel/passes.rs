//! Two passes over rows of channels: sums down the columns, then what depends on them, value by value.

use burn::backend::flex::FlexTensor;

use super::blocks::{each, rewritten};
use super::bridge::Flat;
use super::columns::sum_of_blocks;
use super::geometry::Geometry;
use super::pass::{At, AtTask, Row, weighted_means};
use super::slices::{slices, slices_mut};

/// What two passes find.
pub struct Found {
    pub values: FlexTensor,
    /// `[samples, SUMS, channels]`.
    pub sums: Vec<f32>,
    /// The weighted means of the sums, `[segments, SUMS, groups]`.
    pub means: Vec<f32>,
}

/// Goes through `values`, which it rewrites, with `x` and `dx` beside them; `dx` may be empty, and so may `other`.
pub fn two_passes(
    geometry: Geometry,
    pass: &dyn AtTask,
    [x, dx]: [&[f32]; 2],
    values: FlexTensor,
    other: &mut [f32],
) -> Found {
    let of_values = geometry.sizes(1, geometry.channels);
    let count = geometry.rows * geometry.channels;
    let by_task = pass.count_of_sums() * geometry.channels;
    let by_segment = pass.count_of_sums() * geometry.groups;
    let mut partial = vec![0.0; geometry.tasks() * by_task];
    let mut means = vec![0.0; geometry.segments() * by_segment];
    let rows = slices(geometry, x, of_values).zip(slices(geometry, dx, of_values));
    let rows = rows.map(|(x, dx)| Row { x, dx }).enumerate();
    let sums;
    let values = if geometry.is_whole() {
        let tasks = rows
            .clone()
            .zip(slices(geometry, values.values(), of_values));
        let mut tasks = tasks.zip(partial.chunks_mut(by_task));
        each(count, &mut tasks, &|(((task, row), values), sums)| {
            sums.copy_from_slice(&pass.sums(at(geometry, task), row, values));
        });
        drop(tasks);
        sums = by_sample(geometry, &partial, by_task);
        let all = sums.chunks_exact(by_task).enumerate();
        for (sample, sums) in all {
            let mut term = vec![0.0; by_segment];
            weighted_means(
                geometry,
                pass.weights_of(sample, geometry.channels),
                sums,
                &mut term,
            );
            let share = 1.0 / count as f32 * geometry.groups as f32;
            let means = means.iter_mut().zip(term);
            means.for_each(|(mean, term)| *mean += term * share);
        }
        let mut asides = rows.zip(slices_mut(geometry, other, of_values));
        rewritten(values, of_values, &mut asides, &|values, aside| {
            let ((task, row), other) = aside;
            pass.rewritten(at(geometry, task), &means, row, values, other);
        })
    } else {
        let of_means = geometry.sizes(geometry.together, by_segment);
        let mut asides = rows
            .zip(slices_mut(geometry, other, of_values))
            .zip(slices_mut(geometry, &mut means, of_means))
            .zip(partial.chunks_mut(by_task));
        let values = rewritten(values, of_values, &mut asides, &|values, aside| {
            let ((((task, row), other), means), sums) = aside;
            pass.both(at(geometry, task), row, (values, other), (means, sums));
        });
        sums = by_sample(geometry, &partial, by_task);
        values
    };
    Found {
        values,
        sums,
        means,
    }
}

fn at(geometry: Geometry, task: usize) -> At {
    At {
        geometry,
        segment: geometry.first_segment(task),
        sample: task / geometry.tasks_of_sample(),
    }
}

/// The sums of all tasks of each sample, in their order.
fn by_sample(geometry: Geometry, partial: &[f32], by_task: usize) -> Vec<f32> {
    let samples = partial.chunks_exact(by_task * geometry.tasks_of_sample());
    samples
        .flat_map(|tasks| sum_of_blocks(tasks, by_task))
        .collect()
}
