//! The command line, and the suite that it asks for.

use std::path::PathBuf;

use burn_gan::GanError;
use clap::{Parser, ValueEnum};

use crate::common::CommonArgs;
use crate::suite::Suite;
use crate::{
    conditional, digits28, faces, fashion, little_data, mixtures, stacked_digits, stacked_mnist,
    tuning,
};

/// Measures recipes by a published protocol, each with several seeds.
///
/// Prints tables in Markdown: mean and standard error over the seeds, every run, and the settings. Every run is a
/// process of its own and is kept in the folder benchmark of the output folder when it is done. The last line of
/// output is a JSON object with the suite and its rows.
#[derive(Parser, Debug)]
pub struct Arguments {
    #[command(flatten)]
    pub common: CommonArgs,

    /// What to measure
    #[arg(long, value_enum)]
    pub suite: SuiteName,

    /// Runs of each recipe, with the seeds from --seed on [default: those of docs/results.md]
    #[arg(long)]
    pub seeds: Option<usize>,

    /// Only this data set of the suite
    #[arg(long)]
    pub data: Option<String>,

    /// Only this recipe of the suite
    #[arg(long)]
    pub recipe: Option<String>,

    /// Training steps of a run [default: those of docs/results.md]
    #[arg(long)]
    pub steps: Option<usize>,

    /// Runs side by side [default: one a core for small networks, otherwise one]
    #[arg(long)]
    pub jobs: Option<usize>,

    /// Keep the runs of the output folder that this same program has finished with the same settings
    #[arg(long)]
    pub resume: bool,

    /// Add the finished runs to docs/runs, and make none that is there
    #[arg(long)]
    pub keep: bool,

    /// Print the tables of the runs in docs/runs, and make none
    #[arg(long, conflicts_with_all = ["keep", "resume"])]
    pub tables: bool,

    /// Say in the tables that the seconds are not those of a machine with nothing else to do
    #[arg(long)]
    pub beside_other_work: bool,

    /// Folder of Fashion-MNIST's IDX files, for the suites `fashion` and `conditional`; Debian's package dataset-fashion-mnist has them
    #[arg(long, value_name = "DIR")]
    pub fashion_mnist: Option<PathBuf>,

    /// Settings to try, for the suite `tuning`: files of runs, as docs/runs has them [default: those of docs/runs/tuning]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub settings: Vec<PathBuf>,

    /// A Python with PyTorch, for the rows of PyTorch in the suites `digits28`, `fashion` and `faces`
    #[arg(long, value_name = "FILE")]
    pub python: Option<PathBuf>,

    /// Make the one run of --data, --recipe and --seed in this process
    #[arg(long, hide = true)]
    pub single: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum SuiteName {
    /// Gaussians in the plane: modes found and samples of high quality
    Mixtures,
    /// Three digits as the channels of an image: 1,000 modes
    StackedDigits,
    /// The same with convolutions, on digits of 28x28 pixels
    StackedMnist,
    /// Handwritten digits: distances in a classifier's features
    Digits28,
    /// Fashion-MNIST without its labels
    Fashion,
    /// Colour faces of 32x32 pixels
    Faces,
    /// Handwritten digits with the settings of files
    Tuning,
    /// 500 digits and 500 faces, with augmentation and without
    LittleData,
    /// Classes, pairs of images, two sets of images, codes: the examples conditional, pix2pix, cycle and infogan
    Conditional,
}

impl Arguments {
    pub fn suite(&self) -> Result<Box<dyn Suite>, GanError> {
        Ok(match self.suite {
            SuiteName::Mixtures => Box::new(mixtures::Mixtures),
            SuiteName::StackedDigits => Box::new(stacked_digits::StackedDigits),
            SuiteName::StackedMnist => Box::new(stacked_mnist::StackedMnist),
            SuiteName::Digits28 => Box::new(digits28::Digits28 {
                python: self.python.clone(),
            }),
            SuiteName::Fashion => Box::new(fashion::Fashion {
                folder: self.fashion_mnist.clone(),
                cache: self.common.out.join("benchmark"),
                python: self.python.clone(),
            }),
            SuiteName::Faces => Box::new(faces::Faces {
                python: self.python.clone(),
            }),
            SuiteName::Tuning => Box::new(tuning::Tuning::load(&self.settings)?),
            SuiteName::LittleData => Box::new(little_data::LittleData),
            SuiteName::Conditional => Box::new(conditional::Conditional {
                fashion_mnist: self.fashion_mnist.clone(),
            }),
        })
    }
}
