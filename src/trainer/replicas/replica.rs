//! [`Replica`]: the thread of one replica, and waiting for it no longer than a time limit.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor};

use super::work::{DiscriminatorOrder, Learned, PartOrder, ReplicaState, SamplesOrder, probe};
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel::Kernels;
use crate::network::{Discriminator, Generator};
use crate::replica_error::ReplicaError;
use crate::trainer::discriminator::FoundByDiscriminator;
use crate::trainer::found::Found;
use crate::unwind::caught;

/// One replica: a thread that computes on its device, one order after the other.
///
/// A thread can be waited for as long as one likes. Burn's calls for a remote device cannot: they wait for an answer
/// forever. A thread that hangs is left behind; it ends when its device answers, or with the process.
pub(super) struct Replica<const D: usize, G, N, C> {
    pub rank: usize,
    pub device: String,
    /// How it was lost, where it was.
    pub lost: Option<String>,
    orders: Sender<Order<D, G, N, C>>,
}

/// What a replica is to do, and where its answer goes.
pub(super) enum Order<const D: usize, G, N, C> {
    Start(Kernels, Sender<Answer<Kernels>>),
    Samples(SamplesOrder<D, G, N, C>, Sender<Answer<Option<Tensor<D>>>>),
    Discriminator(
        DiscriminatorOrder<D, G, N, C>,
        Sender<Answer<Learned<FoundByDiscriminator>>>,
    ),
    Generator(PartOrder<D, G, N, C>, Sender<Answer<Learned<Found>>>),
}

/// A result, or what went wrong.
type Answer<T> = Result<T, Failure>;

/// What went wrong.
pub(super) enum Failure {
    /// The device answers: it is the step that fails, and would on any device.
    Step(GanError),
    /// The device itself, in its words.
    Device(String),
}

/// An answer to come.
pub(super) struct Pending<T> {
    rank: usize,
    device: String,
    answer: Receiver<Answer<T>>,
    since: Instant,
}

impl<const D: usize, G, N, C> Replica<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Starts the thread of the replica with this rank.
    pub fn start(rank: usize, device: &Device, home: &Device) -> Result<Self, ReplicaError>
    where
        G: 'static,
        N: 'static,
    {
        let (orders, received) = channel();
        let name = format!("{:?}", device.clone().without_autodiff());
        let (device, home) = (device.clone(), home.clone());
        let thread = thread::Builder::new().name(format!("replica-{rank}"));
        let started = thread.spawn(move || serve(ReplicaState::new(&device, &home), received));
        match started {
            // It ends when the replica is dropped; nobody waits for it, since it may hang.
            Ok(_) => Ok(Self {
                rank,
                device: name,
                lost: None,
                orders,
            }),
            Err(error) => Err(ReplicaError::NotStarted {
                rank,
                device: name,
                message: error.to_string(),
            }),
        }
    }

    /// Gives an order, without waiting.
    pub fn order<T>(
        &self,
        order: impl FnOnce(Sender<Answer<T>>) -> Order<D, G, N, C>,
    ) -> Pending<T> {
        let (sender, answer) = channel();
        // Where the thread has ended, the sender goes with the order, and that is the answer.
        let _ = self.orders.send(order(sender));
        Pending {
            rank: self.rank,
            device: self.device.clone(),
            answer,
            since: Instant::now(),
        }
    }
}

impl<T> Pending<T> {
    /// The answer, or an error once the limit has passed since the order.
    pub fn wait(self, limit: Duration, during: &str) -> Result<T, GanError> {
        let left = limit.saturating_sub(self.since.elapsed());
        let (rank, device, during) = (self.rank, self.device, during.to_string());
        let message = match self.answer.recv_timeout(left) {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(Failure::Step(error))) => return Err(error),
            Ok(Err(Failure::Device(message))) => message,
            Err(RecvTimeoutError::Timeout) => {
                return Err(GanError::Replica(ReplicaError::TimedOut {
                    rank,
                    device,
                    during,
                    seconds: limit.as_secs_f64(),
                }));
            }
            Err(RecvTimeoutError::Disconnected) => "its thread has ended".to_string(),
        };
        Err(GanError::Replica(ReplicaError::Failed {
            rank,
            device,
            during,
            message,
        }))
    }
}

/// Does what it is told until the replica is dropped.
fn serve<const D: usize, G, N, C>(
    mut held: ReplicaState<D, G, N, C>,
    orders: Receiver<Order<D, G, N, C>>,
) where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    for order in orders {
        let held = &mut held;
        match order {
            Order::Start(given, to) => answer(held, to, |held| held.start(given)),
            Order::Samples(given, to) => answer(held, to, |held| held.generate(given)),
            Order::Discriminator(given, to) => {
                answer(held, to, |held| held.discriminator_part(given))
            }
            Order::Generator(given, to) => answer(held, to, |held| held.generator_part(given)),
        }
    }
}

fn answer<const D: usize, G, N, C, T>(
    held: &mut ReplicaState<D, G, N, C>,
    to: Sender<Answer<T>>,
    work: impl FnOnce(&mut ReplicaState<D, G, N, C>) -> Result<T, GanError>,
) where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    // What a panic leaves half-changed is a copy, and replaced by the next order.
    let outcome = caught(|| work(held)).unwrap_or_else(|message| Err(GanError::device(message)));
    let answer = outcome.map_err(|error| {
        let device = held.plain();
        match caught(|| probe(&device)) {
            Ok(Ok(())) => Failure::Step(error),
            Ok(Err(message)) | Err(message) => Failure::Device(format!("{error}; {message}")),
        }
    });
    // Nobody may be waiting any more.
    let _ = to.send(answer);
}
