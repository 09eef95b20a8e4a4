//! An exponential moving average of a model's weights.

use std::collections::HashMap;

use burn::config::Config;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::gan_error::GanError;
use crate::module_tree::{ModulePath, follow_path};
use crate::schedule::Schedule;

/// Configuration of an [`Ema`].
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmaConfig {
    /// How much of the average stays at each update, in [0, 1).
    #[config(default = 0.999)]
    pub decay: f64,
    /// Whether the decay starts low, as `min(decay, (1 + t) / (10 + t))` after `t` updates, so that the
    /// average is not held back by the first, random weights.
    #[config(default = true)]
    pub warm_up: bool,
    /// In place of `decay` and `warm_up`: after how many updates half of the average is forgotten, by the
    /// update; `decay = 2^(-1 / half_life)`, 0 for a half-life of 0. A half-life in images is one in updates
    /// times the batch size.
    pub half_life: Option<Schedule>,
}

/// The exponential moving average of a model's trainable weights over its updates.
///
/// `shadow = decay * shadow + (1 - decay) * live`, for GAN generators since Yaz et al. 2019 and Karras et
/// al. 2018 (section C). Weights are paired by their path in the module. Everything else, such as the
/// running statistics of batch normalisation, is copied from the live model, which is left as it is.
#[derive(Debug, Clone)]
pub struct Ema<M> {
    config: EmaConfig,
    shadow: M,
    updates: usize,
}

impl EmaConfig {
    /// Starts the average at `live`.
    ///
    /// # Errors
    /// [`GanError::Config`] for a decay outside [0, 1) or a negative half-life.
    pub fn init<M: Module>(&self, live: &M) -> Result<Ema<M>, GanError> {
        if !(0.0..1.0).contains(&self.decay) {
            return Err(GanError::config(
                "ema.decay",
                self.decay,
                "must be in [0, 1)",
            ));
        }
        if let Some(half_life) = &self.half_life {
            let allowed = |value: f64| value >= 0.0 && value.is_finite();
            half_life.check("ema.half_life", allowed, "must be finite and not negative")?;
        }
        Ok(Ema {
            config: self.clone(),
            shadow: live.valid(),
            updates: 0,
        })
    }
}

impl<M: Module> Ema<M> {
    /// Takes the live model's new weights in.
    pub fn blend(&mut self, live: &M) {
        let mut average = Collect::default();
        self.shadow.visit(&mut average);
        let mut trainable = Collect::trainable();
        live.visit(&mut trainable);
        average
            .tensors
            .retain(|path, _| trainable.tensors.contains_key(path));
        let mut blend = Blend {
            decay: self.decay(),
            average: average.tensors,
            path: ModulePath::default(),
        };
        // A valid model has buffers of its own: mapping it cannot reach the live one's.
        self.shadow = live.valid().map(&mut blend);
        self.updates += 1;
    }

    /// The averaged model, in its evaluation form.
    pub fn model(&self) -> &M {
        &self.shadow
    }

    /// How many times new weights were taken in.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// The same average with a model, in its evaluation form, that this many updates led to.
    pub(crate) fn resumed(&self, model: M, updates: usize) -> Self {
        Self {
            config: self.config.clone(),
            shadow: model,
            updates,
        }
    }

    fn decay(&self) -> f64 {
        if let Some(half_life) = &self.config.half_life {
            return (-1.0 / half_life.at(self.updates)).exp2();
        }
        let updates = self.updates as f64;
        if self.config.warm_up {
            self.config.decay.min((1.0 + updates) / (10.0 + updates))
        } else {
            self.config.decay
        }
    }
}

/// Collects the float tensors by path, flat, so that one map holds every rank.
#[derive(Default)]
struct Collect {
    only_trainable: bool,
    path: ModulePath,
    tensors: HashMap<String, Tensor<1>>,
}

impl Collect {
    fn trainable() -> Self {
        Self {
            only_trainable: true,
            ..Self::default()
        }
    }
}

impl ModuleVisitor for Collect {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.only_trainable || param.is_require_grad() {
            let flat = flatten(param.val().without_autodiff());
            self.tensors.insert(self.path.key(), flat);
        }
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
            let shape = live.dims();
            average.reshape(shape) * decay + live * (1.0 - decay)
        })
    }
}

fn flatten<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let count = tensor.shape().num_elements();
    tensor.reshape([count])
}
