//! [`Finding`]: what is wrong in a window, and the [`Measures`] that show it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::WatchConfig;

/// What can be wrong with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FindingKind {
    /// The discriminator separates real and generated samples so surely that the generator learns little.
    Saturation,
    /// The generator does not change.
    Stall,
    /// The generated samples are all alike.
    Collapse,
}

/// One thing wrong in one window, with the numbers in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// The window's first step.
    pub first: usize,
    /// The window's last step.
    pub last: usize,
    /// The finding in plain language.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// The numbers of one window that findings are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Measures {
    /// The window's first step.
    pub first: usize,
    /// The window's last step.
    pub last: usize,
    /// Mean logit of real minus mean logit of generated samples, the mean over the steps.
    pub logit_gap: f64,
    /// Share of real logits above and of generated ones below 0, the mean of both over the steps, in [0, 1];
    /// `None` where logits are no log-odds.
    pub accuracy: Option<f64>,
    /// How far samples of fixed latents moved from the window's beginning to its end, in mean distances between
    /// two real samples; `None` where neither movement nor diversity is checked.
    pub movement: Option<f64>,
    /// The mean distance between two generated samples at the window's end, in that of two real ones; `None`
    /// where neither movement nor diversity is checked.
    pub diversity: Option<f64>,
}

impl Measures {
    /// What is wrong by these numbers, at most one finding of each kind.
    pub(super) fn findings(&self, config: &WatchConfig) -> Vec<Finding> {
        [
            (FindingKind::Saturation, self.saturation(config)),
            (FindingKind::Stall, self.stall(config)),
            (FindingKind::Collapse, self.collapse(config)),
        ]
        .into_iter()
        .filter_map(|(kind, message)| {
            Some(Finding {
                kind,
                first: self.first,
                last: self.last,
                message: message?,
            })
        })
        .collect()
    }

    fn saturation(&self, config: &WatchConfig) -> Option<String> {
        let threshold = config.maximum_logit_gap?;
        let gap = self.logit_gap;
        if gap <= threshold {
            return None;
        }
        let mut message = format!(
            "discriminator saturated: over steps {}..{} its logits of real and generated samples differ by {gap:.1} \
             on average, threshold {threshold}",
            self.first, self.last
        );
        if let (Some(accuracy), Some(threshold)) = (self.accuracy, config.maximum_accuracy) {
            if accuracy <= threshold {
                return None;
            }
            message += &format!(
                ", and {:.2}% of them are on the right side of 0, threshold {:.2}%",
                100.0 * accuracy,
                100.0 * threshold
            );
        }
        Some(message + "; a lower discriminator learning rate or a gradient penalty holds it back")
    }

    fn stall(&self, config: &WatchConfig) -> Option<String> {
        let (movement, threshold) = (self.movement?, config.minimum_movement?);
        (movement < threshold).then(|| {
            format!(
                "generator stalled: over steps {}..{} samples of the same latents moved by {movement:.1e} of the \
                 distance between real samples, threshold {threshold:.1e}; its gradients may have vanished, or \
                 its learning rate is too low",
                self.first, self.last
            )
        })
    }

    fn collapse(&self, config: &WatchConfig) -> Option<String> {
        let (diversity, threshold) = (self.diversity?, config.minimum_diversity?);
        (diversity < threshold).then(|| {
            format!(
                "mode collapse: after steps {}..{} generated samples are {diversity:.3} times as far from each \
                 other as real ones, threshold {threshold}; lower learning rates, a gradient penalty or \
                 minibatch standard deviation in the discriminator act against it",
                self.first, self.last
            )
        })
    }
}
