//! An exponential moving average of a model's weights.

use std::collections::HashMap;

use burn::config::{Config, config_to_json};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, FloatDType, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::ConfigError;
use crate::kernel;
use crate::module_tree::{ModulePath, follow_path};
use crate::schedule::Schedule;

/// How much of an [`Ema`] stays at an update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EmaDecay {
    /// This much, in [0, 1).
    Constant(f64),
    /// This much in the end, in [0, 1), and less at first: `min(decay, (1 + t) / (10 + t))` after `t` updates, so
    /// that the average is not held back by the first, random weights.
    WarmUp(f64),
    /// `2^(-1 / half_life)`, for a half-life of 0 nothing: after so many updates half of the average is forgotten.
    /// A half-life in images is one in updates times the batch size.
    HalfLife(Schedule),
}

/// The limit of a decay that starts low, which is what a number has always meant here.
impl From<f64> for EmaDecay {
    fn from(decay: f64) -> Self {
        Self::WarmUp(decay)
    }
}

/// Configuration of an [`Ema`].
///
/// ```
/// use burn_gan::Schedule;
/// use burn_gan::ema::{EmaConfig, EmaDecay};
///
/// let usual = EmaConfig::new();
/// assert_eq!(usual.decay, EmaDecay::WarmUp(0.999));
/// let shorter = EmaConfig::new().with_decay(0.99);
/// let constant = EmaConfig::new().with_decay(EmaDecay::Constant(0.99));
/// let by_half_life = EmaConfig::new().with_decay(EmaDecay::HalfLife(Schedule::Constant(500.0)));
/// ```
///
/// Configuration files of version 0.1.0 had `decay`, `warm_up` and `half_life` beside each other; they are read, but
/// for those in which a half-life stands beside another decay than the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedConfig")]
#[non_exhaustive]
pub struct EmaConfig {
    /// How much of the average stays at each update.
    pub decay: EmaDecay,
}

impl EmaConfig {
    /// A decay of 0.999 that starts low.
    pub fn new() -> Self {
        Self {
            decay: EmaDecay::WarmUp(0.999),
        }
    }

    /// The same with another decay.
    pub fn with_decay(mut self, decay: impl Into<EmaDecay>) -> Self {
        self.decay = decay.into();
        self
    }

    /// Starts the average at `live`.
    ///
    /// # Errors
    /// For a decay outside [0, 1) or a negative half-life.
    pub fn init<M: Module>(&self, live: &M) -> Result<Ema<M>, ConfigError> {
        self.init_every(1, live)
    }

    /// The same where there is an update in every so many steps only: a scheduled half-life is that of the step.
    pub(crate) fn init_every<M: Module>(
        &self,
        steps: usize,
        live: &M,
    ) -> Result<Ema<M>, ConfigError> {
        match &self.decay {
            EmaDecay::Constant(decay) | EmaDecay::WarmUp(decay) => {
                if !(0.0..1.0).contains(decay) {
                    return Err(ConfigError::new("ema.decay", decay, "must be in [0, 1)"));
                }
            }
            EmaDecay::HalfLife(half_life) => {
                let allowed = |value: f64| value >= 0.0 && value.is_finite();
                half_life.check("ema.half_life", allowed, "must be finite and not negative")?;
            }
        }
        let mut wide = Widen {
            trainable: float_tensors(live, true),
            path: ModulePath::default(),
        };
        Ok(Ema {
            config: self.clone(),
            steps_per_update: steps,
            shadow: live.valid().map(&mut wide),
            model: live.valid(),
            updates: 0,
        })
    }
}

impl Default for EmaConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl Config for EmaConfig {}

impl std::fmt::Display for EmaConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&config_to_json(self))
    }
}

/// What a file may hold: today's `decay`, or the three fields of version 0.1.0.
#[derive(Deserialize)]
struct SavedConfig {
    decay: Value,
    warm_up: Option<bool>,
    half_life: Option<Schedule>,
}

impl TryFrom<SavedConfig> for EmaConfig {
    type Error = String;

    fn try_from(saved: SavedConfig) -> Result<Self, String> {
        let decay = match (saved.decay.as_f64(), saved.warm_up, saved.half_life) {
            (None, None, None) => {
                EmaDecay::deserialize(saved.decay).map_err(|error| format!("ema: {error}"))?
            }
            (Some(decay), warm_up, None) => {
                if warm_up.unwrap_or(true) {
                    EmaDecay::WarmUp(decay)
                } else {
                    EmaDecay::Constant(decay)
                }
            }
            // What version 0.1.0 wrote of a half-life alone.
            (Some(0.999), None | Some(true), Some(half_life)) => EmaDecay::HalfLife(half_life),
            (_, warm_up, half_life) => {
                return Err(format!(
                    "ema: decay {}, warm_up {warm_up:?} and half_life {half_life:?} contradict each other",
                    saved.decay
                ));
            }
        };
        Ok(Self { decay })
    }
}

