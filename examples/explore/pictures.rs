//! Images like the generator's, from files.

use std::path::{Path, PathBuf};

use burn_gan::GanError;
use burn_gan::data::{ByteImages, DataError, ImageFolderConfig, PictureChannels, Resize, idx};

/// The images of a data set in the shape of the generator's: an IDX file, a folder with IDX files, or one with pictures,
/// which are cropped and resized as the example `train` does it.
pub fn read_images(path: &Path, shape: [usize; 3]) -> Result<ByteImages, GanError> {
    let images: ByteImages = if path.is_file() {
        idx::read_images(path)?.into()
    } else {
        match idx::read_folder(path) {
            Ok(images) => images.into(),
            Err(DataError::MissingFile { .. }) => {
                pictures(path.into(), shape)?.init()?.into_images()
            }
            Err(error) => return Err(error.into()),
        }
    };
    if images.shape() == shape {
        return Ok(images);
    }
    Err(GanError::user(format!(
        "{}: channels, height and width are {:?}, those of the generator's images {shape:?}",
        path.display(),
        images.shape()
    )))
}

/// One picture in the shape of the generator's.
pub fn read_picture(path: &Path, shape: [usize; 3]) -> Result<ByteImages, GanError> {
    Ok(pictures(PathBuf::new(), shape)?.read_picture(path)?)
}

fn pictures(folder: PathBuf, shape: [usize; 3]) -> Result<ImageFolderConfig, GanError> {
    let [channels, height, width] = shape;
    let channels = match channels {
        1 => PictureChannels::Grey,
        3 => PictureChannels::Rgb,
        _ => {
            return Err(GanError::user(
                "the generator's images are not grey or coloured",
            ));
        }
    };
    Ok(ImageFolderConfig::new(folder)
        .with_channels(channels)
        .with_resize(Resize::CentreCrop { height, width }))
}
