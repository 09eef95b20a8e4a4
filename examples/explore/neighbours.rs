//! The images of a data set that are nearest to generated ones, and whether the generator repeats them.

use std::path::Path;

use burn::tensor::Tensor;
use burn_gan::GanError;
use burn_gan::data::{ByteImages, Samples};
use burn_gan::feature::{FeatureExtractor, Pixels, RandomConvolutionsConfig};
use burn_gan::metric::{CopyCheck, NearestSamplesConfig, Neighbour};
use burn_gan::random::{Purpose, Stream};
use serde_json::{Value, json};

use crate::explorer::Explorer;
use crate::pictures::read_images;

/// Generated images, and real ones that they are compared with, where there are so many.
const COMPARED: usize = 500;
/// Generated images in the picture, and the neighbours of each.
const ROWS: usize = 8;
const SHOWN: usize = 5;
/// Images that go through a feature network at once.
const CHUNK: usize = 250;

/// What is searched, for what.
struct Search<'a> {
    explorer: &'a Explorer,
    generated: Tensor<4>,
    data: ByteImages,
    /// Real images that the training has not seen; without them, some of the data stand in.
    held_out: Option<Tensor<4>>,
}

/// Writes neighbours-pixels.png and neighbours-features.png: generated images, each beside its nearest images of the data.
pub fn search(
    explorer: &Explorer,
    path: &Path,
    held_out: Option<&Path>,
) -> Result<Value, GanError> {
    let [channels, height, width] = explorer.shape;
    let data = read_images(path, explorer.shape)?;
    let held_out = held_out
        .map(|path| {
            let images = read_images(path, explorer.shape)?;
            Ok::<_, GanError>(images.select(&some_of(&images), &explorer.device)?.samples)
        })
        .transpose()?;
    let count = explorer.total(COMPARED.div_ceil(explorer.total(1)));
    let search = Search {
        explorer,
        generated: explorer.decode(explorer.latents(explorer.seed, count)?)?,
        data,
        held_out,
    };
    let features = RandomConvolutionsConfig::new(channels, height, width);
    Ok(json!({
        "images": search.data.len(),
        "generated": count,
        "yardstick": match search.held_out {
            Some(_) => "held-out images",
            None => "images of the data, each beside the others",
        },
        "pixels": search.by(&Pixels, "neighbours-pixels.png")?,
        "features": search.by(&features.init(&explorer.device)?, "neighbours-features.png")?,
    }))
}

impl Search<'_> {
    /// By the distance in one feature space.
    fn by(&self, space: &impl FeatureExtractor<4>, name: &str) -> Result<Value, GanError> {
        let (data, device) = (&self.data, &self.explorer.device);
        let config = NearestSamplesConfig::new().with_k(SHOWN.min(data.len()));
        let generated = space.extract(self.generated.clone(), CHUNK)?;
        let nearest = config.nearest(&generated, data, space, device)?;
        let config = config.with_k(1);
        let real = match &self.held_out {
            Some(images) => {
                config.nearest(&space.extract(images.clone(), CHUNK)?, data, space, device)?
            }
            None => config.nearest_others(&some_of(data), data, space, device)?,
        };
        let check = CopyCheck::of_neighbours(&nearest, &real)?;
        let picture = self.draw(&nearest, name)?;
        Ok(json!({ "space": space.identity()?.to_value(), "check": check, "picture": picture }))
    }

    /// A row for some of the generated images, evenly over the classes: the image, then its neighbours.
    fn draw(&self, nearest: &[Vec<Neighbour>], name: &str) -> Result<Value, GanError> {
        let mut images = Vec::new();
        let every = nearest.len() / ROWS;
        for (sample, found) in nearest.iter().enumerate().step_by(every.max(1)).take(ROWS) {
            let found: Vec<usize> = found.iter().map(|found| found.index).collect();
            images.push(self.generated.clone().narrow(0, sample, 1));
            images.push(self.data.select(&found, &self.explorer.device)?.samples);
        }
        let columns = 1 + nearest.first().map_or(0, Vec::len);
        let path = self.explorer.folder.join(name);
        let grid = self.explorer.picture(columns);
        grid.save(Tensor::cat(images, 0), &path)?;
        Ok(json!(path))
    }
}

/// Places of images, drawn at random and always the same.
fn some_of(images: &ByteImages) -> Vec<usize> {
    let mut places = Stream::new(0, Purpose::Metric, 0).permutation(images.len());
    places.truncate(COMPARED);
    places
}
