//! The two players of a [`GanTrainer`](super::GanTrainer).

use burn::module::Module;

use super::part::{Part, Parts};
use super::player::Player;

/// The names of the parts, and so of their files.
pub(super) const GENERATOR: &str = "generator";
pub(super) const DISCRIMINATOR: &str = "discriminator";

/// A generator and a discriminator.
#[derive(Debug, Clone)]
pub(super) struct Players<G: Module, N: Module> {
    pub generator: Player<G>,
    pub discriminator: Player<N>,
}

impl<G: Module, N: Module> Parts for Players<G, N> {
    fn parts(&self) -> Vec<(&'static str, &dyn Part)> {
        vec![
            (GENERATOR, &self.generator),
            (DISCRIMINATOR, &self.discriminator),
        ]
    }

    fn parts_mut(&mut self) -> Vec<(&'static str, &mut dyn Part)> {
        vec![
            (GENERATOR, &mut self.generator),
            (DISCRIMINATOR, &mut self.discriminator),
        ]
    }
}
