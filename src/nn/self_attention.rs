//! Self-attention over the pixels of an image.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::resampling::max_pool;
use super::{Convolution, ConvolutionConfig, Initialization};
use crate::dual::{Dual, softmax};
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::random::Stream;

/// Channels of queries and keys, and of values, are these parts of the input's.
const QUERY_PART: usize = 8;
const VALUE_PART: usize = 2;

/// Configuration of a [`SelfAttention`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct SelfAttentionConfig {
    /// Channels of the input and of the output.
    pub channels: usize,
    /// Whether keys and values are the largest of every 2x2 pixels, as in the authors' code: a quarter of the work. The
    /// paper has one of each a pixel.
    #[config(default = true)]
    pub pooling: bool,
    /// Whether the weights are divided by their largest singular value; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::LINEAR")]
    pub initialization: Initialization,
}

/// Self-attention `[N, H, W, C]` to `[N, H, W, C]`, where each pixel sees all pixels of its image (Zhang et al. 2019,
/// "Self-Attention Generative Adversarial Networks").
///
/// With 1x1 convolutions `f`, `g`, `h` and `v` without biases:
///
/// - `beta[j, i] = softmax_i(f(x_i) . g(x_j))`: how much pixel `j` attends to pixel `i`;
/// - `o_j = v(sum_i beta[j, i] h(x_i))`;
/// - `y = gamma o + x`, with a trained number `gamma` that starts at 0.
///
/// `f` and `g` have `C / 8` channels and `h` has `C / 2`, as in the authors' code, and at least 1. The table `beta` has
/// `(H W)^2` numbers for each image, a quarter of that with pooling. Samples stay independent.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Dual;
/// use burn_gan::nn::SelfAttentionConfig;
/// use burn_gan::random::{Purpose, Stream};
///
/// let device = Device::flex();
/// let mut stream = Stream::new(1, Purpose::Weights, 0);
/// let attention = SelfAttentionConfig::new(16).init(&mut stream, &device)?;
/// let x = Tensor::<4>::ones([2, 4, 6, 16], &device);
/// let y = attention.propagate(Dual::constant(x.clone())).value;
/// // At first it changes nothing.
/// assert_eq!(y.into_data(), x.into_data());
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Module, Debug)]
pub struct SelfAttention {
    /// `f`, from `C` to `C / 8` channels.
    pub key: Convolution,
    /// `g`, from `C` to `C / 8` channels.
    pub query: Convolution,
    /// `h`, from `C` to `C / 2` channels.
    pub value: Convolution,
    /// `v`, from `C / 2` to `C` channels.
    pub output: Convolution,
    /// `[1]`.
    pub gamma: Param<Tensor<1>>,
    pooling: bool,
}

impl SelfAttentionConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for 0 channels.
    pub fn init(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<SelfAttention, NetworkError> {
        at_least_1("channels", self.channels)?;
        let queries = (self.channels / QUERY_PART).max(1);
        let values = (self.channels / VALUE_PART).max(1);
        let mut convolution = |inputs, outputs| {
            ConvolutionConfig::new(inputs, outputs, 1)
                .with_spectral_norm(self.spectral_norm)
                .with_initialization(self.initialization)
                .init(stream, device)
        };
        Ok(SelfAttention {
            key: convolution(self.channels, queries)?,
            query: convolution(self.channels, queries)?,
            value: convolution(self.channels, values)?,
            output: convolution(values, self.channels)?,
            gamma: Param::from_tensor(Tensor::zeros([1], device)),
            pooling: self.pooling,
        })
    }
}

impl SelfAttention {
    /// `[N, H, W, C]` to `[N, H, W, C]`.
    pub fn propagate(&self, x: Dual<4>) -> Dual<4> {
        let [n, height, width, _] = x.value.dims();
        let query = pixels(self.query.propagate(x.clone()));
        let key = pixels(self.pooled(self.key.propagate(x.clone())));
        let value = pixels(self.pooled(self.value.propagate(x.clone())));
        let scores = query.bilinear(key, |query, key| query.matmul(key.swap_dims(1, 2)));
        let beta = softmax(scores, 2);
        let attended = beta.bilinear(value, Tensor::matmul).linear(|o| {
            let [_, _, channels] = o.dims();
            o.reshape([n, height, width, channels])
        });
        let o = self.output.propagate(attended);
        x + o.weighted(self.gamma.val(), |o, gamma| o * gamma.reshape([1; 4]))
    }

    fn pooled(&self, x: Dual<4>) -> Dual<4> {
        if self.pooling { max_pool(x) } else { x }
    }
}

/// `[N, H, W, C]` to `[N, H W, C]`.
fn pixels(x: Dual<4>) -> Dual<3> {
    x.linear(|x| {
        let [n, height, width, channels] = x.dims();
        x.reshape([n, height * width, channels])
    })
}
