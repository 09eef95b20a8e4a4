//! The system's allocator, which counts bytes for the tests that ask for it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

/// Until a test asks for it nothing is counted: the others pay for one load.
static COUNTS: AtomicBool = AtomicBool::new(false);
/// Bytes taken since then less those given back, which may have been taken before.
static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// The most that `work` holds at once beyond what is held before it, in bytes. What is counted is the whole process.
pub fn peak_of(work: impl FnOnce()) -> usize {
    COUNTS.store(true, Relaxed);
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    work();
    COUNTS.store(false, Relaxed);
    usize::try_from(PEAK.load(Relaxed) - before).unwrap()
}

fn count(bytes: isize) {
    if COUNTS.load(Relaxed) {
        let held = HELD.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(held, Relaxed);
    }
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}
