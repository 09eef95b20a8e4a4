//! What generated faces are scored with.

use burn::tensor::{Device, Tensor};
use burn_gan::GanError;
use burn_gan::data::Samples;
use burn_gan::feature::FeatureExtractor;
use burn_gan::metric::{Features, frechet_distance, precision_recall};
use burn_gan::model::Classifier;

use crate::common::faces::{FaceFeatures, FacePart, Use};
use crate::image_runs::{FINDINGS, FRECHET, ImageScores, QUARTER, RealImages, copy_ratio};
use crate::suite::{Column, Scores, scores};

const CHUNK: usize = 250;
/// What the judges' naming has to be as probable as, to count as sure.
const SURE: f64 = 0.9;

pub const COLUMNS: [Column; 9] = [
    Column::new(FRECHET, "Frechet distance", 2),
    Column::new(QUARTER, "after a quarter", 2),
    Column::new("frechet_distance_held_out", "to held-out faces", 2),
    Column::new("precision", "precision", 3),
    Column::new("recall", "recall", 3),
    Column::new("surely_named", "surely named, %", 1).scaled(100.0),
    Column::new("other_parts", "other parts, %", 1).scaled(100.0),
    Column::new("copy_ratio", "distance to the nearest real face", 3),
    Column::new(FINDINGS, "warnings", 0),
];

/// The faces, and what samples of them are scored with.
pub struct FaceScores {
    space: FaceFeatures,
    training: Tensor<4>,
    held_out: Tensor<4>,
    /// Features of the faces to train on, and of the others.
    real: Features,
    others: Features,
    /// How often each of the two parts is named in the faces to train on.
    shares: [Vec<f64>; 2],
}

/// What a judge says of images.
struct Naming {
    /// The share of images that each kind of the part is named in.
    shares: Vec<f64>,
    /// The probability of the kind that is named, by image.
    probabilities: Vec<f64>,
}

impl Naming {
    fn of(judge: &Classifier, images: &Tensor<4>) -> Result<Self, GanError> {
        let mut shares = vec![0.0; judge.classes()];
        let mut probabilities = Vec::new();
        let count = images.dims()[0];
        for chunk in images.clone().split(CHUNK, 0) {
            let rows = judge.probabilities(chunk).to_data();
            let rows = rows.try_to_vec::<f32>().map_err(GanError::user)?;
            for row in rows.chunks(judge.classes()) {
                let named = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
                let named = named.unwrap_or_default();
                shares[named] += 1.0 / count as f64;
                probabilities.push(f64::from(row[named]));
            }
        }
        Ok(Self {
            shares,
            probabilities,
        })
    }
}

/// Half of the sum of the differences: 0 for the same shares, 1 for nothing in common.
fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
}

impl FaceScores {
    pub fn load(device: &Device) -> Result<Self, GanError> {
        let faces = FacePart::Glasses.faces()?;
        let select = |used: Use| {
            let faces = used.of(&faces)?;
            let all: Vec<usize> = (0..faces.len()).collect();
            Ok::<_, GanError>(faces.select(&all, device)?.samples)
        };
        let [training, held_out] = [select(Use::Training)?, select(Use::HeldOut)?];
        let space = FaceFeatures::load(device)?;
        Ok(Self {
            real: space.extract(training.clone(), CHUNK)?,
            others: space.extract(held_out.clone(), CHUNK)?,
            shares: [
                Naming::of(space.judge(FacePart::Body), &training)?.shares,
                Naming::of(space.judge(FacePart::Glasses), &training)?.shares,
            ],
            space,
            training,
            held_out,
        })
    }

    /// All scores of the held-out faces: what an exact generator would have.
    pub fn of_held_out(&self) -> Result<Scores, GanError> {
        self.of_images(self.held_out.clone())
    }
}

impl ImageScores for FaceScores {
    fn compared(&self) -> usize {
        self.others.count()
    }

    fn frechet_distance_of(&self, images: Tensor<4>) -> Result<f64, GanError> {
        let images = images.narrow(0, 0, self.compared());
        let generated = self.space.extract(images, CHUNK)?;
        Ok(frechet_distance(&self.real, &generated)?)
    }

    fn of_images(&self, images: Tensor<4>) -> Result<Scores, GanError> {
        let images = images.narrow(0, 0, self.compared());
        let generated = self.space.extract(images.clone(), CHUNK)?;
        let manifold = precision_recall(&self.real, &generated, 3)?;
        let named = |part| Naming::of(self.space.judge(part), &images);
        let [body, glasses] = [named(FacePart::Body)?, named(FacePart::Glasses)?];
        let sure = body.probabilities.iter().zip(&glasses.probabilities);
        let sure = sure.filter(|(body, glasses)| **body >= SURE && **glasses >= SURE);
        let sure = sure.count() as f64 / self.compared() as f64;
        let [of_body, of_glasses] = &self.shares;
        let other_parts = (total_variation(&body.shares, of_body)
            + total_variation(&glasses.shares, of_glasses))
            / 2.0;
        let copies = copy_ratio(images, self.held_out.clone(), &self.training)?;
        Ok(scores([
            (FRECHET, frechet_distance(&self.real, &generated)?),
            (
                "frechet_distance_held_out",
                frechet_distance(&self.others, &generated)?,
            ),
            ("precision", manifold.precision),
            ("recall", manifold.recall),
            ("surely_named", sure),
            ("other_parts", other_parts),
            ("copy_ratio", copies),
        ]))
    }
}

impl RealImages for FaceScores {
    fn training(&self) -> &Tensor<4> {
        &self.training
    }
}
