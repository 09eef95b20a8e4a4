//! [`Inception`]: the network of the Frechet inception distance, from a local weights file.

use std::fs::File;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::store::{ApplyError, ModuleSnapshot, PytorchStore, PytorchStoreError};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, FloatDType, Tensor};
use burn_train::metric::vision::InceptionV3FeatureExtractor;

use super::{FeatureError, FeatureExtractor};
use crate::batch::BatchError;
use crate::errors::{FileError, ShapeError};
use crate::identity::Identity;
use crate::module_tree::{ModulePath, follow_path};
use crate::unwind::caught;
use crate::weights::{WeightsError, fingerprint, weights_error};

/// Height and width of the images that the network was made for, in pixels.
const SIDE: usize = 299;

/// The first layers in pytorch-fid's state dict and in burn-train's module. The blocks after them, `Mixed_5b` to
/// `Mixed_7c`, differ in case only.
const STEM: [[&str; 2]; 5] = [
    ["Conv2d_1a_3x3", "conv2d_1a"],
    ["Conv2d_2a_3x3", "conv2d_2a"],
    ["Conv2d_2b_3x3", "conv2d_2b"],
    ["Conv2d_3b_1x1", "conv2d_3b"],
    ["Conv2d_4a_3x3", "conv2d_4a"],
];

/// Features of images `[N, C, H, W]` in [-1, 1] from the Inception network of the Frechet inception distance (FID):
/// `[N, 2048]`, the global average pool. C is 3 (red, green, blue) or 1 (grey, repeated three times).
///
/// The network is Inception v3 (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR
/// 2016) as pytorch-fid runs it with the weights of Heusel et al. ("GANs Trained by a Two Time-Scale Update Rule
/// Converge to a Local Nash Equilibrium", NeurIPS 2017). The Frechet distance in these features is the FID, if real
/// and generated images are prepared as for the figure that it is compared with.
///
/// Nothing is downloaded: the weights come from a file, `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid or any
/// state dict of its names and shapes. There are no random weights to fall back to.
///
/// pytorch-fid takes pixels `p` in [0, 1], resizes them to 299x299 (bilinear, corners not aligned, no smoothing) and
/// hands `2 p - 1` to the network. Values in [-1, 1] are such `2 p - 1` already, and resizing keeps to that, so they
/// are resized and not scaled. pytorch-fid also reads its images from files, where they have 256 levels and nothing
/// outside of [0, 1]; a generator's samples are taken here as they are.
///
/// The network computes in single precision whatever the device's own is. An image takes 11 billion floating-point
/// operations; a chunk of 16 is enough to keep two cores busy.
///
/// ```no_run
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::{FeatureExtractor, Inception};
/// use burn_gan::metric::frechet_distance;
///
/// # fn main() -> Result<(), burn_gan::GanError> {
/// let device = Device::flex();
/// let inception = Inception::load("pt_inception-2015-12-05-6726825d.pth", &device)?;
/// # let [real, generated] = [(); 2].map(|_| Tensor::<4>::zeros([4, 3, 32, 32], &device));
/// let real = inception.extract(real, 16)?;
/// let generated = inception.extract(generated, 16)?;
/// println!("FID {:.2}", frechet_distance(&real, &generated)?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Inception {
    network: InceptionV3FeatureExtractor,
    device: Device,
    weights: String,
}

impl Inception {
    /// Reads a state dict that PyTorch saved (`.pth`): 470 tensors by pytorch-fid's names, such as
    /// `Mixed_5b.branch1x1.bn.running_mean`. Others in the file, as those of the classifying layer, are not used.
    ///
    /// All of the file has been read when this returns: it may change or disappear afterwards. Values of another
    /// precision than single are converted.
    ///
    /// # Errors
    /// [`WeightsError::File`] where the file cannot be opened, [`WeightsError::TensorShape`] and
    /// [`WeightsError::Incomplete`] where it is of another network or not all of it is there,
    /// [`WeightsError::Invalid`] where it is damaged, no file of PyTorch's, or holds what no weight can be: NaN, an
    /// infinity, a negative variance, [`WeightsError::Device`] where the device fails.
    ///
    /// Files of PyTorch 1.6 and later have checksums of most tensors. Older ones have none: damaged values go
    /// unnoticed.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        // The system's own account of it: the reader of weights gives one error for everything.
        File::open(path).map_err(|error| FileError::new(path, error))?;
        let device = device.clone().without_autodiff();
        // Burn panics on some damaged files.
        let network =
            caught(|| read(path, &device)).map_err(|message| weights_error(path, message))??;
        let weights = fingerprint(&network)?;
        Ok(Self {
            network,
            device,
            weights,
        })
    }
}

