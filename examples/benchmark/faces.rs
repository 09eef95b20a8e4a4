//! Colour faces of 32x32 pixels, without their labels.

use std::path::PathBuf;

use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::augment::{Augmentation, DiffAugmentConfig};

use crate::common::digits::{Settings, settings_of};
use crate::common::faces::SIZE;
use crate::face_scores::{COLUMNS, FaceScores};
use crate::image_runs::case;
use crate::peer::{self, Peer};
use crate::suite::{Case, Column, Job, Reference, Scores, Suite};

pub struct Faces {
    /// A Python with PyTorch.
    pub python: Option<PathBuf>,
}

const DATA: &str = "faces";
const STEPS: usize = 4000;
/// As many as `train` makes of so many images.
const CLUSTERS: usize = 30;
/// Name on the command line, label, clusters.
const RECIPES: [(&str, &str, usize); 2] = [
    ("train", "the recipe of `train`", CLUSTERS),
    ("without-clusters", "the same without clusters", 0),
];
/// PyTorch in the seconds of our recipe.
const PEER: Peer = Peer::RPGAN.with_steps(3300);

/// What `train` does with so few images.
fn settings(steps: usize, clusters: usize) -> Settings {
    let mut settings = settings_of([3, SIZE, SIZE], steps, clusters);
    let augmentation = Augmentation::DiffAugment(DiffAugmentConfig::new());
    settings.trainer = settings.trainer.with_augmentation(Some(augmentation));
    settings
}

impl Suite for Faces {
    fn name(&self) -> &'static str {
        "faces"
    }

    fn protocol(&self) -> &'static str {
        "2,000 of the 5,000 faces of 32x32 pixels are trained on, without the labels of their parts; 500 are held out, and the\n\
         other 2,500 are those that three classifiers of background, body and glasses have learned from. Scores compare 500\n\
         generated faces with the 2,000 in the features of the three, one after the other. `surely named`: the classifiers\n\
         give both a body and glasses a probability of at least 0.9. `other parts`: how far the shares of the parts are from\n\
         those of the 2,000, both as the classifiers name them (total variation, the mean of body and glasses). The floor is\n\
         the 500 held-out faces. Copies and warnings as in `digits28`.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let of_recipe = |(recipe, label, clusters)| {
            let steps = steps.unwrap_or(STEPS);
            Case {
                seeds: 3,
                ..case(DATA, recipe, label, &settings(steps, clusters), steps)
            }
        };
        let peers = [PEER.case(DATA, steps)];
        RECIPES.into_iter().map(of_recipe).chain(peers).collect()
    }

    fn missing(&self, case: &Case) -> Option<&'static str> {
        peer::missing(case, self.python.as_deref())
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        let held_out = FaceScores::load(&Device::flex())?.of_held_out()?;
        let label = "held-out real faces";
        Ok(vec![Reference::of(label, &COLUMNS, &held_out)])
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let images = FaceScores::load(&job.device)?;
        peer::run(&images, self.python.as_deref(), job)
    }
}
