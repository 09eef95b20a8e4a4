//! Fashion-MNIST without its labels: distances, precision and coverage in the features of a classifier that is trained first.

use std::path::PathBuf;

use burn::tensor::Device;
use burn_gan::data::{LabelledImages, Samples, Subset, idx};
use burn_gan::feature::{ClassifierTrainingConfig, accuracy};
use burn_gan::model::{Classifier, ClassifierConfig};
use burn_gan::{GanError, load_weights, save_weights};

use crate::common;
use crate::common::digits::{self, CLUSTERS};
use crate::digit_scores::{COLUMNS, DigitScores, SIZE};
use crate::image_runs::case;
use crate::peer::{self, Peer};
use crate::suite::{Case, Column, Job, Reference, Scores, Suite};

pub struct Fashion {
    /// The folder of its IDX files.
    pub folder: Option<PathBuf>,
    /// Where the classifier is kept, once it is trained.
    pub cache: PathBuf,
    /// A Python with PyTorch.
    pub python: Option<PathBuf>,
}

const DATA: &str = "fashion";
const STEPS: usize = 8000;
/// Images of the training set, from the first on: those to train on, then those held out. The others are the classifier's.
const TRAINING: usize = 29_000;
const HELD_OUT: usize = 1000;
const CLASSES: usize = 10;
/// Name on the command line, label, clusters.
const RECIPES: [(&str, &str, usize); 2] = [
    ("clusters", "the recipe of `digits`", CLUSTERS),
    ("without-clusters", "the same without clusters", 0),
];

/// PyTorch in the seconds of our recipe.
const PEER: Peer = Peer::RPGAN.with_steps(5400);

impl Fashion {
    fn scores(&self, device: &Device) -> Result<DigitScores, GanError> {
        let folder = self.folder.as_ref();
        let folder = folder.ok_or_else(|| GanError::user(MISSING))?;
        let images = idx::read_labelled_folder(folder)?;
        let select = |range: std::ops::Range<usize>| {
            let indices: Vec<usize> = range.collect();
            Ok::<_, GanError>(images.select(&indices, device)?.samples)
        };
        let training = select(0..TRAINING)?;
        let held_out = select(TRAINING..TRAINING + HELD_OUT)?;
        DigitScores::of(self.judge(&images, device)?, training, held_out)
    }

    /// The classifier: trained on images that the GANs do not see.
    fn judge(&self, images: &LabelledImages, device: &Device) -> Result<Classifier, GanError> {
        let network = ClassifierConfig::new(1, SIZE, SIZE, CLASSES)
            .with_filters(12)
            .with_seed(1)
            .init(device)?;
        let path = self.cache.join("fashion-judge.bpk");
        if path.exists() {
            return Ok(load_weights(network, path)?);
        }
        eprintln!("training the classifier that judges, once");
        common::create_folder(&self.cache)?;
        let others = (TRAINING + HELD_OUT..images.labels().len()).collect();
        let others = Subset::new(images, others)?;
        let training = ClassifierTrainingConfig::new().with_epochs(8).with_seed(1);
        let trained = training.train(&network, &others)?;
        let unseen: Vec<usize> = (0..TRAINING + HELD_OUT).collect();
        let of_unseen = accuracy(&trained.classifier, images, &unseen)?;
        eprintln!(
            "it names {:.1}% of the images of the GANs",
            100.0 * of_unseen
        );
        save_weights(&trained.classifier, path)?;
        Ok(trained.classifier)
    }
}

const MISSING: &str = "Fashion-MNIST is not here: name its folder with --fashion-mnist DIR (Debian's package dataset-fashion-mnist)";

impl Suite for Fashion {
    fn name(&self) -> &'static str {
        "fashion"
    }

    fn protocol(&self) -> &'static str {
        "29,000 of the 60,000 training images of Fashion-MNIST are trained on, without their labels; 1,000 are held out. The\n\
         classifier in whose 64 features they are compared is trained on the 30,000 others. Otherwise as `digits28`.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let of_recipe = |(recipe, label, clusters)| {
            let steps = steps.unwrap_or(STEPS);
            let settings = digits::settings(steps, clusters);
            Case {
                seeds: 3,
                ..case(DATA, recipe, label, &settings, steps)
            }
        };
        let peers = [PEER.case(DATA, steps)];
        RECIPES.into_iter().map(of_recipe).chain(peers).collect()
    }

    fn missing(&self, case: &Case) -> Option<&'static str> {
        let without = self.folder.is_none().then_some(MISSING);
        without.or_else(|| peer::missing(case, self.python.as_deref()))
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        if self.folder.is_none() {
            return Ok(Vec::new());
        }
        let held_out = self.scores(&Device::flex())?.of_held_out()?;
        let label = "held-out real images";
        Ok(vec![Reference::of(label, &COLUMNS, &held_out)])
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let images = self.scores(&job.device)?;
        peer::run(&images, self.python.as_deref(), job)
    }
}
