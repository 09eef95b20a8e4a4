//! [`OptimizerConfig`]: Burn's optimisers by their configurations.

use burn::config::Config;
use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{
    AdaGradConfig, AdamConfig, AdamWConfig, AdanConfig, LambConfig, LionConfig, Optimizer,
    RmsPropConfig, SgdConfig,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::adam::Adam;
use super::{NetworkOptimizer, ScheduledAdamConfig, UpdateRule};
use crate::errors::ConfigError;
use crate::identity::Identity;

/// An optimiser and its settings, in Burn's own configurations; their gradient clipping counts.
///
/// Any other optimiser goes in as an [`UpdateRule`].
///
/// ```
/// use burn::optim::LionConfig;
/// use burn_gan::optimizer::OptimizerConfig;
///
/// let lion = OptimizerConfig::Lion(LionConfig::new().with_weight_decay(0.1)).init()?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub enum OptimizerConfig {
    /// Adam.
    Adam(AdamConfig),
    /// Adam with decoupled weight decay.
    AdamW(AdamWConfig),
    /// RMSProp.
    RmsProp(RmsPropConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Adam with a scheduled second moment.
    ScheduledAdam(ScheduledAdamConfig),
    /// AdaGrad.
    AdaGrad(AdaGradConfig),
    /// Adan.
    Adan(AdanConfig),
    /// LAMB.
    Lamb(LambConfig),
    /// Lion.
    Lion(LionConfig),
}

impl OptimizerConfig {
    /// Adam with beta1 = 0.5, beta2 = 0.999 (Radford et al. 2016, section 4) and epsilon = 1e-8.
    pub fn dcgan() -> Self {
        Self::Adam(
            AdamConfig::new()
                .with_beta_1(0.5)
                .with_beta_2(0.999)
                .with_epsilon(1e-8),
        )
    }

    /// The optimiser for all parameters of a network.
    ///
    /// # Errors
    /// As [`OptimizerConfig::rule`].
    pub fn init(&self) -> Result<NetworkOptimizer, ConfigError> {
        Ok(NetworkOptimizer::new(self.rule()?))
    }

    /// The rule for one parameter, for [`NetworkOptimizer::with_group`].
    ///
    /// # Errors
    /// For a value out of range in a [`ScheduledAdamConfig`]; Burn's own configurations are taken as they are.
    pub fn rule(&self) -> Result<UpdateRule, ConfigError> {
        self.rule_every(1)
    }

    /// The rule of an optimiser that takes one step in so many of the trainer's: a schedule in it is that of the
    /// trainer's step.
    pub(crate) fn rule_every(&self, steps: usize) -> Result<UpdateRule, ConfigError> {
        match self {
            Self::Adam(config) => burns(Adam::new(config)?, config, CLIPPING),
            Self::AdamW(config) => burns(config.build(), config, CLIPPING),
            Self::RmsProp(config) => burns(config.build(), config, CLIPPING),
            Self::Sgd(config) => burns(config.build(), config, CLIPPING_OF_SGD),
            Self::ScheduledAdam(config) => config.rule_every(steps),
            Self::AdaGrad(config) => burns(config.build(), config, CLIPPING),
            Self::Adan(config) => burns(config.build(), config, CLIPPING),
            Self::Lamb(config) => burns(config.build(), config, CLIPPING),
            Self::Lion(config) => burns(config.build(), config, CLIPPING),
        }
    }
}

/// The field of Burn's configurations that says how gradients are clipped.
const CLIPPING: &str = "grad_clipping";
const CLIPPING_OF_SGD: &str = "gradient_clipping";

/// One of Burn's rules under the identity of its configuration, with the gradient clipping that is asked for there.
///
/// Burn's `build` leaves the clipping out and the field is private, so that it is read from the configuration's
/// serialised form. A configuration without that field is refused: nothing would say that gradients are not clipped.
fn burns<O: Optimizer>(
    optimizer: O,
    config: &impl Serialize,
    field: &'static str,
) -> Result<UpdateRule, ConfigError> {
    let missing = |found: &dyn std::fmt::Display| {
        let requirement =
            "must be there and say how gradients are clipped: Burn's configuration has changed";
        ConfigError::new(field, found.to_string(), requirement)
    };
    let settings = match serde_json::to_value(config) {
        Ok(Value::Object(settings)) => settings,
        Ok(other) => return Err(missing(&other)),
        Err(error) => return Err(missing(&error)),
    };
    let clipping = settings
        .get(field)
        .ok_or_else(|| missing(&"no such field"))?;
    let clipping =
        Option::<GradientClippingConfig>::deserialize(clipping).map_err(|error| missing(&error))?;
    let mut rule = UpdateRule::new(Identity::of::<O>(), optimizer);
    rule.clipping = clipping.map(|clipping| clipping.init());
    rule.identity.settings = settings.into_iter().collect();
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use burn::optim::SgdConfig;
    use serde::Serialize;

    use super::{CLIPPING_OF_SGD, burns};

    #[test]
    fn a_configuration_that_does_not_say_how_it_clips_is_refused() {
        /// Burn's configuration of another version.
        #[derive(Serialize)]
        struct Renamed {
            clip: f32,
        }
        #[derive(Serialize)]
        struct Retyped {
            gradient_clipping: f32,
        }
        let sgd = SgdConfig::new();
        assert!(burns(sgd.build(), &sgd, CLIPPING_OF_SGD).is_ok());
        let error = |result: Result<_, crate::errors::ConfigError>| result.err().map(|e| e.field);
        let renamed = burns(sgd.build(), &Renamed { clip: 1.0 }, CLIPPING_OF_SGD);
        assert_eq!(error(renamed), Some("gradient_clipping"));
        let retyped = Retyped {
            gradient_clipping: 1.0,
        };
        let retyped = burns(sgd.build(), &retyped, CLIPPING_OF_SGD);
        assert_eq!(error(retyped), Some("gradient_clipping"));
    }
}
