//! The contracts: what a generator, a discriminator and an adversarial trainer are.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::dual::Dual;
use crate::error::GanError;
use crate::identity::Identity;

/// A network that turns latent noise into samples.
///
/// `D` is the rank of a batch of samples: 2 for points and tables `[N, features]`, 4 for images
/// `[N, C, H, W]` with values in [-1, 1]. `C` is the condition that samples are generated under: nothing
/// by default, class labels `Tensor<1, Int>`, or another tensor.
///
/// ```
/// use burn::{nn, prelude::*};
/// use burn_gan::Generator;
///
/// #[derive(Module, Debug)]
/// struct Affine {
///     layer: nn::Linear,
/// }
///
/// impl Generator<2> for Affine {
///     fn latent_size(&self) -> usize {
///         8
///     }
///     fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
///         self.layer.forward(latent)
///     }
/// }
///
/// let device = Device::flex();
/// let generator = Affine { layer: nn::LinearConfig::new(8, 2).init(&device) };
/// assert_eq!(generator.generate(Tensor::zeros([5, 8], &device), &()).dims(), [5, 2]);
/// ```
pub trait Generator<const D: usize, C = ()>: Module {
    /// Width of the latent space: how many random numbers make one sample.
    fn latent_size(&self) -> usize;

    /// Turns a latent tensor `[N, latent_size]`, usually standard normal, into `N` samples.
    fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<D>;

    /// The shape of one sample (without the batch axis), where the network knows it.
    ///
    /// A trainer compares it with the data before training. The default says nothing.
    fn sample_shape(&self) -> Option<Vec<usize>> {
        None
    }

    /// What it is, for checkpoints: a run goes on only with a generator of the same identity and parameters of
    /// the same shapes.
    ///
    /// The default is the type's name, version 1. Give it a name of its own, so that a renamed type does not
    /// matter; another version, when the same weights begin to mean something else; settings that no shape
    /// shows.
    fn identity(&self) -> Identity {
        Identity::of::<Self>()
    }
}

/// A network that tells real samples from generated ones (also called a critic).
///
/// The type parameters are those of [`Generator`].
pub trait Discriminator<const D: usize, C = ()>: Module {
    /// One raw logit a sample, `[N]`: high for real, low for generated.
    ///
    /// Never a sigmoid: losses take logits, which keeps them stable. Under the cross-entropy losses
    /// `sigmoid(logit)` is the estimated probability that the sample is real.
    fn logits(&self, samples: Tensor<D>, condition: &C) -> Tensor<1>;

    /// The shape of one sample (without the batch axis) that the network takes, where it knows it.
    ///
    /// A trainer compares it with the data before training. The default says nothing.
    fn sample_shape(&self) -> Option<Vec<usize>> {
        None
    }

    /// How it carries a tangent, which exact gradient penalties need: `Some(Self::logits_dual)` for a
    /// [`DualDiscriminator`]. The default says that it cannot.
    fn tangent_rule(&self) -> Option<TangentRule<Self, D, C>> {
        None
    }

    /// What it is, for checkpoints; as [`Generator::identity`].
    fn identity(&self) -> Identity {
        Identity::of::<Self>()
    }
}

/// The function [`DualDiscriminator::logits_dual`] of a discriminator `N`.
pub type TangentRule<N, const D: usize, C> = fn(&N, Dual<D>, &C) -> Dual<1>;

/// A discriminator that can carry a directional derivative along with its value.
///
/// `logits_dual(Dual::constant(x), c).value` must equal `logits(x, c)`. Say so to the trainers with
/// [`Discriminator::tangent_rule`]. Layers and functions with a value and a tangent are in
/// [`nn`](crate::nn) and [`dual`](crate::dual).
pub trait DualDiscriminator<const D: usize, C = ()>: Discriminator<D, C> {
    /// The logits `[N]` and, where `samples` has a tangent, their derivative in its direction.
    fn logits_dual(&self, samples: Dual<D>, condition: &C) -> Dual<1>;
}

/// Trains a generator against a discriminator, one batch of real samples at a time.
///
/// One required method does the work; a whole run (`fit`) is an extension on top of it.
pub trait AdversarialTrainer<const D: usize, C: Condition = ()> {
    /// The generator's type.
    type Generator: Generator<D, C>;
    /// The discriminator's type.
    type Discriminator: Discriminator<D, C>;

    /// Learns from one batch of real samples.
    ///
    /// # Errors
    /// A batch that does not fit ([`GanError::EmptyBatch`], [`GanError::ShapeMismatch`],
    /// [`GanError::ConditionLength`]) or a step that did not stay finite
    /// ([`GanError::NonFiniteStep`]). The training state is then as it was before.
    fn step(&mut self, batch: Batch<D, C>) -> Result<StepReport, GanError>;

