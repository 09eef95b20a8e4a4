//! The guide: what the parts of this crate do, why, and how each claim was checked.
//!
//! - [`your_data`]: from a folder of pictures to a generator in a program of your own.
//! - [`theory`]: what a GAN is, why it works where it does, and the formula of every loss.
//! - [`penalties`]: exact gradient penalties on an autodiff of first order.
//! - [`metrics`]: what each metric measures, its bias, how many samples it needs, and the FID.
//! - [`reliability`]: checkpoints, resuming, training that does not stay finite, warnings of a collapse.
//! - [`performance`]: what a step costs, and what a program can do about it.
//! - [`scale`]: several devices and machines, what goes between them, and when it pays.
//! - [`exchange`]: weights to and from PyTorch, ONNX files.
//! - [`results`]: how good the recipes are, by published protocols, with every run listed.
//!
//! Commands in these pages run in a checkout of the repository, which also has pages for those who change this crate
//! (`docs/architecture.md`, `docs/building.md`, `docs/fuzzing.md`, `docs/tuning.md`).
//!
//! What the example `digits` draws after 4,000 steps on 4,000 handwritten digits without their labels, two to four minutes on two CPU cores:
//!
#![doc = concat!(
    "![Generated handwritten digits](data:image/png;base64,",
    include_str!("../docs/digits.png.base64"),
    ")"
)]

#[doc = include_str!("../docs/exchange.md")]
pub mod exchange {}

#[doc = include_str!("../docs/metrics.md")]
pub mod metrics {}

#[doc = include_str!("../docs/penalties.md")]
pub mod penalties {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/reliability.md")]
pub mod reliability {}

#[doc = include_str!("../docs/results.md")]
///
/// # The chart of the 28x28 digits
///
#[doc = concat!(
    "![Frechet distance over the steps](data:image/png;base64,",
    include_str!("../docs/digits28.png.base64"),
    ")"
)]
///
/// # Generated clothes
///
/// Fashion-MNIST, a class a row, projection, seed 1.
///
#[doc = concat!(
    "![Generated clothes, a class a row](data:image/png;base64,",
    include_str!("../docs/fashion.png.base64"),
    ")"
)]
pub mod results {}

#[doc = include_str!("../docs/scale.md")]
///
/// # The chart of the bandwidths
///
#[doc = concat!(
    "![Break-even bandwidth by the size of the networks](data:image/png;base64,",
    include_str!("../docs/scale.png.base64"),
    ")"
)]
pub mod scale {}

#[doc = include_str!("../docs/theory.md")]
pub mod theory {}

#[doc = include_str!("../docs/your-data.md")]
///
/// # Faces, ten minutes
///
/// `cargo run --example train -- examples/data/faces/faces.png --minutes 10`, on two CPU cores: seed 1, the last step.
///
#[doc = concat!(
    "![Generated faces with glasses](data:image/png;base64,",
    include_str!("../docs/faces.png.base64"),
    ")"
)]
pub mod your_data {}
