//! Large buffers that are kept from one use to the next: a fresh one costs a page fault for every 4 KiB.

use std::sync::Mutex;

use burn::backend::flex::FlexTensor;

use super::bridge::Flat;

/// Most bytes that are kept while no kernel uses them.
const MOST_BYTES: usize = 64 << 20;

/// Buffers that no kernel uses now, the last one used at the end.
static KEPT: Mutex<Vec<FlexTensor>> = Mutex::new(Vec::new());

/// A matrix with values left over from its last use: every one of them has to be written.
pub fn take(rows: usize, columns: usize) -> FlexTensor {
    let size = rows * columns;
    let mut kept = lock();
    let fits = |tensor: &FlexTensor| tensor.values().len() == size;
    match kept.iter().rposition(fits) {
        Some(index) => kept.remove(index).shaped([rows, columns]),
        None => FlexTensor::of(vec![0.0; size], [rows, columns]),
    }
}

/// Keeps a buffer for later, unless a tensor still shares it; drops the ones that were not used for longest where there
/// are too many.
pub fn give_back(tensor: FlexTensor) {
    if !tensor.is_unique() {
        return;
    }
    let mut kept = lock();
    kept.push(tensor);
    let bytes = |kept: &[FlexTensor]| {
        kept.iter()
            .map(|tensor| tensor.bytes().len())
            .sum::<usize>()
    };
    let mut excess = bytes(&kept).saturating_sub(MOST_BYTES);
    while excess > 0 && !kept.is_empty() {
        excess = excess.saturating_sub(kept.remove(0).bytes().len());
    }
}

/// Frees all of them.
pub fn free() {
    lock().clear();
}

fn lock() -> std::sync::MutexGuard<'static, Vec<FlexTensor>> {
    // A panic elsewhere leaves whole buffers behind.
    KEPT.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
