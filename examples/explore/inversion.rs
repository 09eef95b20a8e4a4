//! The latent whose image is nearest to a picture.

use std::path::Path;

use burn::tensor::Tensor;
use burn_gan::data::Samples;
use burn_gan::latent::{Inversion, InversionConfig};
use burn_gan::plot::Chart;
use burn_gan::{GanError, Labels, SamplerConfig};
use serde_json::{Value, json};

use crate::explorer::Explorer;
use crate::pictures::read_picture;

/// Samples of which the nearest one says the class.
const TRIED: usize = 1000;

/// Writes inversion.png, with the target, the start and the result, and distances.png, a chart of the distance.
pub fn invert(explorer: &Explorer, path: &Path, steps: usize) -> Result<Value, GanError> {
    let picture = read_picture(path, explorer.shape)?;
    let target = picture.select(&[0], &explorer.device)?.samples;
    let config = InversionConfig::new()
        .with_steps(steps)
        .with_seed(explorer.seed);
    let generator = &explorer.generator;
    let sampler = SamplerConfig::new();
    let (found, start): (Inversion<4>, Tensor<4>) = match class(explorer, &target)? {
        None => {
            let found = config.invert(generator, target.clone(), &())?;
            let start = sampler.decode(generator, found.start.clone(), &())?;
            (found, start)
        }
        Some(class) => {
            let found = config.invert(generator, target.clone(), &class)?;
            let start = sampler.decode(generator, found.start.clone(), &class)?;
            (found, start)
        }
    };
    let images = Tensor::cat(vec![target, start, found.sample], 0);
    let picture = explorer.folder.join("inversion.png");
    explorer.picture(3).save(images, &picture)?;

    let line: Vec<(f64, f64)> = (0..).map(f64::from).zip(found.distances.clone()).collect();
    let chart = explorer.folder.join("distances.png");
    Chart::new("Inversion")
        .with_axes("step", "mean squared difference")
        .with_line("distance", &line)
        .save(&chart)?;
    Ok(json!({
        "target": path,
        "distance_at_start": found.distances[0],
        "distance": found.distances[found.step],
        "step": found.step,
        "picture": picture,
        "chart": chart,
    }))
}

/// The class that the picture is looked for in: the one asked for, otherwise that of the nearest of some samples.
fn class(explorer: &Explorer, target: &Tensor<4>) -> Result<Option<Labels>, GanError> {
    let Some(classes) = &explorer.classes else {
        return Ok(None);
    };
    if let [_] = classes.asked.as_slice() {
        return Ok(Some(classes.condition(1, &explorer.device)?));
    }
    if classes.is_by_class() {
        return Err(GanError::user(
            "this generator has classes: say of which one the picture is, with --class LABEL",
        ));
    }
    let (samples, labels) = explorer.decode_labelled(explorer.latents(explorer.seed, TRIED)?)?;
    let distances = (samples - target.clone()).square().mean_dims(&[1, 2, 3]);
    let nearest = distances.reshape([TRIED]).argmin(0);
    Ok(labels.map(|labels| labels.select(0, nearest)))
}
