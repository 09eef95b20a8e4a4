//! The colour faces that come with the repository, and the classifiers of their parts that judge samples of them.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{LabelledByteImages, Samples, SheetConfig, Subset};
use burn_gan::feature::{FeatureError, FeatureExtractor};
use burn_gan::model::Classifier;
use burn_gan::{GanError, Identity, Labels};
use clap::ValueEnum;

use super::load_classifier;
use super::places::in_repository;

/// Their folder.
const FOLDER: &str = in_repository!("examples/data/faces");
pub const SIZE: usize = 32;

/// A part of a face that a classifier knows.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacePart {
    Background,
    Body,
    Glasses,
}

impl FacePart {
    pub const ALL: [Self; 3] = [Self::Background, Self::Body, Self::Glasses];

    /// The column of labels.csv.
    pub fn column(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Body => "body",
            Self::Glasses => "glasses",
        }
    }

    /// All faces, with the part's number as the class.
    pub fn faces(self) -> Result<LabelledByteImages, GanError> {
        let folder = Path::new(FOLDER);
        let sheet = SheetConfig::new(folder.join("faces.png"), SIZE, SIZE);
        Ok(sheet.init_with_classes(folder.join("labels.csv"), self.column())?)
    }

    /// The committed classifier.
    fn judge(self, device: &Device) -> Result<Classifier, GanError> {
        let folder = Path::new(FOLDER).join(format!("judge-{}", self.column()));
        load_classifier(&folder, device)
    }
}

/// What a face is for, by split.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Judges are trained on it.
    Judge,
    /// GANs are trained on it.
    Training,
    /// Neither sees it.
    HeldOut,
}

impl Use {
    /// The faces that are there for it.
    pub fn of<S: Samples<4, Labels>>(self, faces: S) -> Result<Subset<S>, GanError> {
        let path = Path::new(FOLDER).join("split.csv");
        let wrong = |error: csv::Error| GanError::user(format!("{}: {error}", path.display()));
        let mut indices = Vec::new();
        let mut reader = csv::Reader::from_path(&path).map_err(wrong)?;
        for (index, row) in reader.deserialize::<(Self,)>().enumerate() {
            if row.map_err(wrong)?.0 == self {
                indices.push(index);
            }
        }
        Ok(Subset::new(faces, indices)?)
    }
}

/// The features of the classifiers of all parts, one after the other.
pub struct FaceFeatures([Classifier; FacePart::ALL.len()]);

impl FaceFeatures {
    pub fn load(device: &Device) -> Result<Self, GanError> {
        let [background, body, glasses] = FacePart::ALL.map(|part| part.judge(device));
        Ok(Self([background?, body?, glasses?]))
    }

    /// The classifier of a part.
    pub fn judge(&self, part: FacePart) -> &Classifier {
        let [background, body, glasses] = &self.0;
        match part {
            FacePart::Background => background,
            FacePart::Body => body,
            FacePart::Glasses => glasses,
        }
    }
}

impl FeatureExtractor<4> for FaceFeatures {
    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        let features = self.0.iter().map(|judge| judge.features(images.clone()));
        Ok(Tensor::cat(features.collect::<Result<_, _>>()?, 1))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        let judges = self.0.iter().map(|judge| Ok(judge.identity()?.to_value()));
        let judges: Vec<_> = judges.collect::<Result<_, FeatureError>>()?;
        Ok(Identity::new("face-parts", 1).with("judges", judges))
    }
}