impl FeatureExtractor<4> for Inception {
    fn features(&self, samples: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        let [count, channels, height, width] = samples.dims();
        if count == 0 {
            return Err(BatchError::Empty.into());
        }
        if ![1, 3].contains(&channels) || height == 0 || width == 0 {
            return Err(FeatureError::Shape(ShapeError {
                what: "images for the Inception network, grey (1 channel) or coloured (3)",
                expected: vec![count, 3, height.max(1), width.max(1)],
                actual: vec![count, channels, height, width],
            }));
        }
        let images = samples
            .without_autodiff()
            .to_device(&self.device)
            .cast(FloatDType::F32);
        Ok(self.network.forward(coloured(resized(images))))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        Ok(Identity::new("inception-fid", 1).with("weights_sha256", self.weights.as_str()))
    }
}

/// Images of 299x299 pixels. The network would resize by itself, but with the corners aligned.
fn resized(images: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = images.dims();
    if [height, width] == [SIDE, SIDE] {
        return images;
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([SIDE, SIDE]);
    interpolate(images, options)
}

/// Three channels: grey is the same value three times.
fn coloured(images: Tensor<4>) -> Tensor<4> {
    match images.dims()[1] {
        1 => images.repeat_dim(1, 3),
        _ => images,
    }
}

/// The network with every one of its weights from the file.
fn read(path: &Path, device: &Device) -> Result<InceptionV3FeatureExtractor, WeightsError> {
    let mut network = InceptionV3FeatureExtractor::new(device);
    let mut store = PytorchStore::from_file(path)
        .map_indices_contiguous(false)
        .with_key_remapping(r"^Mixed_", "mixed_")
        // What does not fit and what is missing is judged below, one by one; neither is let through.
        .validate(false)
        .allow_partial(true);
    for [in_file, in_module] in STEM {
        store = store.with_key_remapping(format!(r"^{in_file}\."), format!("{in_module}."));
    }
    let result = network.load_from(&mut store).map_err(|error| match error {
        PytorchStoreError::Io(error) => FileError::new(path, error).into(),
        error => weights_error(path, error),
    })?;
    if let Some(error) = result.errors.first() {
        return Err(misfit(path, error));
    }
    let missing = result.missing.len();
    if let Some((first, _)) = result.missing.first() {
        return Err(WeightsError::Incomplete {
            path: path.to_path_buf(),
            missing,
            needed: missing + result.applied.len(),
            first: name_in_file(first),
        });
    }
    let network = network.map(&mut SinglePrecision);
    let mut check = Check::default();
    network.visit(&mut check);
    match check.failure {
        Some(message) => Err(weights_error(path, message)),
        None => Ok(network),
    }
}

/// A tensor of the file that the network cannot take.
fn misfit(path: &Path, error: &ApplyError) -> WeightsError {
    match error {
        ApplyError::ShapeMismatch {
            path: parameter,
            expected,
            found,
        } => WeightsError::TensorShape {
            path: path.to_path_buf(),
            tensor: name_in_file(parameter),
            expected: expected.to_vec(),
            actual: found.to_vec(),
        },
        error => weights_error(path, error),
    }
}

/// What the file calls a parameter of burn-train's module.
fn name_in_file(parameter: &str) -> String {
    let (layer, rest) = parameter.split_once('.').unwrap_or((parameter, ""));
    let layer = STEM
        .iter()
        .find(|[_, in_module]| *in_module == layer)
        .map_or_else(
            || layer.replace("mixed_", "Mixed_"),
            |[in_file, _]| in_file.to_string(),
        );
    let rest = rest.replace("gamma", "weight").replace("beta", "bias");
    format!("{layer}.{rest}")
}

/// Brings all weights to single precision: Burn keeps them in the file's, and would fail on images of another.
struct SinglePrecision;

impl ModuleMapper for SinglePrecision {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|tensor| tensor.cast(FloatDType::F32))
    }
}

/// Finds what cannot be a weight, so that the error names it; some backends' ReLUs turn NaN into 0 and would hide it.
#[derive(Default)]
struct Check {
    path: ModulePath,
    failure: Option<String>,
}

impl ModuleVisitor for Check {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if self.failure.is_some() {
            return;
        }
        let name = name_in_file(&self.path.key());
        let smallest = if name.ends_with("running_var") {
            0.0
        } else {
            f32::MIN
        };
        match parameter.val().try_into_vec_as::<f32>() {
            Ok(values) => {
                let wrong = values
                    .iter()
                    .position(|value| !(smallest..=f32::MAX).contains(value));
                self.failure =
                    wrong.map(|index| format!("value {index} of {name} is {}", values[index]));
            }
            Err(error) => self.failure = Some(format!("{name}: {error}")),
        }
    }
}
