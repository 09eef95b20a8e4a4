//! Which kernels are used: a choice of the configuration, and of the environment over it.

use std::cell::Cell;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Which of this crate's own CPU kernels compute a network on the flex backend.
///
/// They differ from Burn's operations in speed and in the last bits of their results, never by more than a few rounding
/// errors ([Performance](crate::guide::performance) has the differences). On other backends, for other types than `f32`,
/// and in a build without the feature `flex` of this crate, Burn's operations are used whatever is chosen here.
///
/// The environment variable `BURN_GAN_KERNELS`, read once, lowers every choice: `plain` makes `Fast` a `Plain`, `off`
/// switches all kernels off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Kernels {
    /// Burn's operations alone.
    Off,
    /// Kernels with as many multiplications as the definition of each operation has.
    Plain,
    /// Convolutions with fewer multiplications too (Winograd 1980; Lavin and Gray 2016), which round a little more.
    #[default]
    Fast,
}

thread_local! {
    static CHOSEN: Cell<Kernels> = const { Cell::new(Kernels::Fast) };
}

impl Kernels {
    /// Computes something with these kernels; on this thread, until it is done.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_gan::{Generator, Kernels, model::DcganConfig};
    ///
    /// let device = Device::flex();
    /// let generator = DcganConfig::new(1, 16, 16).with_filters(8).init_generator(&device)?;
    /// let latent = Tensor::ones([2, 100], &device);
    /// let fast = generator.generate(latent.clone(), &());
    /// let portable = Kernels::Off.scope(|| generator.generate(latent, &()));
    /// let difference = (fast - portable).abs().max().into_scalar::<f32>();
    /// assert!(difference < 1e-5);
    /// # Ok::<(), burn_gan::GanError>(())
    /// ```
    pub fn scope<T>(self, compute: impl FnOnce() -> T) -> T {
        /// Goes back to the earlier choice, after a panic too.
        struct Before(Kernels);
        impl Drop for Before {
            fn drop(&mut self) {
                CHOSEN.set(self.0);
            }
        }
        let _before = Before(CHOSEN.replace(self));
        compute()
    }

    /// Frees the working memory that kernels keep between their uses, at most 64 MiB in a process.
    pub fn free_memory() {
        #[cfg(feature = "flex")]
        super::buffers::free();
    }

    /// The choice of the innermost [`Kernels::scope`], lowered by the environment and by how the crate was built.
    pub fn in_use() -> Self {
        if cfg!(feature = "flex") {
            CHOSEN.get().min(most())
        } else {
            Self::Off
        }
    }
}

/// What the environment allows.
fn most() -> Kernels {
    static MOST: OnceLock<Kernels> = OnceLock::new();
    *MOST.get_or_init(|| {
        let Some(value) = std::env::var_os("BURN_GAN_KERNELS") else {
            return Kernels::Fast;
        };
        match value.to_string_lossy().to_lowercase().as_str() {
            "off" => Kernels::Off,
            "plain" => Kernels::Plain,
            "" | "fast" => Kernels::Fast,
            other => {
                log::warn!("BURN_GAN_KERNELS is {other:?}, not off, plain or fast: fast");
                Kernels::Fast
            }
        }
    })
}
