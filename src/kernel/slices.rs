//! The parts of a tensor's values that the tasks of a pass have.

use super::geometry::Geometry;

/// The slices of the tasks; empty ones of nothing.
pub fn slices(
    geometry: Geometry,
    values: &[f32],
    [of_sample, of_task]: [usize; 2],
) -> impl Iterator<Item = &[f32]> + Clone {
    let empty = if values.is_empty() {
        geometry.tasks()
    } else {
        0
    };
    let tasks = values
        .chunks(of_sample)
        .flat_map(move |values| values.chunks(of_task));
    tasks.chain(std::iter::repeat_n(&[][..], empty))
}

/// The writable slices of the tasks.
pub fn slices_mut(
    geometry: Geometry,
    values: &mut [f32],
    [of_sample, of_task]: [usize; 2],
) -> impl Iterator<Item = &mut [f32]> {
    let empty = if values.is_empty() {
        geometry.tasks()
    } else {
        0
    };
    let tasks = values
        .chunks_mut(of_sample)
        .flat_map(move |values| values.chunks_mut(of_task));
    tasks.chain((0..empty).map(|_| Default::default()))
}
