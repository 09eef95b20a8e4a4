//! How good a trained generator is: distances between the features of real and of generated samples.
//!
//! Each metric is a pure function of [`Features`] `[N, d]` on the host, in double precision. What the features are
//! is the caller's choice: points of the plane as they are, pixels, what a network makes of an image. A number means
//! something beside another one only with the same features and the same number of samples: most metrics have a
//! bias that shrinks with the number of samples. The page [Metrics](crate::guide::metrics) has it
//! for each of them.
//!
//! | metric | best value | what it sees |
//! |---|---|---|
//! | [`frechet_distance`] | 0 | means and covariances |
//! | [`kernel_distance`] | 0 | the first three moments; unbiased |
//! | [`precision_recall`] | 1, 1 | quality and variety apart |
//! | [`density_coverage`] | 1, 1 | the same, steadier against outliers |
//! | [`inception_score`] | number of classes | classes alone, no real samples |
//! | [`mean_discrepancy`] | 0 | everything, in few dimensions |
//! | [`sliced_wasserstein`] | 0 | everything, in few dimensions |
//! | [`modes`] | all, 1, 0 | modes of a known mixture |
//! | [`CopyCheck`] | 1, 0.5 | whether samples repeat the training data; with [`NearestSamplesConfig`] |

mod check;
mod copy_check;
mod density_coverage;
mod error;
mod frechet;
mod gaussian;
mod inception_score;
mod kernel;
mod kernel_distance;
mod mean_discrepancy;
mod modes;
mod nearest_samples;
mod neighbours;
mod precision_recall;
mod reverse_kl;
mod sliced_wasserstein;

pub use copy_check::CopyCheck;
pub use density_coverage::{DensityCoverage, density_coverage, expected_coverage};
pub use error::MetricError;
pub use frechet::frechet_distance;
pub use gaussian::Gaussian;
pub use inception_score::{InceptionScore, inception_score};
pub use kernel_distance::{
    KernelDistance, KernelDistanceConfig, kernel_distance, polynomial_discrepancy,
};
pub use mean_discrepancy::{Bandwidth, mean_discrepancy, median_distance};
pub use modes::{Modes, modes};
pub use nearest_samples::{NearestSamplesConfig, Neighbour};
pub use precision_recall::{PrecisionRecall, precision_recall};
pub use reverse_kl::{expected_reverse_kl, reverse_kl};
pub use sliced_wasserstein::{
    SlicedWassersteinConfig, sliced_wasserstein, sliced_wasserstein_along,
};

#[doc(no_inline)]
pub use crate::feature::Features;
