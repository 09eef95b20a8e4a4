//! What a replica computes, on a thread of its own.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::reduction::{Buffers, FlatGradients, buffers, to_flat};
use super::transfer::{Flat, Transferable};
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel::{self, Kernels};
use crate::network::{Discriminator, Generator};
use crate::objective::{MovingAverages, Networks, Seen};
use crate::trainer::augmented::Changes;
use crate::trainer::discriminator::{DiscriminatorInput, FoundByDiscriminator};
use crate::trainer::found::Found;
use crate::trainer::generator::GeneratorInput;
use crate::trainer::micro_batch::Part;
use crate::trainer::player::{Player, Stamp, fork};
use crate::trainer::rules::{Half, Rules, on_device};
use crate::trainer::transaction::Turn;

/// A network on its way to a replica, in evaluation form.
pub(super) struct SentNetwork<M> {
    stamp: Stamp,
    network: M,
}

impl<M: Module> SentNetwork<M> {
    /// That of a player, with running statistics of its own: Burn moves those of a clone together with the original's.
    pub fn of(player: &Player<M>) -> Self {
        Self {
            stamp: player.stamp,
            network: player.network().valid(),
        }
    }
}

/// The generator's samples for the discriminator's half.
pub(super) struct SamplesOrder<const D: usize, G, N, C> {
    pub rules: Rules<D, G, N, C>,
    pub generator: SentNetwork<G>,
    pub latent: Tensor<2>,
    pub condition: C,
    /// Whether the training device needs them too, for the points of penalties.
    pub are_wanted: bool,
}

/// What either half of a step gives to a replica with its part of the batch.
pub(super) struct PartOrder<const D: usize, G, N, C> {
    pub rules: Rules<D, G, N, C>,
    pub discriminator: SentNetwork<N>,
    pub averages: MovingAverages,
    pub turn: Turn,
    pub part: Part,
    /// Which part it is.
    pub index: usize,
    pub changes: Option<Changes>,
}

/// The discriminator's half, after the samples. The generator's, which comes after it, is a [`PartOrder`] alone.
pub(super) struct DiscriminatorOrder<const D: usize, G, N, C> {
    pub of_part: PartOrder<D, G, N, C>,
    pub real: Tensor<D>,
    pub points: Option<Vec<Tensor<D>>>,
}

/// What a replica found, on the training device: gradients and buffers apart from the rest.
pub(super) struct Learned<T> {
    pub found: T,
    pub gradients: Option<FlatGradients>,
    pub buffers: Buffers,
}

/// What a replica keeps between what it is given.
pub(super) struct ReplicaState<const D: usize, G, N, C> {
    /// With autodiff.
    device: Device,
    /// The training device, where answers go.
    home: Device,
    generator: Option<SentNetwork<G>>,
    discriminator: Option<SentNetwork<N>>,
    part: Option<Samples<D, C>>,
}

/// The part of a batch that a step is about.
struct Samples<const D: usize, C> {
    latent: Tensor<2>,
    condition: C,
    fake: Tensor<D>,
    real: Option<Tensor<D>>,
}

