//! Generators that an example has written, and the classes that samples are drawn of.

use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use burn::tensor::{Device, Tensor};
use burn_gan::nn::class_labels;
use burn_gan::{GanError, Generator, Labels, SamplerConfig, SavedGenerator};
use clap::Args;

/// A trained generator that comes with the repository.
pub const GENERATOR: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/digits-generator"
);

/// Flags for a saved generator.
#[derive(Args, Debug)]
pub struct SavedArgs {
    /// A generator's file, or the folder with generator.bpk that an example has written
    #[arg(long, value_name = "PATH", default_value = GENERATOR, hide_default_value = true)]
    pub generator: PathBuf,

    /// Number of samples, of each class where there are classes
    #[arg(long, default_value_t = 16)]
    pub count: usize,

    /// Class to draw samples of, for a generator of the example `conditional`; may be given several times, `all` for every
    /// class
    #[arg(long, value_name = "LABEL")]
    pub class: Vec<Class>,
}

/// A class on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    All,
    Label(usize),
}

impl FromStr for Class {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            label => label.parse().map(Self::Label),
        }
    }
}

impl SavedArgs {
    pub fn load(&self, device: &Device) -> Result<SavedGenerator, GanError> {
        Ok(SavedGenerator::load(Self::file(&self.generator), device)?)
    }

    /// The generator's file, where the path is that or its folder.
    pub fn file(path: &Path) -> PathBuf {
        match path.is_dir() {
            true => path.join("generator.bpk"),
            false => path.to_path_buf(),
        }
    }

    /// The classes that are asked for, all where none is; `None` for a generator without classes.
    pub fn classes(&self, classes: Option<usize>) -> Result<Option<Classes>, GanError> {
        let asked = self.class.as_slice();
        let Some(number) = classes else {
            return match asked {
                [] => Ok(None),
                _ => Err(GanError::user(
                    "this generator knows no classes: leave out --class",
                )),
            };
        };
        let of = |class: &Class| match *class {
            Class::All => 0..number,
            Class::Label(label) => label..label + 1,
        };
        let asked = if asked.is_empty() {
            &[Class::All]
        } else {
            asked
        };
        Ok(Some(Classes {
            asked: asked.iter().flat_map(of).collect(),
            number,
        }))
    }
}

/// Classes of a generator, to draw samples of.
pub struct Classes {
    pub asked: Vec<usize>,
    /// How many it knows.
    number: usize,
}

impl Classes {
    /// The label of each sample, `count` of each class.
    pub fn labels(&self, count: usize) -> Vec<usize> {
        let of_each = |&label| vec![label; count];
        self.asked.iter().flat_map(of_each).collect()
    }

    /// The same as a condition.
    pub fn condition(&self, count: usize, device: &Device) -> Result<Labels, GanError> {
        Ok(class_labels(&self.labels(count), self.number, device)?)
    }
}

/// How many samples there are, where there are `count` of each class.
pub fn total(count: usize, classes: Option<&Classes>) -> usize {
    classes.map_or(count, |classes| classes.asked.len().saturating_mul(count))
}

/// The samples of latents `[N, latent_size]`; where there are classes, as many of each, one class after the other.
pub fn decode<const D: usize, G>(
    generator: &G,
    latent: Tensor<2>,
    classes: Option<&Classes>,
) -> Result<Tensor<D>, GanError>
where
    G: Generator<D> + Generator<D, Labels>,
{
    let sampler = SamplerConfig::new();
    let Some(classes) = classes else {
        return sampler.decode(generator, latent, &());
    };
    let count = latent.dims()[0] / classes.asked.len();
    let condition = classes.condition(count, &latent.device())?;
    sampler.decode(generator, latent, &condition)
}
