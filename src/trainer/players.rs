//! The two players of a [`GanTrainer`](super::GanTrainer).

use burn::module::Module;

use super::adaptive::AdaptiveProbability;
use super::part::{Part, Parts};
use super::player::Player;
use crate::objective::MovingAverages;

/// The names of the parts, and so of their files.
pub(super) const GENERATOR: &str = "generator";
pub(super) const DISCRIMINATOR: &str = "discriminator";

pub(super) const MOVING_AVERAGES: &str = "averages";
pub(super) const AUGMENTATION: &str = "augmentation";

/// A generator and a discriminator, and what else steps change.
#[derive(Debug, Clone)]
pub(super) struct Players<G: Module, N: Module> {
    pub generator: Player<G>,
    pub discriminator: Player<N>,
    /// What the objective remembers.
    pub averages: MovingAverages,
    /// The probability of an augmentation that follows the discriminator.
    pub adaptive: Option<AdaptiveProbability>,
}

impl<G: Module, N: Module> Parts for Players<G, N> {
    fn parts(&self) -> Vec<(&'static str, &dyn Part)> {
        let mut parts: Vec<(_, &dyn Part)> = vec![
            (GENERATOR, &self.generator),
            (DISCRIMINATOR, &self.discriminator),
            (MOVING_AVERAGES, &self.averages),
        ];
        if let Some(adaptive) = &self.adaptive {
            parts.push((AUGMENTATION, adaptive));
        }
        parts
    }

    fn parts_mut(&mut self) -> Vec<(&'static str, &mut dyn Part)> {
        let mut parts: Vec<(_, &mut dyn Part)> = vec![
            (GENERATOR, &mut self.generator),
            (DISCRIMINATOR, &mut self.discriminator),
            (MOVING_AVERAGES, &mut self.averages),
        ];
        if let Some(adaptive) = &mut self.adaptive {
            parts.push((AUGMENTATION, adaptive));
        }
        parts
    }
}
