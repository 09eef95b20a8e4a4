//! Whether the generator repeats what it was trained on.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, Subset};
use burn_gan::feature::{FeatureExtractor, Pixels};
use burn_gan::metric::{CopyCheck, NearestSamplesConfig};
use burn_gan::{Condition, GanError};

use crate::common::distance::MEASURED;
use crate::data::Shared;
use crate::family::Family;

/// Samples that are compared, and as many held-out ones, where there are so many.
const COMPARED: usize = 256;
/// Samples in the picture, and the neighbours of each.
const ROWS: usize = 8;
const NEIGHBOURS: usize = 5;

/// Looks for the training samples that are nearest to generated ones, by the values themselves, and draws some of them. What is
/// found, in a sentence.
pub fn look<const D: usize, C: Condition + 'static, F: Family<D, C>>(
    family: &F,
    generated: Tensor<D>,
    [training, held_out]: [&Shared<D, C>; 2],
    picture: &Path,
    device: &Device,
) -> Result<String, GanError> {
    let count = training.len().min(MEASURED);
    let training = Subset::new(training.clone(), (0..count).collect())?;
    let config = NearestSamplesConfig::new().with_k(NEIGHBOURS.min(count));
    let nearest = |samples: Tensor<D>| {
        let features = Pixels.extract(samples, COMPARED)?;
        Ok::<_, GanError>(config.nearest(&features, &training, &Pixels, device)?)
    };
    let of_generated = nearest(generated.clone())?;
    let others: Vec<usize> = (0..held_out.len().min(COMPARED)).collect();
    let of_held_out = nearest(held_out.select(&others, device)?.samples)?;
    let check = CopyCheck::of_neighbours(&of_generated, &of_held_out)?;

    let mut rows = Vec::new();
    for (sample, found) in of_generated.iter().take(ROWS).enumerate() {
        let found: Vec<usize> = found.iter().map(|found| found.index).collect();
        rows.push(generated.clone().narrow(0, sample, 1));
        rows.push(training.select(&found, device)?.samples);
    }
    family.draw(Tensor::cat(rows, 0), 1 + config.k, picture)?;
    let ratio = check
        .median_ratio
        .map_or("undefined".to_string(), |ratio| format!("{ratio:.2}"));
    Ok(format!(
        "A row is a generated sample and the {} of {count} training samples that are nearest to it. The median distance to \
         the nearest one is {:.3} for generated and {:.3} for held-out real samples: a ratio of {ratio}, which is near 0 where \
         a generator repeats training samples.",
        config.k, check.median_generated, check.median_held_out
    ))
}

/// As many samples as are looked at.
pub fn count(held_out: usize) -> usize {
    held_out.min(COMPARED)
}
