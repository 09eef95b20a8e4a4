//! What a network of the game is: [`Generator`], [`Discriminator`] and [`DualDiscriminator`].

use burn::module::Module;
use burn::tensor::Tensor;

use crate::dual::Dual;
use crate::identity::Identity;
use crate::network_error::NetworkError;

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
    /// Width of the latent space: how many random numbers make one sample; 0 for a network that makes a sample of its
    /// condition alone, such as a translation of images.
    fn latent_size(&self) -> usize;

    /// Turns a latent tensor `[N, latent_size]`, usually standard normal, into `N` samples.
    fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<D>;

    /// The shape of one sample (without the batch axis), where the network knows it.
    ///
    /// A trainer compares it with the data before training. The default is `None`.
    fn sample_shape(&self) -> Option<Vec<usize>> {
        None
    }

    /// How many classes its conditions are labels of, where it takes labels and knows. The default is `None`.
    fn classes(&self) -> Option<usize> {
        None
    }

    /// Refuses conditions that it cannot generate under, such as a label beyond its classes.
    ///
    /// It may read from the device. A trainer asks with the conditions of a whole data set before training, a sampler
    /// before it samples; no step asks. The default takes every condition.
    ///
    /// # Errors
    /// [`NetworkError`] with what is wrong.
    fn check_condition(&self, _condition: &C) -> Result<(), NetworkError> {
        Ok(())
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
    ///
    /// A network that judges parts of a sample one by one gives `k` logits a sample, `[N * k]`, those of a sample one
    /// after the other. A loss is then taken of each, and a gradient penalty of their sum.
    fn logits(&self, samples: Tensor<D>, condition: &C) -> Tensor<1>;

    /// The logits, and what else one pass gives. The default has the logits alone.
    fn outputs(&self, samples: Tensor<D>, condition: &C) -> Outputs {
        Outputs::new(self.logits(samples, condition))
    }

    /// The shape of one sample (without the batch axis) that the network takes, where it knows it.
    ///
    /// A trainer compares it with the data before training. The default is `None`.
    fn sample_shape(&self) -> Option<Vec<usize>> {
        None
    }

    /// How many classes its conditions are labels of; as [`Generator::classes`].
    fn classes(&self) -> Option<usize> {
        None
    }

    /// Refuses conditions that it cannot judge under; as [`Generator::check_condition`].
    ///
    /// # Errors
    /// [`NetworkError`] with what is wrong.
    fn check_condition(&self, _condition: &C) -> Result<(), NetworkError> {
        Ok(())
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

/// What a discriminator says of samples in one pass.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outputs {
    /// The logits, `[N]` or `[N * k]`; as [`Discriminator::logits`].
    pub logits: Tensor<1>,
    /// Further outputs `[N, outputs]` of the same pass: the class logits of an auxiliary classifier (Odena et al. 2017),
    /// the estimated codes of an InfoGAN (Chen et al. 2016).
    pub auxiliary: Option<Tensor<2>>,
    /// The features `[N, features]` that the logits are computed from; feature matching (Salimans et al. 2016) compares
    /// them.
    pub features: Option<Tensor<2>>,
}

impl Outputs {
    /// Logits alone.
    pub fn new(logits: Tensor<1>) -> Self {
        Self {
            logits,
            auxiliary: None,
            features: None,
        }
    }

    /// With further outputs `[N, outputs]`.
    pub fn with_auxiliary(mut self, auxiliary: impl Into<Option<Tensor<2>>>) -> Self {
        self.auxiliary = auxiliary.into();
        self
    }

    /// With the features `[N, features]` behind the logits.
    pub fn with_features(mut self, features: impl Into<Option<Tensor<2>>>) -> Self {
        self.features = features.into();
        self
    }
}

/// The function [`DualDiscriminator::logits_dual`] of a discriminator `N`.
pub type TangentRule<N, const D: usize, C> = fn(&N, Dual<D>, &C) -> Dual<1>;

/// A discriminator that can carry a directional derivative along with its value.
///
/// `logits_dual(Dual::constant(x), c).value` must equal `logits(x, c)`. Trainers find it by
/// [`Discriminator::tangent_rule`]. Layers and functions with a value and a tangent are in
/// [`nn`](crate::nn) and [`dual`](crate::dual).
pub trait DualDiscriminator<const D: usize, C = ()>: Discriminator<D, C> {
    /// The logits, as [`Discriminator::logits`], and, where `samples` has a tangent, their derivative in its direction.
    fn logits_dual(&self, samples: Dual<D>, condition: &C) -> Dual<1>;
}
