//! [`Codes`] and [`CodedGenerator`]: the part of a latent vector that means something.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Int, Tensor};

use crate::identity::Identity;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::state_dict::{PytorchModule, StateMapper};

/// The codes of an InfoGAN (Chen et al. 2016): the first values of a latent vector, one categorical code and some
/// continuous ones; the rest is noise.
///
/// All values of a latent vector are standard normal, as for any other generator, so that samplers and trainers need to
/// know nothing of codes. The categorical code is the place of the largest of the first `categories` values, which is
/// uniform over them; the `continuous` values behind them are codes as they are, standard normal where the paper's are
/// uniform.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::model::Codes;
///
/// let codes = Codes::new(3, 1);
/// let latent = Tensor::<2>::from_floats([[0.1, 0.9, -2.0, 0.4, 7.0]], &Device::flex());
/// assert_eq!(codes.category(latent.clone()).into_scalar::<i64>(), 1);
/// assert_eq!(codes.apply(latent).into_data().to_vec::<f32>().unwrap(), [0.0, 1.0, 0.0, 0.4, 7.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Codes {
    /// Number of values that the categorical code has; 0 for none.
    pub categories: usize,
    /// Number of continuous codes.
    pub continuous: usize,
}

impl Codes {
    /// One categorical code of so many values, and so many continuous codes.
    pub fn new(categories: usize, continuous: usize) -> Self {
        Self {
            categories,
            continuous,
        }
    }

    /// How many values of a latent vector, and auxiliary outputs of a discriminator, they take.
    pub fn width(&self) -> usize {
        self.categories + self.continuous
    }

    /// The categorical code `[N]` in latent vectors `[N, latent_size]`.
    pub fn category(&self, latent: Tensor<2>) -> Tensor<1, Int> {
        latent
            .narrow(1, 0, self.categories)
            .argmax(1)
            .squeeze_dim(1)
    }

    /// The continuous codes `[N, continuous]` in latent vectors `[N, latent_size]`.
    pub fn continuous(&self, latent: Tensor<2>) -> Tensor<2> {
        latent.narrow(1, self.categories, self.continuous)
    }

    /// The latent vectors as a network takes them: the categorical code as one 1 among zeros.
    pub fn apply(&self, latent: Tensor<2>) -> Tensor<2> {
        if self.categories == 0 {
            return latent;
        }
        let [_, width] = latent.dims();
        let category = self.category(latent.clone());
        let one_hot = category.one_hot::<2>(self.categories).float();
        let one_hot = one_hot.cast(burn::tensor::FloatDType::from(latent.dtype()));
        if width == self.categories {
            return one_hot;
        }
        let rest = latent.narrow(1, self.categories, width - self.categories);
        Tensor::cat(vec![one_hot, rest], 1)
    }

    /// Latent vectors with this categorical code, all else as it was.
    pub fn with_category(
        &self,
        latent: Tensor<2>,
        category: usize,
    ) -> Result<Tensor<2>, NetworkError> {
        if category >= self.categories {
            return Err(NetworkError::LabelOutOfRange {
                label: i64::try_from(category).unwrap_or(i64::MAX),
                classes: self.categories,
            });
        }
        let [count, _] = latent.dims();
        let mut row = vec![0.0_f32; self.categories];
        row[category] = 1.0;
        let row = Tensor::<1>::from_floats(row.as_slice(), &latent.device());
        let rows = row.unsqueeze::<2>().repeat_dim(0, count);
        Ok(latent.slice_assign([0..count, 0..self.categories], rows))
    }
}

/// A generator whose latent vectors begin with [`Codes`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Generator;
/// use burn_gan::model::{CodedGenerator, Codes, MlpConfig};
///
/// let device = Device::flex();
/// let generator = MlpConfig::new(2).with_latent_size(8).init_generator(&device)?;
/// let generator = CodedGenerator::new(generator, Codes::new(4, 1));
/// assert_eq!(generator.generate(Tensor::ones([5, 8], &device), &()).dims(), [5, 2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Module, Debug)]
pub struct CodedGenerator<G: Module> {
    generator: G,
    #[module(skip)]
    codes: Codes,
}

impl<G: Module> CodedGenerator<G> {
    /// A generator with codes in its latent vectors, which are at least as wide.
    pub fn new(generator: G, codes: Codes) -> Self {
        Self { generator, codes }
    }

    /// The codes.
    pub fn codes(&self) -> Codes {
        self.codes
    }

    /// The generator without its codes.
    pub fn inner(&self) -> &G {
        &self.generator
    }
}

impl<const D: usize, C, G: Generator<D, C> + ModuleDisplay> Generator<D, C> for CodedGenerator<G> {
    fn latent_size(&self) -> usize {
        self.generator.latent_size()
    }

    fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<D> {
        self.generator.generate(self.codes.apply(latent), condition)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        self.generator.sample_shape()
    }

    fn classes(&self) -> Option<usize> {
        self.generator.classes()
    }

    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        self.generator.check_condition(condition)
    }

    fn identity(&self) -> Identity {
        Identity::new("coded", 1)
            .with("generator", self.generator.identity().to_value())
            .with("categories", self.codes.categories)
            .with("continuous", self.codes.continuous)
    }
}

impl<G: PytorchModule + ModuleDisplay> PytorchModule for CodedGenerator<G> {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        Self {
            generator: self.generator.map_state(mapper),
            ..self
        }
    }
}