    /// Number of steps taken so far.
    fn steps(&self) -> usize;

    /// The generator in training.
    fn generator(&self) -> &Self::Generator;

    /// The discriminator in training.
    fn discriminator(&self) -> &Self::Discriminator;

    /// Draws `count` samples from the generator in its evaluation form.
    ///
    /// The latents depend on `seed` alone: the same seed before and after some training shows the same
    /// samples getting better. `condition` holds one condition a sample.
    ///
    /// # Errors
    /// [`GanError::ConditionLength`] where there are not `count` conditions.
    fn sample(&self, count: usize, seed: u64, condition: &C) -> Result<Tensor<D>, GanError>;

    /// The device that training runs on.
    fn device(&self) -> Device;
}

/// What a batch's samples are conditioned on, one condition a sample.
///
/// Implemented for `()` (nothing), class labels `Tensor<1, Int>` and float tensors of any rank whose
/// first axis is the batch.
pub trait Condition: Clone + Send + 'static {
    /// How many samples it is for; `None` where it fits any number.
    fn len(&self) -> Option<usize>;

    /// Whether it is for no sample at all.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The conditions `start..start + length`, a range within [`Condition::len`].
    fn narrow(&self, start: usize, length: usize) -> Self;

    /// The conditions at these indices, each below [`Condition::len`].
    fn select(&self, indices: &[usize]) -> Self;

    /// The conditions of `parts` one after the other; `parts` holds at least one.
    fn cat(parts: Vec<Self>) -> Self;

    /// The shape of one sample's condition; empty where it is a single value or nothing.
    fn sample_shape(&self) -> Vec<usize> {
        Vec::new()
    }

    /// The same conditions on another device, as plain values without autodiff.
    fn to_device(self, device: &Device) -> Self;
}

impl Condition for () {
    fn len(&self) -> Option<usize> {
        None
    }
    fn narrow(&self, _start: usize, _length: usize) -> Self {}
    fn select(&self, _indices: &[usize]) -> Self {}
    fn cat(_parts: Vec<Self>) -> Self {}
    fn to_device(self, _device: &Device) -> Self {}
}

macro_rules! tensor_condition {
    ([$($rank:tt)*], $kind:ty) => {
        impl<$($rank)*> Condition for $kind {
            fn len(&self) -> Option<usize> {
                self.dims().first().copied()
            }
            fn narrow(&self, start: usize, length: usize) -> Self {
                self.clone().narrow(0, start, length)
            }
            fn select(&self, indices: &[usize]) -> Self {
                let indices = index_tensor(indices, &self.device());
                self.clone().select(0, indices)
            }
            fn cat(parts: Vec<Self>) -> Self {
                Tensor::cat(parts, 0)
            }
            fn sample_shape(&self) -> Vec<usize> {
                self.dims().into_iter().skip(1).collect()
            }
            fn to_device(self, device: &Device) -> Self {
                self.without_autodiff().to_device(device)
            }
        }
    };
}
tensor_condition!([const R: usize], Tensor<R>);
tensor_condition!([], Tensor<1, Int>);

/// Host indices as a tensor, for `Tensor::select`.
pub(crate) fn index_tensor(indices: &[usize], device: &Device) -> Tensor<1, Int> {
    let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
    Tensor::from_data(indices.as_slice(), device)
}

/// Real samples `[N, ...]` and what they are conditioned on.
#[derive(Debug, Clone)]
pub struct Batch<const D: usize, C = ()> {
    /// The samples; the first axis counts them.
    pub samples: Tensor<D>,
    /// One condition a sample.
    pub condition: C,
}

impl<const D: usize> Batch<D> {
    /// Samples under no condition.
    pub fn new(samples: Tensor<D>) -> Self {
        Self {
            samples,
            condition: (),
        }
    }
}

