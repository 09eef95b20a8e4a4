//! [`Prefetched`]: a source whose next batch is prepared while a step is taken.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::{DataError, Source};
use crate::batch::{Batch, Condition};
use crate::errors::FileError;
use crate::identity::Identity;
use crate::unwind::caught;

/// A source in a thread of its own, which prepares the batch of step `s + 1` while step `s` is taken.
///
/// A batch is a function of seed and step, so that a run is the same to the bit with and without it, and may go on with the
/// one from a checkpoint of the other. It is worth its thread where making a batch takes long: pictures that are decoded,
/// files that are read, a transformation of your own.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::{Memory, Prefetched, ShuffleConfig, Source};
///
/// let device = Device::flex();
/// let points = Memory::new(Tensor::<2>::ones([10, 2], &device))?;
/// let mut source = Prefetched::new(ShuffleConfig::new(4).init(points)?)?;
/// assert_eq!(source.batch(0, &device)?.len(), 4);
/// assert_eq!(source.batch(1, &device)?.len(), 4); // was prepared meanwhile
/// # Ok::<(), burn_gan::data::DataError>(())
/// ```
#[derive(Debug)]
pub struct Prefetched<const D: usize, C: Condition = ()> {
    /// Work for the thread, which ends when this is gone.
    jobs: Sender<Job<D, C>>,
    next: Option<Next<D, C>>,
    waited: Duration,
}

/// A batch that is being prepared.
#[derive(Debug)]
struct Next<const D: usize, C: Condition> {
    step: usize,
    device: Device,
    batch: Receiver<Result<Batch<D, C>, DataError>>,
}

/// A question to the source, and where its answer goes.
enum Job<const D: usize, C: Condition> {
    Batch(usize, Device, Answer<Batch<D, C>>),
    Conditions(Device, Answer<Option<C>>),
    Identity(Answer<Identity>),
}

type Answer<T> = Sender<Result<T, DataError>>;

impl<const D: usize, C: Condition + Send + 'static> Prefetched<D, C> {
    /// Moves a source into a thread.
    ///
    /// # Errors
    /// [`DataError::File`] where the system has no thread to give.
    pub fn new(source: impl Source<D, C> + Send + 'static) -> Result<Self, DataError> {
        let (jobs, received) = channel();
        thread::Builder::new()
            .name("batches".into())
            .spawn(move || serve(source, received))
            .map_err(|error| FileError::new("thread `batches`", error))?;
        Ok(Self {
            jobs,
            next: None,
            waited: Duration::ZERO,
        })
    }

    /// How long [`Source::batch`] has waited for batches so far, the first one's whole time included.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    fn prepare(&self, step: usize, device: &Device) -> Next<D, C> {
        let (answer, batch) = channel();
        // Where the thread has ended, nobody answers: the receiver says so.
        let _ = self.jobs.send(Job::Batch(step, device.clone(), answer));
        Next {
            step,
            device: device.clone(),
            batch,
        }
    }

    fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job<D, C>) -> Result<T, DataError> {
        let (answer, received) = channel();
        let _ = self.jobs.send(job(answer));
        received.recv().unwrap_or_else(|_| Err(ended()))
    }
}

/// Answers until nobody can ask any more. A source that has panicked may be half changed, and is asked no more.
fn serve<const D: usize, C: Condition>(mut source: impl Source<D, C>, jobs: Receiver<Job<D, C>>) {
    for job in jobs {
        // An answer that nobody waits for any more is no error.
        let is_whole = match job {
            Job::Batch(step, device, answer) => reply(&answer, || source.batch(step, &device)),
            Job::Conditions(device, answer) => reply(&answer, || source.conditions(&device)),
            Job::Identity(answer) => reply(&answer, || source.identity()),
        };
        if !is_whole {
            return;
        }
    }
}

/// Sends what a source answers, and says whether it has not panicked.
fn reply<T>(answer: &Answer<T>, ask: impl FnOnce() -> Result<T, DataError>) -> bool {
    let answered = caught(ask);
    let is_whole = answered.is_ok();
    let _ =
        answer.send(answered.unwrap_or_else(|message| Err(DataError::SourcePanicked { message })));
    is_whole
}

fn ended() -> DataError {
    DataError::SourcePanicked {
        message: "it panicked before".into(),
    }
}

impl<const D: usize, C: Condition + Send + 'static> Source<D, C> for Prefetched<D, C> {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<D, C>, DataError> {
        let began = Instant::now();
        let next = self.next.take();
        let next = next.filter(|next| next.step == step && next.device == *device);
        let next = next.unwrap_or_else(|| self.prepare(step, device));
        let batch = next.batch.recv().unwrap_or_else(|_| Err(ended()));
        self.waited += began.elapsed();
        let batch = batch?;
        self.next = Some(self.prepare(step + 1, device));
        Ok(batch)
    }

    fn conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        self.ask(|answer| Job::Conditions(device.clone(), answer))
    }

    /// The source's own: it makes no difference to a run.
    fn identity(&self) -> Result<Identity, DataError> {
        self.ask(Job::Identity)
    }
}
