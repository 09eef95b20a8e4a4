//! Generators that an example has written, and the classes that samples are drawn of.

use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use burn::tensor::{Device, Tensor};
use burn_gan::data::ClassFrequencies;
use burn_gan::nn::class_labels;
use burn_gan::{GanError, Generator, Labels, SamplerConfig, SavedGenerator};
use clap::Args;

use super::places::in_repository;

/// A trained generator that comes with the repository.
pub const GENERATOR: &str = in_repository!("examples/data/digits-generator");

/// Flags for a saved generator.
#[derive(Args, Debug)]
pub struct SavedArgs {
    /// A generator's file, or the folder with generator.bpk that an example has written
    #[arg(long, value_name = "PATH", default_value = GENERATOR, hide_default_value = true)]
    pub generator: PathBuf,

    /// Number of samples; of each class, where classes are asked for or the file does not say how often they occur
    #[arg(long, default_value_t = 16)]
    pub count: usize,

    /// Class to draw samples of, for a generator that knows classes or clusters; may be given several times, `all` for every
    /// one
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

    /// The classes that are asked for; where none is, as the file says that they are mixed, or all of them. `None` for a
    /// generator without classes.
    pub fn classes(&self, classes: Option<usize>, seed: u64) -> Result<Option<Classes>, GanError> {
        let Some(number) = classes else {
            return match self.class.as_slice() {
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
        let mut classes = Classes {
            asked: self.class.iter().flat_map(of).collect(),
            number,
            mix: None,
            seed,
        };
        if classes.asked.is_empty() {
            classes.mix = SavedGenerator::class_frequencies(Self::file(&self.generator))?;
            classes.asked = match &classes.mix {
                Some(frequencies) => most_frequent(frequencies),
                None => (0..number).collect(),
            };
        }
        Ok(Some(classes))
    }
}

/// Some classes to show one by one, in ascending order.
fn most_frequent(frequencies: &ClassFrequencies) -> Vec<usize> {
    const SHOWN: usize = 10;
    let counts = frequencies.counts();
    let mut classes: Vec<usize> = (0..counts.len()).collect();
    classes.sort_by_key(|&class| std::cmp::Reverse(counts[class]));
    classes.truncate(SHOWN);
    classes.sort_unstable();
    classes
}

/// Classes of a generator, to draw samples of.
pub struct Classes {
    /// Those that are shown one by one.
    pub asked: Vec<usize>,
    /// How many it knows.
    number: usize,
    /// How often each occurs, where samples are to be of all of them.
    mix: Option<ClassFrequencies>,
    seed: u64,
}

impl Classes {
    /// Whether there are as many samples of each class, one class after the other.
    pub fn is_by_class(&self) -> bool {
        self.mix.is_none()
    }

    /// How many samples there are where `count` are asked for, of each class where they are by class.
    pub fn total(&self, count: usize) -> usize {
        match self.mix {
            Some(_) => count,
            None => self.asked.len().saturating_mul(count),
        }
    }

    /// The label of each of these samples.
    pub fn condition(&self, count: usize, device: &Device) -> Result<Labels, GanError> {
        match &self.mix {
            Some(frequencies) => Ok(frequencies.draw(count, self.seed, device)),
            None => self.of_each(count, device),
        }
    }

    /// The label of each sample, `count` of each class.
    fn of_each(&self, count: usize, device: &Device) -> Result<Labels, GanError> {
        let of_each = |&label| vec![label; count];
        let labels: Vec<usize> = self.asked.iter().flat_map(of_each).collect();
        Ok(class_labels(&labels, self.number, device)?)
    }
}

/// How many samples there are where `count` are asked for.
pub fn total(count: usize, classes: Option<&Classes>) -> usize {
    classes.map_or(count, |classes| classes.total(count))
}

/// The samples of latents `[total, latent_size]`, and their labels where there are classes.
pub fn decode<const D: usize, G>(
    generator: &G,
    latent: Tensor<2>,
    classes: Option<&Classes>,
) -> Result<(Tensor<D>, Option<Labels>), GanError>
where
    G: Generator<D> + Generator<D, Labels>,
{
    let Some(classes) = classes else {
        return Ok((SamplerConfig::new().decode(generator, latent, &())?, None));
    };
    let [total, _] = latent.dims();
    let count = match classes.is_by_class() {
        true => total / classes.asked.len(),
        false => total,
    };
    let labels = classes.condition(count, &latent.device())?;
    let samples = SamplerConfig::new().decode(generator, latent, &labels)?;
    Ok((samples, Some(labels)))
}

/// The samples of latents `[N, latent_size]` under each class, one class after the other.
pub fn decode_each<const D: usize, G>(
    generator: &G,
    latent: Tensor<2>,
    classes: Option<&Classes>,
) -> Result<Tensor<D>, GanError>
where
    G: Generator<D> + Generator<D, Labels>,
{
    let Some(classes) = classes else {
        return SamplerConfig::new().decode(generator, latent, &());
    };
    let [count, _] = latent.dims();
    let labels = classes.of_each(count, &latent.device())?;
    let latent = latent.repeat_dim(0, classes.asked.len());
    SamplerConfig::new().decode(generator, latent, &labels)
}
