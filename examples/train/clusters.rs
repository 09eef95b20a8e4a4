//! Classes for images that have no labels.

use std::sync::Arc;

use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::data::{ClassFrequencies, Clustered, ClustersConfig, Samples, Subset};

use crate::Arguments;
use crate::choice::held_out;
use crate::data::Shared;
use crate::recipe::Recipe;

/// About as many as a cluster of the example `digits` has.
const IMAGES: usize = 65;
/// More were not better on the digits (docs/tuning.md).
const MOST: usize = 60;

/// How many clusters so many images are divided into.
pub fn number(arguments: &Arguments, images: usize) -> usize {
    match arguments.clusters {
        Some(number) => number,
        None if arguments.recipe == Recipe::Auto => match images / IMAGES {
            0 | 1 => 0,
            number => number.min(MOST),
        },
        None => 0,
    }
}

/// The images with their clusters, which are found without the images that are held out.
pub fn find(
    images: Shared<4>,
    number: usize,
    device: &Device,
) -> Result<(Shared<4, burn_gan::Labels>, ClassFrequencies), GanError> {
    let config = ClustersConfig::new(number);
    let clusters = match held_out(images.len()) {
        0 => config.fit(&images, device)?,
        held_out => {
            let (training, _) = Subset::hold_out(images.clone(), held_out, 0)?;
            config.fit(&training, device)?
        }
    };
    let images: Clustered<Shared<4>> = clusters.label(images, device)?;
    let frequencies = images.frequencies().clone();
    Ok((Arc::new(images), frequencies))
}
