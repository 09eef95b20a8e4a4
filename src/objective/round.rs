//! [`Round`]: what an objective sees of one half of a step.

use std::cell::{OnceCell, RefCell};

use burn::tensor::Tensor;

use super::averages::{MovingAverages, Tracked};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator, Outputs};
use crate::random::Stream;
use crate::unwind::caught;

/// One half of a step, or a part of one where the batch goes through in parts: both networks, as many real as generated
/// samples, and what they were made from.
///
/// In the discriminator's half the generated samples have no graph, and the generator is to be left alone. In the
/// generator's half they have theirs, and the discriminator's weights get no gradient.
pub struct Round<'a, const D: usize, G, N, C> {
    /// The generator.
    pub generator: &'a G,
    /// The discriminator.
    pub discriminator: &'a N,
    /// Real samples `[N, ..]`.
    pub real: Tensor<D>,
    /// Generated samples `[N, ..]`.
    pub generated: Tensor<D>,
    /// The latent vectors `[N, latent_size]` that they were generated from.
    pub latent: Tensor<2>,
    /// What both are conditioned on: sample `i` of either comes under condition `i`.
    pub condition: C,
    random: &'a RefCell<Stream>,
    seen: Option<Seen<D>>,
    averages: Option<&'a MovingAverages>,
    tracked: RefCell<Vec<Tracked>>,
    real_outputs: OnceCell<Outputs>,
    generated_outputs: OnceCell<Outputs>,
}

/// Changed samples of a round.
pub(crate) struct Seen<const D: usize> {
    pub real: Tensor<D>,
    pub generated: Tensor<D>,
}

/// Both networks of a round.
pub struct Networks<'a, G, N> {
    /// The generator.
    pub generator: &'a G,
    /// The discriminator.
    pub discriminator: &'a N,
}

impl<'a, const D: usize, G, N, C> Round<'a, D, G, N, C>
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// A round of these samples; `random` are the random numbers of this half of the step.
    pub fn new(
        networks: Networks<'a, G, N>,
        real: Tensor<D>,
        generated: Tensor<D>,
        latent: Tensor<2>,
        condition: C,
        random: &'a RefCell<Stream>,
    ) -> Self {
        Self {
            generator: networks.generator,
            discriminator: networks.discriminator,
            real,
            generated,
            latent,
            condition,
            random,
            seen: None,
            averages: None,
            tracked: RefCell::default(),
            real_outputs: OnceCell::new(),
            generated_outputs: OnceCell::new(),
        }
    }

    /// With other samples in their place for the discriminator to see: those of a trainer with an augmentation.
    pub(crate) fn seen_as(mut self, seen: Option<Seen<D>>) -> Self {
        self.seen = seen;
        self
    }

    /// With the averages of the steps before: those of a trainer that keeps them.
    pub(crate) fn with_averages(mut self, averages: &'a MovingAverages) -> Self {
        self.averages = Some(averages);
        self
    }

    /// What the discriminator says of the real samples, changed where the trainer has an augmentation: one pass, whatever
    /// number of terms asks.
    ///
    /// # Errors
    /// [`GanError::NetworkFailed`] where the discriminator panics, [`GanError::Shape`] for outputs that are not for as
    /// many samples.
    pub fn real_outputs(&self) -> Result<&Outputs, GanError> {
        self.outputs(&self.real_outputs, self.seen_real())
    }

    /// What the discriminator says of the generated samples; as [`Round::real_outputs`].
    ///
    /// # Errors
    /// As [`Round::real_outputs`].
    pub fn generated_outputs(&self) -> Result<&Outputs, GanError> {
        self.outputs(&self.generated_outputs, self.seen_generated())
    }

    /// The real samples as the discriminator sees them: changed, where the trainer has an augmentation.
    pub fn seen_real(&self) -> &Tensor<D> {
        self.seen.as_ref().map_or(&self.real, |seen| &seen.real)
    }

    /// The generated samples as the discriminator sees them; as [`Round::seen_real`].
    pub fn seen_generated(&self) -> &Tensor<D> {
        let seen = self.seen.as_ref();
        seen.map_or(&self.generated, |seen| &seen.generated)
    }

    /// What the discriminator says of other samples, one under each of the round's conditions; a pass of its own.
    ///
    /// # Errors
    /// As [`Round::real_outputs`].
    pub fn outputs_of(&self, samples: &Tensor<D>) -> Result<Outputs, GanError> {
        let shape = samples.dims();
        let outputs = caught(|| self.discriminator.outputs(samples.clone(), &self.condition));
        let outputs = outputs.map_err(|message| GanError::NetworkFailed {
            network: "discriminator",
            shape: shape.to_vec(),
            message,
        })?;
        check(&outputs, shape[0])?;
        Ok(outputs)
    }

    /// Something made of the random numbers of this half of the step. They are keyed by seed and step, so that a resumed
    /// run draws the same; the parts of a batch draw one after the other.
    pub fn draw<T>(&self, draw: impl FnOnce(&mut Stream) -> T) -> T {
        draw(&mut self.random.borrow_mut())
    }

    /// The exponential moving average `[1]` of a number `[1]` over the steps before, which takes the number of this step in
    /// when the step is done: `a <- decay a + (1 - decay) number`. No gradient flows into it.
    ///
    /// The trainer keeps it, by its name, as a part of its state: an objective holds nothing itself. Where a batch goes
    /// through in parts, the mean over the parts is taken in. In the first step it is the number itself, and in a round
    /// without a trainer too.
    pub fn moving_average(&self, name: &str, number: Tensor<1>, decay: f64) -> Tensor<1> {
        let before = match self.averages {
            Some(averages) => averages.before(name, &number),
            None => MovingAverages::default().before(name, &number),
        };
        let mut tracked = self.tracked.borrow_mut();
        tracked.push(Tracked::new(name, number, decay));
        before
    }

    /// What averages are to take in.
    pub(crate) fn tracked(&self) -> Vec<Tracked> {
        self.tracked.take()
    }

    fn outputs<'r>(
        &self,
        kept: &'r OnceCell<Outputs>,
        samples: &Tensor<D>,
    ) -> Result<&'r Outputs, GanError> {
        if let Some(outputs) = kept.get() {
            return Ok(outputs);
        }
        let outputs = self.outputs_of(samples)?;
        Ok(kept.get_or_init(|| outputs))
    }
}

/// Refuses outputs that are not for `count` samples.
fn check(outputs: &Outputs, count: usize) -> Result<(), ShapeError> {
    let [logits] = outputs.logits.dims();
    if logits == 0 || !logits.is_multiple_of(count) {
        ShapeError::check("logits of the discriminator", &[count], &[logits])?;
    }
    let further = [
        ("auxiliary outputs of the discriminator", &outputs.auxiliary),
        ("features of the discriminator", &outputs.features),
    ];
    for (what, output) in further {
        if let Some([rows, width]) = output.as_ref().map(Tensor::dims) {
            ShapeError::check(what, &[count, width], &[rows, width])?;
        }
    }
    Ok(())
}