/// The exponential moving average of a model's trainable weights over its updates.
///
/// `shadow = decay * shadow + (1 - decay) * live`, for GAN generators since Yaz et al. 2019 and Karras et
/// al. 2018 (section C). Weights are paired by their path in the module. Everything else, such as the
/// running statistics of batch normalisation, is copied from the live model, which is left as it is.
///
/// The average of weights in half precision (f16, bf16) is kept in f32: half precision rounds the small part that an
/// update adds away.
#[derive(Debug, Clone)]
pub struct Ema<M> {
    config: EmaConfig,
    steps_per_update: usize,
    /// With weights of at least f32.
    shadow: M,
    /// The same in the live model's types.
    model: M,
    updates: usize,
}

impl<M: Module> Ema<M> {
    /// Takes the live model's new weights in.
    pub fn blend(&mut self, live: &M) {
        let trainable = float_tensors(live, true);
        let mut average = float_tensors(&self.shadow, false);
        average.retain(|path, _| trainable.contains_key(path));
        let mut blend = Blend {
            decay: self.decay(),
            average,
            path: ModulePath::default(),
        };
        // A valid model has buffers of its own: mapping it cannot reach the live one's.
        self.shadow = live.valid().map(&mut blend);
        self.model = in_types_of(&self.shadow, live);
        self.updates += 1;
    }

    /// The averaged model, in its evaluation form and the live model's types.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// How many times new weights were taken in.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// The averaged model in the precision that it is kept in: what has to be saved for it to go on with the same bits.
    pub(crate) fn shadow(&self) -> &M {
        &self.shadow
    }

    /// The same average with a shadow, in its evaluation form, that this many updates led to.
    pub(crate) fn resumed(&self, shadow: M, updates: usize) -> Self {
        Self {
            model: in_types_of(&shadow, &self.model),
            shadow,
            updates,
            ..self.clone()
        }
    }

    fn decay(&self) -> f64 {
        match &self.config.decay {
            EmaDecay::Constant(decay) => *decay,
            EmaDecay::WarmUp(decay) => {
                let updates = self.updates as f64;
                decay.min((1.0 + updates) / (10.0 + updates))
            }
            EmaDecay::HalfLife(half_life) => {
                let step = (self.updates + 1) * self.steps_per_update - 1;
                (-1.0 / half_life.at(step)).exp2()
            }
        }
    }
}

/// The float tensors of a module by path, flat, so that one map holds every rank.
fn float_tensors<M: Module>(module: &M, only_trainable: bool) -> HashMap<String, Tensor<1>> {
    let mut collect = Collect {
        only_trainable,
        path: ModulePath::default(),
        tensors: HashMap::new(),
    };
    module.visit(&mut collect);
    collect.tensors
}

struct Collect {
    only_trainable: bool,
    path: ModulePath,
    tensors: HashMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collect {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.only_trainable || param.is_require_grad() {
            let tensor = param.val().without_autodiff();
            let count = tensor.shape().num_elements();
            self.tensors
                .insert(self.path.key(), tensor.reshape([count]));
        }
    }
}

/// Brings the trainable weights to at least f32.
struct Widen {
    trainable: HashMap<String, Tensor<1>>,
    path: ModulePath,
}

impl ModuleMapper for Widen {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.trainable.contains_key(&self.path.key()) {
            param.map(widened)
        } else {
            param
        }
    }
}

fn widened<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if matches!(tensor.dtype(), DType::F16 | DType::BF16) {
        tensor.cast(FloatDType::F32)
    } else {
        tensor
    }
}

/// Mixes the averages into the live weights at the same path.
struct Blend {
    decay: f64,
    average: HashMap<String, Tensor<1>>,
    path: ModulePath,
}

impl ModuleMapper for Blend {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(average) = self.average.remove(&self.path.key()) else {
            return param;
        };
        let decay = self.decay;
        param.map(|live| {
            let average = average.reshape(live.dims());
            let live = widened(live);
            kernel::blend(&average, &live, decay)
                .unwrap_or_else(|| average * decay + live * (1.0 - decay))
        })
    }
}

/// A shadow in the types of another model.
fn in_types_of<M: Module>(shadow: &M, other: &M) -> M {
    // A valid model has buffers of its own.
    shadow.valid().map(&mut Retype {
        like: float_tensors(other, false),
        path: ModulePath::default(),
    })
}

struct Retype {
    like: HashMap<String, Tensor<1>>,
    path: ModulePath,
}

impl ModuleMapper for Retype {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(like) = self.like.get(&self.path.key()) else {
            return param;
        };
        let dtype = like.dtype();
        param.map(|tensor| {
            if tensor.dtype() == dtype {
                tensor
            } else {
                tensor.cast(FloatDType::from(dtype))
            }
        })
    }
}