impl<const D: usize, C: Condition> Batch<D, C> {
    /// Samples with one condition each.
    ///
    /// # Errors
    /// [`GanError::ConditionLength`] where there are not as many conditions as samples.
    pub fn with_condition(samples: Tensor<D>, condition: C) -> Result<Self, GanError> {
        let batch = Self { samples, condition };
        check_condition(batch.len(), &batch.condition)?;
        Ok(batch)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.dims().first().copied().unwrap_or(0)
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Refuses a condition for another number of samples.
pub(crate) fn check_condition<C: Condition>(samples: usize, condition: &C) -> Result<(), GanError> {
    match condition.len() {
        Some(conditions) if conditions != samples => Err(GanError::ConditionLength {
            samples,
            conditions,
        }),
        _ => Ok(()),
    }
}

/// What one step found: detached tensors still on the device.
///
/// Reading them waits for the device, so nothing does until somebody asks with [`StepReport::read`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepReport {
    /// The step's number, from 0.
    pub step: usize,
    /// Mean discriminator loss, `[1]`.
    pub loss_discriminator: Tensor<1>,
    /// Mean generator loss, `[1]`; `None` in a step that only the discriminator took.
    pub loss_generator: Option<Tensor<1>>,
    /// What the gradient penalties cost, `[1]`, the mean over the samples; `None` in a step without.
    ///
    /// It is the penalty, not the surrogate that is back-propagated in its place, and no part of
    /// [`StepReport::loss_discriminator`].
    pub penalty: Option<Tensor<1>>,
    /// The norm of the discriminator's gradient over all its parameters, penalties included, before it is
    /// clipped, `[1]`; `None` where the trainer does not say.
    pub gradient_norm_discriminator: Option<Tensor<1>>,
    /// The norm of the generator's gradient over all its parameters before it is clipped, `[1]`; `None` in a
    /// step that only the discriminator took.
    pub gradient_norm_generator: Option<Tensor<1>>,
    /// The discriminator's logits of the real samples, `[N]`, from before its update.
    pub logits_real: Tensor<1>,
    /// The discriminator's logits of the generated samples, `[N]`, from before its update.
    pub logits_fake: Tensor<1>,
    /// Whether the loss makes a logit a log-odds, so that its sigmoid is a probability.
    pub logits_are_log_odds: bool,
}

impl StepReport {
    /// A report of step `step`; optional parts are absent and logits are no log-odds until set.
    pub fn new(
        step: usize,
        loss_discriminator: Tensor<1>,
        logits_real: Tensor<1>,
        logits_fake: Tensor<1>,
    ) -> Self {
        Self {
            step,
            loss_discriminator,
            loss_generator: None,
            penalty: None,
            gradient_norm_discriminator: None,
            gradient_norm_generator: None,
            logits_real,
            logits_fake,
            logits_are_log_odds: false,
        }
    }

    /// Brings the numbers to the host.
    ///
    /// # Errors
    /// [`GanError::Device`] where the device fails.
    pub fn read(&self) -> Result<StepValues, GanError> {
        let probability = |logits: &Tensor<1>| {
            self.logits_are_log_odds
                .then(|| read_scalar(burn::tensor::activation::sigmoid(logits.clone()).mean()))
                .transpose()
        };
        let optional = |number: &Option<Tensor<1>>| number.clone().map(read_scalar).transpose();
        Ok(StepValues {
            step: self.step,
            loss_discriminator: read_scalar(self.loss_discriminator.clone())?,
            loss_generator: optional(&self.loss_generator)?,
            penalty: optional(&self.penalty)?,
            probability_real: probability(&self.logits_real)?,
            probability_fake: probability(&self.logits_fake)?,
            logit_real: Some(read_scalar(self.logits_real.clone().mean())?),
            logit_fake: Some(read_scalar(self.logits_fake.clone().mean())?),
            gradient_norm_discriminator: optional(&self.gradient_norm_discriminator)?,
            gradient_norm_generator: optional(&self.gradient_norm_generator)?,
        })
    }
}

/// The numbers of a [`StepReport`] on the host.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepValues {
    /// The step's number, from 0.
    pub step: usize,
    /// Mean discriminator loss.
    pub loss_discriminator: f32,
    /// Mean generator loss; `None` in a step that only the discriminator took.
    pub loss_generator: Option<f32>,
    /// What the gradient penalties cost, the mean over the samples; `None` in a step without.
    #[serde(default)]
    pub penalty: Option<f32>,
    /// Mean estimated probability that a real sample is real, where the loss defines one; 1/2 at
    /// equilibrium (half the label, where it is smoothed).
    pub probability_real: Option<f32>,
    /// Mean estimated probability that a generated sample is real, where the loss defines one; 1/2 at
    /// equilibrium (half the label, where it is smoothed).
    pub probability_fake: Option<f32>,
    /// Mean logit of the real samples; `None` in rows of files that are older than this number.
    #[serde(default)]
    pub logit_real: Option<f32>,
    /// Mean logit of the generated samples; `None` in rows of files that are older than this number.
    #[serde(default)]
    pub logit_fake: Option<f32>,
    /// Norm of the discriminator's gradient before it is clipped; `None` where the trainer does not say.
    #[serde(default)]
    pub gradient_norm_discriminator: Option<f32>,
    /// Norm of the generator's gradient before it is clipped; `None` in a step that only the discriminator
    /// took.
    #[serde(default)]
    pub gradient_norm_generator: Option<f32>,
}

/// The one value of a tensor of one element, on the host.
pub(crate) fn read_scalar(tensor: Tensor<1>) -> Result<f32, GanError> {
    tensor.try_into_scalar::<f32>().map_err(GanError::device)
}
