//! Blocks of values of a fixed size, in parallel where there are enough of them. A block's result does not depend on the
//! number of threads.
//!
//! Iterators and work are trait objects: a call for each block costs nothing beside the block, and what goes through the
//! blocks is compiled once in place of once for each activation and vector instruction set.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::bridge::Flat;

/// Values from which on several threads are worth their start, some 20 us.
const SHARED: usize = 1 << 17;

/// Values of a block, which its passes find in the fastest cache.
pub const BLOCK: usize = 1 << 12;

/// Calls `work` for each task; `values` is how many all of them go through.
pub fn each<T: Send>(values: usize, tasks: &mut dyn Iterator<Item = T>, work: &(dyn Fn(T) + Sync)) {
    if values < SHARED {
        tasks.for_each(work);
    } else {
        let tasks: Vec<T> = tasks.collect();
        tasks.into_par_iter().for_each(work);
    }
}

/// Calls `work` with the index of each chunk of `size` values and the chunk, on all threads.
pub fn chunks(values: &mut [f32], size: usize, work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    let chunks = values.par_chunks_mut(size.max(1)).enumerate();
    chunks.for_each(|(index, chunk)| work(index, chunk));
}

/// Work on a buffer, the index of a chunk, and the chunk.
type WithBuffer<'a> = dyn Fn(&mut [f32], usize, &mut [f32]) + Sync + 'a;

/// As [`chunks`]; `work` also gets a buffer of `length` values, which are 0 at first and then what an earlier call left.
pub fn chunks_with_buffer(values: &mut [f32], size: usize, length: usize, work: &WithBuffer) {
    let chunks = values.par_chunks_mut(size.max(1)).enumerate();
    let buffer = || vec![0.0; length];
    chunks.for_each_init(buffer, |buffer, (index, chunk)| work(buffer, index, chunk));
}

/// A tensor of the same shape with the values that `rewrite` makes in place of each block of them; it gets one of `asides`
/// with the block. The blocks have `inner` values, and start anew after each `outer` ones. The buffer is the tensor's own
/// where nothing shares it.
pub fn rewritten<T: Send>(
    mut tensor: FlexTensor,
    [outer, inner]: [usize; 2],
    asides: &mut dyn Iterator<Item = T>,
    rewrite: &(dyn Fn(&mut [f32], T) + Sync),
) -> FlexTensor {
    let count = tensor.values().len();
    if tensor.is_unique() {
        let blocks = tensor.values_mut().chunks_mut(outer);
        let blocks = blocks.flat_map(|values| values.chunks_mut(inner));
        each(count, &mut blocks.zip(asides), &|(block, aside)| {
            rewrite(block, aside)
        });
        return tensor;
    }
    let mut values = vec![0.0; count];
    let blocks = values.chunks_mut(outer).zip(tensor.values().chunks(outer));
    let blocks = blocks.flat_map(|(values, from)| values.chunks_mut(inner).zip(from.chunks(inner)));
    each(count, &mut blocks.zip(asides), &|((block, from), aside)| {
        block.copy_from_slice(from);
        rewrite(block, aside);
    });
    FlexTensor::of(values, tensor.layout().shape().clone())
}
