//! Batches that a thread prepares: the same ones, in the same run, and what becomes of errors and panics.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{DataError, Memory, Prefetched, ShuffleConfig, Source};
use burn_gan::model::MlpConfig;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Identity};

type Labels = Tensor<1, Int>;

fn shuffled() -> impl Source<2, Labels> + Send + 'static {
    let device = Device::flex();
    let numbers = Tensor::<1, Int>::arange(0..40, &device);
    let points = numbers.clone().float().reshape([20, 2]) / 20.0 - 1.0;
    let labels = numbers.narrow(0, 0, 20).remainder_scalar(3);
    let memory = Memory::with_condition(points, labels).unwrap();
    ShuffleConfig::new(4).with_seed(5).init(memory).unwrap()
}

fn values(batch: Batch<2, Labels>) -> (Vec<f32>, Vec<i64>) {
    let labels = batch.condition.into_data().convert::<i64>();
    (
        batch.samples.into_data().try_to_vec().unwrap(),
        labels.try_to_vec().unwrap(),
    )
}

#[test]
fn batches_are_those_of_the_source_in_any_order_of_steps() {
    let device = Device::flex();
    let (mut plain, mut prefetched) = (shuffled(), Prefetched::new(shuffled()).unwrap());
    for step in [0, 1, 2, 7, 3, 3, 4, 0] {
        let expected = values(plain.batch(step, &device).unwrap());
        assert_eq!(values(prefetched.batch(step, &device).unwrap()), expected);
    }
    assert_eq!(prefetched.identity().unwrap(), plain.identity().unwrap());
    let labels = |labels: Option<Labels>| labels.unwrap().into_data();
    assert_eq!(
        labels(prefetched.conditions(&device).unwrap()),
        labels(plain.conditions(&device).unwrap())
    );
}

/// The weights after a run, which goes on from what is in the folder.
fn run(folder: &std::path::Path, steps: usize, prefetched: bool) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![8]).with_classes(Some(3));
    let source: Box<dyn Source<2, Labels>> = if prefetched {
        Box::new(Prefetched::new(shuffled()).unwrap())
    } else {
        Box::new(shuffled())
    };
    let mut source = source;
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    let outcome = trainer.fit(&mut source).until(steps).resume(folder).run();
    assert_eq!(outcome.unwrap().steps, steps);
    let labels = Tensor::from_ints([0, 1, 2, 0], &Device::flex());
    let samples = trainer.sample(4, 1, &labels).unwrap();
    samples.into_data().try_to_vec().unwrap()
}

#[test]
fn a_run_is_the_same_to_the_bit_and_goes_on_from_the_other_kind() {
    let folder = || tempfile::tempdir().unwrap();
    let plain = run(folder().path(), 12, false);
    assert_eq!(run(folder().path(), 12, true), plain);
    let mixed = folder();
    run(mixed.path(), 5, false);
    assert_eq!(run(mixed.path(), 12, true), plain);
}

/// Counts what is asked of it; step 2 is an error, step 4 a panic.
struct Faulty(Arc<AtomicUsize>, Arc<Mutex<Vec<usize>>>);

impl Source<2> for Faulty {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2>, DataError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.lock().unwrap().push(step);
        match step {
            2 => Err(DataError::EmptyDataset),
            4 => panic!("no step 4"),
            _ => Ok(Batch::new(Tensor::ones([1, 2], device) * step as f64)),
        }
    }
    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("faulty", 1))
    }
}

#[test]
fn an_error_is_that_of_its_step_and_a_panic_is_an_error() {
    let device = Device::flex();
    let (count, asked) = Default::default();
    let mut source = Prefetched::new(Faulty(Arc::clone(&count), Arc::clone(&asked))).unwrap();
    let mut step = |step| {
        source
            .batch(step, &device)
            .map(|batch| batch.samples.mean())
    };
    let value = |mean: Result<Tensor<1>, DataError>| mean.unwrap().into_scalar::<f32>();
    assert_eq!(value(step(0)), 0.0);
    // Step 2 fails while step 1 is taken: that is no matter of step 1.
    assert_eq!(value(step(1)), 1.0);
    assert!(matches!(step(2), Err(DataError::EmptyDataset)));
    assert_eq!(value(step(3)), 3.0);
    match step(4) {
        Err(DataError::SourcePanicked { message }) => assert_eq!(message, "no step 4"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(step(5), Err(DataError::SourcePanicked { .. })));
    assert!(matches!(
        source.identity(),
        Err(DataError::SourcePanicked { .. })
    ));
    // Each step once: what was prepared was used.
    assert_eq!(*asked.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(count.load(Ordering::SeqCst), 5);
}

/// The thread must not outlive what it serves.
#[test]
fn the_thread_ends_with_the_source() {
    let device = Device::flex();
    let (count, asked) = Default::default();
    let mut source = Prefetched::new(Faulty(Arc::clone(&count), asked)).unwrap();
    source.batch(0, &device).unwrap();
    drop(source);
    while Arc::strong_count(&count) > 1 {
        std::thread::yield_now();
    }
}
