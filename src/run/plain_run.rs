//! [`Run`]: a training run of any trainer.

use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;

use super::outcome::Outcome;
use super::recovery::{NoRecovery, Observers};
use super::session::Session;
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::Source;
use crate::gan_error::GanError;
use crate::observer::Observer;

/// A training run to be: made by [`Fit::fit`](crate::run::Fit::fit), started by [`Run::run`].
///
/// A trainer that is [`Persistent`](crate::Persistent) can also write checkpoints, go on from them and answer
/// divergence: [`Run::checkpoints`], [`Run::resume`] and [`Run::on_divergence`] make a
/// [`PersistentRun`](crate::run::PersistentRun) of it.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
/// use burn_gan::model::MlpConfig;
/// use burn_gan::observe::History;
/// use burn_gan::run::Fit;
/// use burn_gan::trainer::GanTrainerConfig;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// let device = Device::flex().autodiff();
/// let mut source = MixtureSourceConfig::new(Mixture::ring(), 64).init()?;
/// let networks = MlpConfig::new(2).with_hidden(vec![16]);
/// let mut train = |steps| {
///     let mut trainer = GanTrainerConfig::new().init(
///         networks.init_generator(&device)?,
///         networks.init_discriminator(&device)?,
///         &source.batch(0, &device)?,
///     )?;
///     trainer
///         .fit(&mut source)
///         .until(steps)
///         .observe(History::csv(folder.join("history.csv"), 10))
///         // Checkpoints go to the folder, and the run goes on from the newest there is.
///         .resume(folder.join("run"))
///         .run()
/// };
/// assert_eq!(train(20)?.resumed, None);
/// assert_eq!(train(30)?.resumed, Some(20));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[must_use = "nothing is trained before `run`"]
pub struct Run<'a, const D: usize, C, T, S> {
    pub(super) trainer: &'a mut T,
    pub(super) source: &'a mut S,
    steps: usize,
    observers: Observers<'a, T>,
    stop: Option<&'a AtomicBool>,
    condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    pub(super) fn new(trainer: &'a mut T, source: &'a mut S, steps: usize) -> Self {
        Self {
            trainer,
            source,
            steps,
            observers: Vec::new(),
            stop: None,
            condition: PhantomData,
        }
    }

    /// Shows every step to this observer, after those that were added before. It may be given away, or lent as `&mut` to
    /// be read after the run.
    pub fn observe(mut self, observer: impl Observer<T> + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Ends the run after the step in which this flag becomes true, as an observer that stops would: with a
    /// checkpoint, where the run keeps any, and no error.
    ///
    /// A signal handler or another thread may set it.
    pub fn stop_flag(mut self, flag: &'a AtomicBool) -> Self {
        self.stop = Some(flag);
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// Before the first step [`GanError::Network`] for a condition of the data that a network refuses,
    /// [`GanError::Data`] for a label without a class ([`DataError::LabelOutOfRange`]) and a class without samples
    /// ([`DataError::EmptyClass`]), where the source knows its [`conditions`](Source::conditions). Then the first error
    /// of the source, a step or an observer; [`GanError::Diverged`] where training did not stay finite, in the last
    /// step too. The trainer keeps what it has learnt.
    ///
    /// [`DataError::LabelOutOfRange`]: crate::data::DataError::LabelOutOfRange
    /// [`DataError::EmptyClass`]: crate::data::DataError::EmptyClass
    pub fn run(self) -> Result<Outcome, GanError> {
        self.session(NoRecovery).run()
    }

    /// The run as it takes place.
    pub(super) fn session<R>(self, recovery: R) -> Session<'a, D, C, T, S, R> {
        Session {
            device: self.trainer.device().without_autodiff(),
            trainer: self.trainer,
            source: self.source,
            steps: self.steps,
            observers: self.observers,
            stop: self.stop,
            recovery,
            last: None,
            stopped: false,
            condition: PhantomData,
        }
    }
}
