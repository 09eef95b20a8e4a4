//! Checkpoints: a run's whole state in one folder, written whole or not at all and read only if it is whole.
//!
//! ```text
//! out/run/                       a folder of checkpoints
//!     step-000000500/            one checkpoint
//!         manifest.json          versions, step, seed, configuration, counters, size and SHA-256 of each file
//!         manifest.sha256        of manifest.json; `sha256sum -c manifest.sha256` checks it
//!         generator.bpk          weights, which `load_weights` reads
//!         observers.json         what the observers have to know
//!         ...
//!     step-000001000/
//! ```
//!
//! A checkpoint is written into a temporary folder, brought to the disk and then renamed, so that there is
//! never half of one under its name, and a crash leaves the older one where a checkpoint is replaced. The newest is found by
//! listing the folder, never by a pointer that a crash could leave behind; one that fails its hashes is named and left
//! out, and the one before it is taken. More is on the page [Reliability](crate::guide::reliability).

mod difference;
mod error;
mod folder;
mod manifest;
mod storage;

pub use difference::{Difference, differences};
pub use error::CheckpointError;
pub use folder::{Checkpoints, Found};
pub use manifest::{Checkpoint, FORMAT, FileRecord, Manifest, ScoreRecord};
