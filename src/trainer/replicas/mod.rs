//! Replicas: the parts of a batch on several devices, whose gradients are added up.
//!
//! A replica is a part of the batch and the device that it goes to: a GPU of this machine, this machine's CPU, or, with the
//! feature `remote`, a device of another machine. It computes; everything else stays on the training device, the one that the
//! networks of the trainer are on: latent vectors and the points of penalties, the norm of the gradient and its bound, the
//! optimisers, spectral normalisation, the average, the finite check, checkpoints.

mod config;
mod reduction;
#[cfg(feature = "remote")]
mod remote;
mod replica;
mod step;
mod transfer;
mod work;

pub use config::{OnReplicaFailure, ReplicasConfig};
#[cfg(feature = "remote")]
pub use remote::connect_worker;

pub use crate::replica_error::ReplicaError;

use replica::{Order, Replica};

use super::gan::GanTrainer;
use super::players::Players;
use super::rules::Rules;
use super::transaction::Transaction;
use crate::batch::{Batch, Condition};
use crate::gan_error::GanError;
use crate::kernel::Kernels;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::report::StepReport;

/// The devices that the parts of a batch go to.
pub(super) struct Replicas<const D: usize, G, N, C> {
    config: ReplicasConfig,
    list: Vec<Replica<D, G, N, C>>,
    /// The kernels that compute the networks on each device of the configuration.
    pub kernels: Vec<Kernels>,
}

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C> + 'static,
    N: Discriminator<D, C> + 'static,
{
    /// Sends a part of each batch to each of these devices, from the next step on.
    ///
    /// The step is that of [`micro_batches`](super::GanTrainerConfig::micro_batches) with as many parts: the same bits on
    /// devices of the same kind with the same kernels, but for batch normalisation and for objectives that draw random numbers. The
    /// state stays on the device of the networks, which takes a part only where it is in the list; it should be one of this
    /// machine. A device may stand in the list several times. A batch of fewer samples leaves the last devices idle.
    ///
    /// What sees its part in place of the batch:
    ///
    /// - batch normalisation; the running statistics of the replicas are merged, each by the share of its part;
    /// - minibatch standard deviation;
    /// - the relativistic average loss, and any layer, loss or objective of your own that mixes samples;
    /// - the random numbers of an objective, which each part draws from a stream of its own.
    ///
    /// In a step a replica gets the networks that have changed, once each, and gives their gradients back: `4 (|G| + |D|)` bytes
    /// each way in `f32`, beside its part of the batch; in a step with penalties the generated samples and the points of the
    /// penalties go over as well.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_gan::{AdversarialTrainer, Batch, model::MlpConfig, trainer::GanTrainerConfig};
    ///
    /// let device = Device::flex().autodiff();
    /// let networks = MlpConfig::new(2).with_hidden(vec![16]);
    /// let batch = Batch::new(Tensor::<2>::ones([8, 2], &device));
    /// let mut trainer = GanTrainerConfig::new()
    ///     .init(networks.init_generator(&device)?, networks.init_discriminator(&device)?, &batch)?
    ///     // `Device::cuda(0)` and `Device::cuda(1)` are the same list.
    ///     .with_replicas(vec![Device::flex(), Device::flex()])?;
    /// let report = trainer.step(batch)?.read()?;
    /// assert_eq!(report.terms["replicas.count"], 2.0);
    /// # Ok::<(), burn_gan::GanError>(())
    /// ```
    ///
    /// # Errors
    /// [`GanError::Config`] for no devices, for a time limit that is too short, and with micro-batches, for which a device stands
    /// in the list several times; [`GanError::Replica`] for a device that does not compute.
    pub fn with_replicas(mut self, replicas: impl Into<ReplicasConfig>) -> Result<Self, GanError> {
        let config = replicas.into();
        config.check()?;
        let parts = self.rules.config.micro_batches;
        if parts != 1 {
            let requirement =
                "must be 1 with replicas: a device may be in their list several times";
            return Err(GanError::config("micro_batches", parts, requirement));
        }
        let home = module_device(self.players.parts().discriminator.network());
        let list = config.devices.iter().enumerate();
        let list = list.map(|(rank, device)| Replica::start(rank, device, &home));
        let list: Vec<Replica<D, G, N, C>> = list.collect::<Result<_, _>>()?;
        let allowed = self.rules.config.kernels;
        let start = |replica: &Replica<D, G, N, C>| replica.order(|to| Order::Start(allowed, to));
        let pending: Vec<_> = list.iter().map(start).collect();
        let answers = pending.into_iter();
        let kernels = answers.map(|pending| pending.wait(config.time_limit, "its start"));
        self.replicas = Some(Replicas {
            kernels: kernels.collect::<Result<_, _>>()?,
            config,
            list,
        });
        Ok(self)
    }
}

impl<const D: usize, G, N, C> Replicas<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Takes a step; where a device fails, again without it, if the configuration says so.
    pub fn step(
        &mut self,
        rules: &Rules<D, G, N, C>,
        players: &mut Transaction<Players<G, N>>,
        batch: Batch<D, C>,
    ) -> Result<StepReport, GanError> {
        loop {
            self.refuse_lost()?;
            let step = |parts: &mut _, turn| rules.advance_on(self, parts, turn, batch.clone());
            let error = match rules.config.kernels.scope(|| players.step(step)) {
                Err(GanError::Replica(error)) => error,
                outcome => return outcome,
            };
            let of_error = |replica: &Replica<D, G, N, C>| Some(replica.rank) == error.rank();
            let goes_on = self.config.on_failure == OnReplicaFailure::GoOn && self.list.len() > 1;
            let Some(place) = self.list.iter().position(of_error) else {
                return Err(GanError::Replica(error));
            };
            if !goes_on {
                self.list[place].lost = Some(error.to_string());
                return Err(GanError::Replica(error));
            }
            self.list.remove(place);
            let (left, of) = (self.list.len(), self.config.devices.len());
            log::warn!("{error}; the step is taken again, on {left} of {of} devices");
        }
    }

    fn refuse_lost(&self) -> Result<(), ReplicaError> {
        let lost = self
            .list
            .iter()
            .find_map(|replica| Some((replica, replica.lost.as_ref()?)));
        match lost {
            Some((replica, message)) => Err(ReplicaError::Lost {
                rank: replica.rank,
                device: replica.device.clone(),
                message: message.clone(),
            }),
            None => Ok(()),
        }
    }
}
