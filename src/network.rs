//! What a network of the game is: [`Generator`], [`Discriminator`] and [`DualDiscriminator`].

use burn::module::Module;
use burn::tensor::Tensor;

use crate::dual::Dual;
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
    /// A trainer compares it with the data before training. The default is `None`.
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
    /// A trainer compares it with the data before training. The default is `None`.
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
/// `logits_dual(Dual::constant(x), c).value` must equal `logits(x, c)`. Trainers find it by
/// [`Discriminator::tangent_rule`]. Layers and functions with a value and a tangent are in
/// [`nn`](crate::nn) and [`dual`](crate::dual).
pub trait DualDiscriminator<const D: usize, C = ()>: Discriminator<D, C> {
    /// The logits `[N]` and, where `samples` has a tangent, their derivative in its direction.
    fn logits_dual(&self, samples: Dual<D>, condition: &C) -> Dual<1>;
}
