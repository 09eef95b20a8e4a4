//! Gradient accumulation takes less memory. One test: what is counted is the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use burn::tensor::Device;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch};

/// The system's allocator, counting bytes.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn took(bytes: usize) {
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(held, Relaxed);
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that a step of batch 64 holds at once beyond what is held before it, in bytes.
fn peak_of_a_step(penalties: Vec<Penalty>, parts: usize) -> usize {
    let device = Device::flex().autodiff();
    let networks = DcganConfig::new(1, 32, 32)
        .with_filters(16)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None);
    let batch = |step| {
        let noise = Stream::new(0, Purpose::Data, step).normal([64, 1, 32, 32], &Device::flex());
        Batch::new(noise.tanh())
    };
    let mut trainer = GanTrainerConfig::new()
        .with_penalties(penalties)
        .with_micro_batches(parts)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &batch(0),
        )
        .unwrap();
    // The first step also takes what the optimisers remember.
    trainer.step(batch(0)).unwrap();
    let batch = batch(1);
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    trainer.step(batch).unwrap();
    PEAK.load(Relaxed) - before
}

#[test]
fn parts_take_less_memory() {
    for penalties in [vec![], vec![Penalty::R1 { gamma: 1.0 }]] {
        let peaks = [1, 2, 4, 8].map(|parts| peak_of_a_step(penalties.clone(), parts));
        let megabytes = peaks.map(|peak| format!("{:.1}", peak as f64 / 1e6));
        println!("{penalties:?}: 1, 2, 4, 8 parts: {megabytes:?} MB");
        assert!(2 * peaks[2] < peaks[0], "{peaks:?}");
    }
}
