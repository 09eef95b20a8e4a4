//! Paths through the latent space, as pictures and animations.

use burn::tensor::Tensor;
use burn_gan::GanError;
use burn_gan::latent::{Interpolation, closed_walk};
use burn_gan::picture::PictureAnimation;
use serde_json::{Value, json};

use crate::explorer::Explorer;

/// Images of the picture of an interpolation.
const SHOWN: usize = 10;
/// Frames of its animation on the way there.
const FRAMES: usize = 40;
/// Samples that a walk goes through, and frames from one to the next.
const POINTS: usize = 5;
const STEPS: usize = 24;

/// Writes interpolation.png, with a row for each class, and the animation interpolation-frames.png, there and back.
pub fn interpolate(
    explorer: &Explorer,
    interpolation: Interpolation,
    to: u64,
) -> Result<Value, GanError> {
    let ends = || {
        Ok::<_, GanError>([
            explorer.latents(explorer.seed, 1)?,
            explorer.latents(to, 1)?,
        ])
    };
    let [from, end] = ends()?;
    let row = interpolation.path(from, end, SHOWN)?;
    let picture = explorer.folder.join("interpolation.png");
    explorer
        .picture(SHOWN)
        .save(explorer.decode_each(row)?, &picture)?;

    let [from, end] = ends()?;
    let there = frames(explorer, interpolation.path(from, end, FRAMES)?)?;
    // The first and the last frame are not shown twice in a row.
    let back = there[1..there.len() - 1].iter().rev().cloned();
    let frames: Vec<Tensor<4>> = there.iter().cloned().chain(back).collect();
    let animation = animate(explorer, frames, "interpolation-frames.png")?;
    Ok(json!({
        "path": interpolation,
        "from": explorer.seed,
        "to": to,
        "picture": picture,
        "animation": animation,
    }))
}

/// Writes the animation walk.png.
pub fn walk(explorer: &Explorer) -> Result<Value, GanError> {
    let points = explorer.latents(explorer.seed, POINTS)?;
    let frames = frames(explorer, closed_walk(points, STEPS)?)?;
    Ok(json!({
        "points": POINTS,
        "frames": frames.len(),
        "animation": animate(explorer, frames, "walk.png")?,
    }))
}

/// The images of each latent, one for each class.
fn frames(explorer: &Explorer, latent: Tensor<2>) -> Result<Vec<Tensor<4>>, GanError> {
    let [count, _] = latent.dims();
    let images = explorer.decode_each(latent)?;
    let of_frame = |frame| {
        let classes = 0..explorer.shown_classes();
        let images = classes.map(|class| images.clone().narrow(0, class * count + frame, 1));
        Tensor::cat(images.collect(), 0)
    };
    Ok((0..count).map(of_frame).collect())
}

fn animate(explorer: &Explorer, frames: Vec<Tensor<4>>, name: &str) -> Result<Value, GanError> {
    let path = explorer.folder.join(name);
    // The classes side by side, five a row.
    let grid = explorer.picture(explorer.shown_classes().min(5));
    PictureAnimation::new(grid)
        .with_delay(60)
        .save(frames, &path)?;
    Ok(json!(path))
}
