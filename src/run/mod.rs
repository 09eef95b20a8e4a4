//! A whole training run: `fit` over a source of real samples, with observers and checkpoints.

mod divergence;
mod fit;
mod keeper;
mod session;

pub use divergence::Divergence;
pub use fit::Fit;
pub use keeper::CheckpointConfig;

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::Source;
use crate::gan_error::GanError;
use crate::observer::Observer;
use crate::persistent::Persistent;
use crate::report::StepReport;
use crate::score::Score;
use keeper::Persistence;
use session::Session;

/// How a run ended.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// Steps that the trainer has behind it.
    pub steps: usize,
    /// Whether an observer or the stop flag ended the run.
    pub stopped: bool,
    /// The last step's report; `None` where there was nothing left to do.
    pub last: Option<StepReport>,
    /// The steps of the checkpoint that the run went on from; `None` where it began anew.
    pub resumed: Option<usize>,
    /// Newer checkpoints that were passed over because they are damaged, each with the reason.
    pub damaged: Vec<String>,
    /// The newest checkpoint; `None` where the run keeps none.
    pub checkpoint: Option<PathBuf>,
    /// Steps that were left out because they did not stay finite, over all of the run.
    pub skipped: usize,
    /// How often the run went back to a checkpoint, over all of it.
    pub roll_backs: usize,
}

/// A training run to be: made by [`Fit::fit`](crate::run::Fit::fit), started by [`Run::run`].
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
/// use burn_gan::model::MlpConfig;
/// use burn_gan::run::{CheckpointConfig, Fit};
/// use burn_gan::trainer::GanTrainerConfig;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path().join("run");
/// let device = Device::flex().autodiff();
/// let mut source = MixtureSourceConfig::new(Mixture::ring(), 64).init()?;
/// let networks = MlpConfig::new(2).with_hidden(vec![16]);
/// let mut train = |steps| {
///     let mut trainer = GanTrainerConfig::new().init(
///         networks.init_generator(&device)?,
///         networks.init_discriminator(&device)?,
///         &source.batch(0, &device)?,
///     )?;
///     // Checkpoints go to the folder, and the run goes on from the newest there is.
///     trainer.fit(&mut source, steps).resume(&folder).run()
/// };
/// assert_eq!(train(20)?.resumed, None);
/// assert_eq!(train(30)?.resumed, Some(20));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[must_use = "nothing is trained before `run`"]
pub struct Run<'a, const D: usize, C, T, S> {
    trainer: &'a mut T,
    source: &'a mut S,
    steps: usize,
    observers: Vec<&'a mut dyn Observer<T>>,
    stop: Option<&'a AtomicBool>,
    divergence: Divergence,
    checkpoints: Option<CheckpointConfig>,
    resume: Option<PathBuf>,
    allowed: Vec<String>,
    best: Option<Score<'a, T>>,
    persistence: Option<Persistence<T>>,
    condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    fn new(trainer: &'a mut T, source: &'a mut S, steps: usize) -> Self {
        Self {
            trainer,
            source,
            steps,
            observers: Vec::new(),
            stop: None,
            divergence: Divergence::Stop,
            checkpoints: None,
            resume: None,
            allowed: Vec::new(),
            best: None,
            persistence: None,
            condition: PhantomData,
        }
    }

    /// Has this observer look at every step, after those that were added before.
    pub fn observe(mut self, observer: &'a mut impl Observer<T>) -> Self {
        self.observers.push(observer);
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
    /// The first error of the source, a step, an observer or a checkpoint. The trainer keeps what it has learnt,
    /// and where the run keeps checkpoints it writes one first. Before the first step: the errors of
    /// [`Run::checkpoints`] and [`Run::resume`].
    pub fn run(self) -> Result<Outcome, GanError> {
        Session::open(self)?.run()
    }
}

impl<'a, const D: usize, C, T, S> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C> + Persistent,
    S: Source<D, C>,
{
    /// Writes checkpoints.
    ///
    /// [`Run::run`] refuses a folder that another run writes to ([`GanError::CheckpointsInUse`]) or that holds
    /// an earlier run's ([`GanError::CheckpointsExist`]), unless it resumes from there.
    pub fn checkpoints(mut self, config: CheckpointConfig) -> Self {
        self.checkpoints = Some(config);
        self.persistence = Some(Persistence::of());
        self
    }

    /// Goes on from the newest whole checkpoint in the folder, with the same schedule, data and random streams:
    /// to the bit as if the run had never ended. Without any the run begins anew. Checkpoints are written there
    /// too, unless [`Run::checkpoints`] says otherwise.
    ///
    /// A damaged checkpoint is named in a warning, and the one before it is taken. [`Run::run`] refuses a
    /// checkpoint of another configuration, network, loss, penalty or source of data
    /// ([`GanError::ResumeMismatch`]), a folder in which all are damaged ([`GanError::NoWholeCheckpoint`]) and
    /// one of a later version of this crate ([`GanError::CheckpointFormat`]).
    pub fn resume(mut self, folder: impl AsRef<Path>) -> Self {
        self.resume = Some(folder.as_ref().to_path_buf());
        self.persistence = Some(Persistence::of());
        self
    }

    /// Lets one field of the configuration differ from the checkpoint's, by the name that
    /// [`GanError::ResumeMismatch`] has for it, such as `trainer.generator_learning_rate`, with all below it.
    pub fn allow_change(mut self, field: impl Into<String>) -> Self {
        self.allowed.push(field.into());
        self
    }

    /// Takes this score of every checkpoint and keeps the best one besides the last;
    /// [`Checkpoints::best`](crate::checkpoint::Checkpoints::best) finds it.
    pub fn keep_best(mut self, score: Score<'a, T>) -> Self {
        self.best = Some(score);
        self
    }

    /// What to do when training does not stay finite; without it the run stops.
    pub fn on_divergence(mut self, divergence: Divergence) -> Self {
        self.divergence = divergence;
        self.persistence = Some(Persistence::of());
        self
    }
}
