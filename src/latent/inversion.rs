//! [`InversionConfig`]: the latent whose sample is nearest to a given one.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor};

use crate::batch::{Condition, check_condition};
use crate::errors::{ConfigError, DeviceError, ShapeError, at_least_1, positive};
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::Generator;
use crate::optimizer::{NetworkOptimizer, OptimizerConfig};
use crate::random::{Purpose, Stream};
use crate::sampling::{SamplerConfig, check_latents};
use crate::schedule::Schedule;
use crate::unwind::caught;

/// Inversion by optimisation: looks for the latent whose sample is nearest to a given one. It is the projection of an image
/// onto the manifold in Zhu, Krahenbuhl, Shechtman and Efros, "Generative visual manipulation on the natural image
/// manifold", ECCV 2016, <https://arxiv.org/abs/1609.03552>.
///
/// It starts at the best of some random latents and goes down the gradient of the distance with Adam (beta_1 0.9, beta_2
/// 0.999), at a learning rate that falls to 0 in a straight line. The generator stays as it is: it runs in its evaluation form,
/// and no running statistics move. The same seed gives the same result, to the bit on flex.
///
/// The distance has many local minima. A better start (more `candidates`) or another seed often helps more than more steps.
/// How near it gets says what the generator can draw, and not whether it has seen the picture.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::latent::InversionConfig;
/// use burn_gan::{SamplerConfig, model::MlpConfig};
///
/// let generator = MlpConfig::new(2).with_hidden(vec![16]).init_generator(&Device::flex())?;
/// let target = SamplerConfig::new().with_seed(5).sample(&generator, 1, &())?;
/// let found = InversionConfig::new().with_steps(50).invert(&generator, target, &())?;
/// assert!(found.distances[found.step] < 1e-2);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct InversionConfig {
    /// Number of random latents, the best of which is the start.
    #[config(default = 256)]
    pub candidates: usize,
    /// Number of steps.
    #[config(default = 300)]
    pub steps: usize,
    /// Learning rate of the first step.
    #[config(default = 0.05)]
    pub learning_rate: f64,
    /// Seed of the random latents.
    #[config(default = 0)]
    pub seed: u64,
    /// The largest number of random latents that go through the generator at once.
    #[config(default = 128)]
    pub chunk: usize,
}

/// What [`InversionConfig`] has found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inversion<const D: usize> {
    /// The latent of the least distance, `[1, latent_size]`.
    pub latent: Tensor<2>,
    /// Its sample, `[1, ...]`.
    pub sample: Tensor<D>,
    /// The latent that the search started at, `[1, latent_size]`.
    pub start: Tensor<2>,
    /// The distance at the start and after each step: `steps + 1` of them.
    pub distances: Vec<f64>,
    /// The number of steps behind the least distance, `distances[step]`.
    pub step: usize,
}

/// A latent as a module, for the optimiser.
#[derive(Module, Debug)]
struct Latent {
    value: Param<Tensor<2>>,
}

/// What candidates and steps have in common.
struct Search<'a, const D: usize, C, G> {
    generator: &'a G,
    condition: C,
    features: &'a dyn Fn(Tensor<D>) -> Tensor<2>,
    /// Those of the target, `[1, d]`.
    wanted: Tensor<2>,
    device: Device,
}

impl InversionConfig {
    /// Looks for the latent whose sample has the least mean squared difference from `target` `[1, ...]`, under one condition.
    ///
    /// # Errors
    /// [`GanError::Config`] for 0 candidates, steps or a chunk of 0, a chunk that no memory can hold, a learning rate that is not positive, a latent size of 0
    /// and a target that is not finite, [`GanError::Shape`] for a target that is not one sample of the generator's shape,
    /// [`GanError::Batch`] and [`GanError::Network`] for a condition that is not one, or that the generator refuses,
    /// [`GanError::InversionDiverged`] for a distance that is not finite, [`GanError::NetworkFailed`] where the generator or
    /// the features panic, [`GanError::Device`] where the device fails.
    pub fn invert<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        target: Tensor<D>,
        condition: &C,
    ) -> Result<Inversion<D>, GanError> {
        let pixels = |samples: Tensor<D>| samples.flatten::<2>(1, D - 1);
        self.invert_features(generator, target, condition, &pixels)
    }

    /// As [`InversionConfig::invert`], with the mean squared difference of `features`: of samples `[N, ...]` in the form
    /// `[N, d]`, by differentiable operations, on the device of the samples.
    ///
    /// [`Classifier::penultimate`](crate::model::Classifier::penultimate) gives such features. A network of your own in them
    /// should be in its evaluation form, `network.valid()`: it would take this for training otherwise.
    ///
    /// # Errors
    /// As [`InversionConfig::invert`], and [`GanError::Shape`] for features that are not one row a sample.
    pub fn invert_features<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        target: Tensor<D>,
        condition: &C,
        features: &dyn Fn(Tensor<D>) -> Tensor<2>,
    ) -> Result<Inversion<D>, GanError> {
        at_least_1("candidates", self.candidates)?;
        at_least_1("steps", self.steps)?;
        at_least_1("chunk", self.chunk)?;
        let latent_size = generator.latent_size();
        at_least_1("latent_size", latent_size)?;
        check_latents("chunk", self.chunk.min(self.candidates), latent_size)?;
        positive("learning_rate", self.learning_rate)?;
        check_condition(1, condition)?;
        let generator = generator.valid();
        let device = module_device(&generator).without_autodiff();
        let target = target.without_autodiff().to_device(&device);
        check_target(&target)?;
        let sample = SamplerConfig::new().decode(
            &generator,
            Tensor::zeros([1, latent_size], &device),
            condition,
        )?;
        ShapeError::check("target of the inversion", &sample.dims(), &target.dims())?;
        let wanted =
            caught(|| features(target.clone())).map_err(|m| failed("features", &target, m))?;
        ShapeError::check(
            "features of one sample",
            &[1, wanted.dims()[1]],
            &wanted.dims(),
        )?;
        let search = Search {
            generator: &generator,
            condition: condition.clone().to_device(&device),
            features,
            wanted: wanted.without_autodiff(),
            device,
        };
        let start = search.best_of(self)?;
        search.descend(self, start)
    }
}

