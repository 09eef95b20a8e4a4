//! The latent whose image is nearest to a picture.

use std::path::Path;

use burn::tensor::Tensor;
use burn_gan::GanError;
use burn_gan::data::Samples;
use burn_gan::latent::{Inversion, InversionConfig};
use burn_gan::plot::Chart;
use serde_json::{Value, json};

use crate::explorer::Explorer;
use crate::pictures::read_picture;

/// Writes inversion.png, with the target, the start and the result, and distances.png, a chart of the distance.
pub fn invert(explorer: &Explorer, path: &Path, steps: usize) -> Result<Value, GanError> {
    let picture = read_picture(path, explorer.shape)?;
    let target = picture.select(&[0], &explorer.device)?.samples;
    let config = InversionConfig::new()
        .with_steps(steps)
        .with_seed(explorer.seed);
    let found: Inversion<4> = match &explorer.classes {
        None => config.invert(&explorer.generator, target.clone(), &())?,
        Some(classes) => {
            let [_] = classes.asked.as_slice() else {
                return Err(GanError::user(
                    "this generator has classes: say of which one the picture is, with --class LABEL",
                ));
            };
            let condition = classes.condition(1, &explorer.device)?;
            config.invert(&explorer.generator, target.clone(), &condition)?
        }
    };
    let start = explorer.decode(found.start)?;
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
