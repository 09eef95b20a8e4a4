//! What a path on the command line is, and the samples in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::data::numpy::{self, ChannelAxis, Values};
use burn_gan::data::{
    ClassSource, ImageFolderConfig, LabelledByteImages, Memory, PictureChannels, Resize, Samples,
    SheetConfig, Undecodable, cifar, idx,
};
use burn_gan::{GanError, Labels};
use serde::{Deserialize, Serialize};

/// Where the data is, and how it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DataSettings {
    pub path: PathBuf,
    pub format: Format,
    /// Height and width of an image, where the format leaves them open.
    pub size: Option<usize>,
    pub grey: bool,
    pub conditional: bool,
    /// The column of labels.csv that has the classes of a sheet's tiles.
    pub class_column: Option<String>,
    pub skip_undecodable: bool,
    /// Whether mirror images are trained on as well.
    pub mirror: bool,
    /// Clusters that images without labels are divided into; 0 for none.
    #[serde(default)]
    pub clusters: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A folder of pictures.
    Pictures,
    /// One picture of many tiles.
    Sheet,
    /// A folder of IDX files.
    Idx,
    /// The folder of CIFAR-10's binary files.
    Cifar10,
    /// The folder of CIFAR-100's binary files.
    Cifar100,
    /// A `.npy` file.
    Numpy,
    /// A `.csv` file of points in the plane.
    Csv,
}

/// Samples that a thread of their own makes batches of.
pub type Shared<const D: usize, C = ()> = Arc<dyn Samples<D, C> + Send + Sync>;

/// What there is to learn.
pub enum Data {
    Images(Shared<4>),
    Labelled {
        images: Shared<4, Labels>,
        class_names: Vec<String>,
    },
    Points(Shared<2>),
}

impl Format {
    /// What a path is, by the names of the files.
    pub fn of(path: &Path) -> Result<Self, GanError> {
        if path.is_dir() {
            let is_there = |name: &str| path.join(name).is_file();
            return Ok(if is_there("data_batch_1.bin") {
                Self::Cifar10
            } else if is_there("train.bin") {
                Self::Cifar100
            } else if has_idx_files(path)? {
                Self::Idx
            } else {
                Self::Pictures
            });
        }
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            Some("npy") => Ok(Self::Numpy),
            Some("csv") => Ok(Self::Csv),
            Some("png" | "jpg" | "jpeg" | "webp" | "gif" | "bmp") => Ok(Self::Sheet),
            // That it cannot be opened is the better message.
            _ if !path.exists() => Err(GanError::io(path, std::io::ErrorKind::NotFound.into())),
            _ => Err(GanError::user(format!(
                "{}: neither a folder (of pictures, IDX files or CIFAR's binary files) nor a .npy, .csv or picture file",
                path.display()
            ))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pictures => "a folder of pictures",
            Self::Sheet => "a sheet of tiles",
            Self::Idx => "IDX files",
            Self::Cifar10 | Self::Cifar100 => "CIFAR's files",
            Self::Numpy => "a NumPy file",
            Self::Csv => "a table of points",
        }
    }
}

fn has_idx_files(folder: &Path) -> Result<bool, GanError> {
    let entries = folder
        .read_dir()
        .map_err(|error| GanError::io(folder, error))?;
    Ok(entries.flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().contains("idx3-ubyte")
    }))
}

impl DataSettings {
    /// Refuses what a format has no use for.
    pub fn check(&self) -> Result<(), GanError> {
        use Format::{Csv, Numpy, Pictures, Sheet};
        let unused =
            |flag: &str| GanError::user(format!("{flag} says nothing of {}", self.format.name()));
        if self.size.is_some() && !matches!(self.format, Pictures | Sheet) {
            return Err(unused("--size"));
        }
        if self.grey && !matches!(self.format, Pictures | Sheet) {
            return Err(unused("--grey"));
        }
        if self.skip_undecodable && self.format != Pictures {
            return Err(unused("--skip-undecodable"));
        }
        if self.class_column.is_some() && self.format != Sheet {
            return Err(unused("--class-column"));
        }
        if self.mirror && self.format == Csv {
            return Err(unused("--mirror"));
        }
        if self.conditional && matches!(self.format, Numpy | Csv) {
            return Err(unused("--conditional"));
        }
        if self.conditional && self.format == Sheet && self.class_column.is_none() {
            return Err(GanError::user(
                "the classes of a sheet are a column of the labels.csv beside it: name it by --class-column",
            ));
        }
        Ok(())
    }

