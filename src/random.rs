//! All randomness of a run: host-side streams keyed by (seed, purpose, step).
//!
//! A stream's numbers depend on its key alone, not on what was drawn before, on the backend or on the
//! number of threads. The same seed gives the same weights, latents and shuffles on every device, and a
//! run can go on from (seed, step) without any saved generator state.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

/// What a stream's numbers are for; streams of different purposes are independent.
///
/// The numbers are part of the key and never change: a new purpose gets a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Initial weights of a generator.
    GeneratorWeights = 1,
    /// Initial weights of a discriminator.
    DiscriminatorWeights = 2,
    /// Latent vectors of training steps.
    Latent = 3,
    /// The order of the samples in an epoch.
    Shuffle = 4,
    /// Samples of synthetic data.
    Data = 5,
    /// Latent vectors of samples drawn from a trained generator.
    Sampling = 6,
    /// Initial weights of a classifier, or of a network of the user's own.
    Weights = 7,
    /// Points that gradient penalties are taken at.
    Penalty = 8,
    /// The weights of a fixed random feature space.
    Features = 9,
    /// Subsets and projections that metrics are estimated on.
    Metric = 10,
    /// Which samples of a set are held out.
    HeldOut = 11,
    /// What an objective draws in a step.
    Objective = 12,
    /// Changes of the images that a discriminator sees.
    Augmentation = 13,
    /// New values of latents that a truncation draws again.
    Truncation = 15,
    /// Latents that an inversion starts at.
    Inversion = 16,
    /// The samples and the first centres that clusters are found from.
    Clusters = 17,
}

/// A stream of random numbers keyed by (seed, purpose, step).
///
/// The random bits are those of ChaCha with 8 rounds, which its definition fixes. What is made of them is the work of
/// `rand` (uniform values, indices, permutations) and `rand_distr` (normal values), which may change values between
/// their minor versions, but not within one. Golden values in this crate's tests show such a change.
///
/// ```
/// use burn_gan::random::{Purpose, Stream};
///
/// let mut a = Stream::new(42, Purpose::Latent, 7);
/// let mut b = Stream::new(42, Purpose::Latent, 7);
/// assert_eq!(a.normal_values(3), b.normal_values(3));
/// assert_ne!(a.normal_values(3), Stream::new(42, Purpose::Latent, 8).normal_values(3));
/// ```
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this seed, purpose and step (or epoch, or layer: whatever counts there).
    pub fn new(seed: u64, purpose: Purpose, step: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&step.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The same stream for part `index` of what it is for: part 0 draws what the stream itself would, every other part
    /// numbers of its own.
    #[cfg(feature = "training")]
    pub(crate) fn part(mut self, index: u64) -> Self {
        self.0.set_stream(index);
        self
    }

    /// `count` draws from the standard normal distribution.
    pub fn normal_values(&mut self, count: usize) -> Vec<f32> {
        self.draw(count, StandardNormal)
    }

    /// `count` draws from the uniform distribution on [0, 1).
    pub fn uniform_values(&mut self, count: usize) -> Vec<f32> {
        self.draw(count, StandardUniform)
    }

    /// A tensor of draws from the standard normal distribution.
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let values = self.normal_values(shape.iter().product());
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// A tensor of draws from the uniform distribution on [0, 1).
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let values = self.uniform_values(shape.iter().product());
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// A random index below `bound`; 0 where `bound` is 0.
    pub fn index(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            self.0.random_range(0..bound)
        }
    }

    /// A random order of the indices `0..count`.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.0);
        order
    }

    fn draw(&mut self, count: usize, distribution: impl Distribution<f32>) -> Vec<f32> {
        (&mut self.0)
            .sample_iter(distribution)
            .take(count)
            .collect()
    }
}