impl<const D: usize, G, N, C> ReplicaState<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    pub fn new(device: &Device, home: &Device) -> Self {
        Self {
            device: device.clone().autodiff(),
            home: home.clone().without_autodiff(),
            generator: None,
            discriminator: None,
            part: None,
        }
    }

    /// The kernels that compute networks there, of those allowed, once a number has gone there and back.
    pub fn start(&mut self, allowed: Kernels) -> Result<Kernels, GanError> {
        probe(&self.plain()).map_err(GanError::device)?;
        let number = Tensor::<1>::ones([1], &self.plain());
        Ok(allowed.scope(|| match kernel::serves(&number) {
            true => Kernels::in_use(),
            false => Kernels::Off,
        }))
    }

    pub fn generate(
        &mut self,
        given: SamplesOrder<D, G, N, C>,
    ) -> Result<Option<Tensor<D>>, GanError> {
        let rules = given.rules;
        let latent = on_device(given.latent, &self.device);
        let condition = given.condition.to_device(&self.device);
        let generator = here(&mut self.generator, given.generator, &self.device).no_grad();
        let kernels = rules.config.kernels;
        let fake = kernels.scope(|| rules.generate(&generator, latent.clone(), &condition))?;
        let fake = lifted(fake);
        self.part = Some(Samples {
            latent,
            condition,
            fake: fake.clone(),
            real: None,
        });
        if !given.are_wanted {
            return Ok(None);
        }
        let shape = fake.dims();
        let flat = Flat(fake.reshape([shape.iter().product::<usize>()]));
        let Flat(flat) = flat.brought(&self.plain(), &self.home)?;
        Ok(Some(flat.reshape(shape)))
    }

    pub fn discriminator_part(
        &mut self,
        given: DiscriminatorOrder<D, G, N, C>,
    ) -> Result<Learned<FoundByDiscriminator>, GanError> {
        let plain = self.plain();
        let points = given.points.map(|points| {
            let points = points.into_iter();
            let there = points.map(|points| points.without_autodiff().to_device(&plain));
            there.collect()
        });
        let real = on_device(given.real, &self.device);
        let PartOrder {
            rules,
            discriminator,
            averages,
            turn,
            part,
            index,
            changes,
        } = given.of_part;
        let changes = changes.map(|changes| changes.to_device(&plain));
        let discriminator = here(&mut self.discriminator, discriminator, &self.device);
        let (Some(samples), Some(generator)) = (&mut self.part, &self.generator) else {
            return Err(out_of_order(turn));
        };
        samples.real = Some(real.clone());
        let generator = fork(&generator.network);
        let random = rules.random_of_part(turn, Half::Discriminator, index);
        let found = rules.config.kernels.scope(|| {
            let given = DiscriminatorInput {
                seen: changes.as_ref().map(|changes| {
                    let seen = changes.seen(&real, &samples.fake);
                    Seen {
                        real: lifted(seen.real),
                        generated: lifted(seen.generated),
                    }
                }),
                real,
                fake: samples.fake.clone(),
                latent: samples.latent.clone(),
                condition: samples.condition.clone(),
                through: rules.through(changes.map(|changes| changes.real)),
                points,
            };
            let networks = Networks {
                generator: &generator,
                discriminator: &discriminator,
            };
            rules.discriminator_part(networks, &averages, turn, &part, given, &random)
        })?;
        self.learned(found, &discriminator, |found| found.found.gradients.take())
    }

    pub fn generator_part(
        &mut self,
        given: PartOrder<D, G, N, C>,
    ) -> Result<Learned<Found>, GanError> {
        let PartOrder {
            rules,
            discriminator,
            averages,
            turn,
            part,
            index,
            changes,
        } = given;
        let changes = changes.map(|changes| changes.to_device(&self.plain()));
        let discriminator = here(&mut self.discriminator, discriminator, &self.device).no_grad();
        let samples = self.part.take();
        let (Some(samples), Some(generator)) = (samples, &self.generator) else {
            return Err(out_of_order(turn));
        };
        let Some(real) = samples.real else {
            return Err(out_of_order(turn));
        };
        let generator = fork(&generator.network);
        let random = rules.random_of_part(turn, Half::Generator, index);
        let found = rules.config.kernels.scope(|| {
            let latent = samples.latent;
            let generated = rules.generate(&generator, latent.clone(), &samples.condition)?;
            let given = GeneratorInput {
                real,
                generated,
                latent,
                condition: samples.condition,
                changes,
            };
            let networks = Networks {
                generator: &generator,
                discriminator: &discriminator,
            };
            rules.generator_part(networks, &averages, &part, given, &random)
        })?;
        self.learned(found, &generator, |found| found.gradients.take())
    }

    /// Everything that was found, on the training device.
    fn learned<T: Transferable>(
        &self,
        mut found: T,
        network: &impl Module,
        gradients: impl Fn(&mut T) -> Option<burn::optim::GradientsParams>,
    ) -> Result<Learned<T>, GanError> {
        let gradients = gradients(&mut found).map(|gradients| to_flat(network, gradients));
        let learned = Learned {
            found,
            gradients,
            buffers: buffers(network),
        };
        Ok(learned.brought(&self.plain(), &self.home)?)
    }

    pub fn plain(&self) -> Device {
        self.device.clone().without_autodiff()
    }
}

/// The values of a tensor as a new beginning of a graph: as deep in it as those of a micro-batch.
fn lifted<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.without_autodiff().autodiff()
}

/// A copy in training of the network that was sent, on the replica's device; what is there already is not sent again.
fn here<M: Module>(held: &mut Option<SentNetwork<M>>, sent: SentNetwork<M>, device: &Device) -> M {
    match held {
        Some(held) if held.stamp == sent.stamp => fork(&held.network),
        _ => {
            let plain = device.clone().without_autodiff();
            let network = sent.network.to_device(&plain).train();
            let copy = fork(&network);
            *held = Some(SentNetwork {
                stamp: sent.stamp,
                network,
            });
            copy
        }
    }
}

/// A replica's orders come one after the other, so that this is not seen.
fn out_of_order(turn: Turn) -> GanError {
    GanError::StepFailed {
        step: turn.step,
        message: "a replica was to go on with samples that it has none of".to_string(),
    }
}

/// A number there and back: what a device says that does not compute, or cannot be reached.
pub(super) fn probe(device: &Device) -> Result<(), String> {
    let number = Tensor::<1>::ones([1], device) * 2.0;
    match number.try_into_scalar::<f32>() {
        Ok(2.0) => Ok(()),
        Ok(other) => Err(format!("twice 1 is {other} there")),
        Err(error) => Err(error.to_string()),
    }
}