    /// Reads all of it, or opens it to be read by index.
    pub fn read(&self, device: &Device) -> Result<Data, GanError> {
        self.check()?;
        let path = &self.path;
        match self.format {
            Format::Pictures => self.pictures(),
            Format::Sheet => self.sheet(),
            Format::Idx if self.conditional => {
                let images = idx::read_labelled_folder(path)?;
                Ok(Data::Labelled {
                    class_names: (0..images.classes())
                        .map(|class| class.to_string())
                        .collect(),
                    images: Arc::new(images),
                })
            }
            Format::Idx => Ok(Data::Images(Arc::new(idx::read_folder(path)?))),
            Format::Cifar10 => self.cifar(cifar::Version::Ten),
            Format::Cifar100 => self.cifar(cifar::Version::HundredFine),
            Format::Numpy => numpy_images(path, device),
            Format::Csv => Ok(Data::Points(Arc::new(points(path, device)?))),
        }
    }

    fn side(&self) -> usize {
        self.size.unwrap_or(32)
    }

    fn channels(&self) -> PictureChannels {
        if self.grey {
            PictureChannels::Grey
        } else {
            PictureChannels::Rgb
        }
    }

    fn pictures(&self) -> Result<Data, GanError> {
        let [height, width] = [self.side(); 2];
        let pictures = ImageFolderConfig::new(self.path.clone())
            .with_resize(Resize::CentreCrop { height, width })
            .with_channels(self.channels())
            .with_classes(if self.conditional {
                ClassSource::Subfolders
            } else {
                ClassSource::None
            })
            .with_undecodable(if self.skip_undecodable {
                Undecodable::Skip
            } else {
                Undecodable::Refuse
            })
            .init()?;
        for size in pictures.original_sizes().iter().take(5) {
            eprintln!("{} of {}x{} pixels", size.count, size.height, size.width);
        }
        if self.conditional {
            Ok(labelled(pictures.into_labelled()?))
        } else {
            Ok(Data::Images(Arc::new(pictures.into_images())))
        }
    }

    fn sheet(&self) -> Result<Data, GanError> {
        let sheet = SheetConfig::new(self.path.clone(), self.side(), self.side())
            .with_channels(self.channels());
        match &self.class_column {
            Some(column) => {
                let table = self.path.with_file_name("labels.csv");
                Ok(labelled(sheet.init_with_classes(table, column)?))
            }
            None => Ok(Data::Images(Arc::new(sheet.init()?))),
        }
    }

    fn cifar(&self, version: cifar::Version) -> Result<Data, GanError> {
        let images = cifar::read_folder(&self.path, version, cifar::Part::Training)?;
        if self.conditional {
            Ok(labelled(images))
        } else {
            Ok(Data::Images(Arc::new(images.into_images())))
        }
    }
}

fn labelled(images: LabelledByteImages) -> Data {
    Data::Labelled {
        class_names: images.class_names().to_vec(),
        images: Arc::new(images),
    }
}

/// Images `[N, height, width]`, `[N, channels, height, width]` or `[N, height, width, channels]`, points `[N, 2]`.
fn numpy_images(path: &Path, device: &Device) -> Result<Data, GanError> {
    let array = numpy::read(path)?;
    let axis = match array.shape() {
        [_, 2] => return Ok(Data::Points(Arc::new(array.to_samples(device)?))),
        [_, _, _] => ChannelAxis::None,
        [_, 1 | 3, _, _] => ChannelAxis::First,
        [_, _, _, 1 | 3] => ChannelAxis::Last,
        other => {
            return Err(GanError::user(format!(
                "{}: an array {other:?} is neither images, grey or of three channels, nor points in the plane",
                path.display()
            )));
        }
    };
    if matches!(array.values(), Values::Bytes(_)) {
        return Ok(Data::Images(Arc::new(array.into_images(axis)?)));
    }
    let images = match axis {
        ChannelAxis::None => array.to_tensor::<3>(device)?.unsqueeze_dim(1),
        ChannelAxis::Last => array.to_tensor::<4>(device)?.permute([0, 3, 1, 2]),
        _ => array.to_tensor::<4>(device)?,
    };
    Ok(Data::Images(Arc::new(Memory::<4>::new(images)?)))
}

/// Two columns of numbers, with or without a header.
fn points(path: &Path, device: &Device) -> Result<Memory<2>, GanError> {
    let wrong =
        |what: &dyn std::fmt::Display| GanError::user(format!("{}: {what}", path.display()));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(&error))?;
    let mut rows: Vec<[f32; 2]> = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(|error| wrong(&error))?;
        let numbers: Result<Vec<f32>, _> = row.iter().map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[x, y]) => rows.push([x, y]),
            // The names of the columns.
            Err(_) if index == 0 => {}
            _ => {
                let line = row
                    .position()
                    .map_or(index + 1, |place| place.line() as usize);
                let row: Vec<&str> = row.iter().collect();
                return Err(wrong(&format!("line {line}: {row:?} are not two numbers")));
            }
        }
    }
    let values = TensorData::new(rows.concat(), [rows.len(), 2]);
    Ok(Memory::new(Tensor::from_data(values, device))?)
}