impl<const D: usize, C: Condition, G: Generator<D, C>> Search<'_, D, C, G> {
    /// The random latent whose sample is the nearest, `[1, latent_size]`.
    fn best_of(&self, config: &InversionConfig) -> Result<Tensor<2>, GanError> {
        let latent_size = self.generator.latent_size();
        let mut stream = Stream::new(config.seed, Purpose::Inversion, 0);
        let (mut best, mut least) = (None, f64::INFINITY);
        for first in (0..config.candidates).step_by(config.chunk) {
            let count = config.chunk.min(config.candidates - first);
            let latent = stream.normal([count, latent_size], &self.device);
            let distances = self.distances(latent.clone())?;
            let distances = distances
                .try_into_vec_as::<f64>()
                .map_err(DeviceError::new)?;
            for (row, distance) in distances.into_iter().enumerate() {
                if !distance.is_finite() {
                    return Err(GanError::InversionDiverged { steps: 0, distance });
                }
                if best.is_none() || distance < least {
                    least = distance;
                    best = Some(latent.clone().narrow(0, row, 1));
                }
            }
        }
        best.ok_or_else(|| ConfigError::new("candidates", 0, "must be at least 1").into())
    }

    fn descend(
        &self,
        config: &InversionConfig,
        start: Tensor<2>,
    ) -> Result<Inversion<D>, GanError> {
        let mut optimizer = adam()?;
        let learning_rate = Schedule::Linear {
            from: config.learning_rate,
            to: 0.0,
            steps: config.steps,
        };
        let mut latent = Latent {
            value: Param::from_tensor(start.clone().autodiff()),
        };
        let mut distances = Vec::new();
        let (mut best, mut best_step, mut least) = (start.clone(), 0, f64::INFINITY);
        for step in 0..=config.steps {
            let loss = self.distances(latent.value.val())?;
            let distance = loss.clone().without_autodiff();
            let distance = distance
                .try_into_scalar::<f64>()
                .map_err(DeviceError::new)?;
            if !distance.is_finite() {
                return Err(GanError::InversionDiverged {
                    steps: step,
                    distance,
                });
            }
            distances.push(distance);
            if distance < least {
                (best, best_step, least) = (latent.value.val().without_autodiff(), step, distance);
            }
            if step < config.steps {
                let backward = caught(|| loss.backward());
                let gradients = backward.map_err(|m| failed("generator", &start, m))?;
                let gradients = GradientsParams::from_grads(gradients, &latent);
                latent = optimizer.step(learning_rate.at(step), latent, gradients);
            }
        }
        let sample = SamplerConfig::new().decode(self.generator, best.clone(), &self.condition)?;
        Ok(Inversion {
            latent: best,
            sample,
            start,
            distances,
            step: best_step,
        })
    }

    /// How far the samples of latents `[N, latent_size]` are from the target, `[N]`.
    fn distances(&self, latent: Tensor<2>) -> Result<Tensor<1>, GanError> {
        let [count, _] = latent.dims();
        let condition = self.condition.select(&vec![0; count]);
        let found = caught(|| (self.features)(self.generator.generate(latent.clone(), &condition)));
        let found = found.map_err(|message| failed("generator", &latent, message))?;
        let expected = [count, self.wanted.dims()[1]];
        ShapeError::check("features of samples", &expected, &found.dims())?;
        let difference = found - self.wanted.clone();
        Ok(difference.square().mean_dim(1).squeeze_dim(1))
    }
}

fn adam() -> Result<NetworkOptimizer, ConfigError> {
    let adam = AdamConfig::new().with_beta_1(0.9).with_beta_2(0.999);
    OptimizerConfig::Adam(adam.with_epsilon(1e-8)).init()
}

/// Refuses a target that is not finite.
fn check_target<const D: usize>(target: &Tensor<D>) -> Result<(), GanError> {
    let values = target.clone().try_into_vec_as::<f32>();
    let values = values.map_err(DeviceError::new)?;
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(ConfigError::new("target", value, "must be finite").into()),
        None => Ok(()),
    }
}

fn failed<const D: usize>(network: &'static str, input: &Tensor<D>, message: String) -> GanError {
    GanError::NetworkFailed {
        network,
        shape: input.dims().to_vec(),
        message,
    }
}
