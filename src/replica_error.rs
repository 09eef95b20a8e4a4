//! [`ReplicaError`]: a device that took parts of batches, and no longer does.

/// What is wrong with a device that parts of batches go to.
///
/// A `rank` is the device's place in the list that the trainer was given, from 0. The state of the training is as it was
/// before the step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// It did not answer in time: it computes too slowly, it is stopped, or the network to it is cut.
    #[error("replica {rank} ({device}) gave no answer within {seconds} seconds in {during}")]
    TimedOut {
        /// Its place in the list, from 0.
        rank: usize,
        /// The device.
        device: String,
        /// What it was to do, with the number of the step.
        during: String,
        /// The time limit.
        seconds: f64,
    },

    /// It failed, and does not answer since: its process ended, its memory was full, the connection was cut.
    #[error("replica {rank} ({device}) failed in {during}: {message}")]
    Failed {
        /// Its place in the list, from 0.
        rank: usize,
        /// The device.
        device: String,
        /// What it was to do, with the number of the step.
        during: String,
        /// What it said.
        message: String,
    },

    /// It has failed in an earlier step. A connection that was lost is not made again in the same process.
    #[error("replica {rank} ({device}) was lost earlier: {message}")]
    Lost {
        /// Its place in the list, from 0.
        rank: usize,
        /// The device.
        device: String,
        /// How it was lost.
        message: String,
    },

    /// The system gave no thread for it.
    #[error("replica {rank} ({device}) cannot be started: {message}")]
    NotStarted {
        /// Its place in the list, from 0.
        rank: usize,
        /// The device.
        device: String,
        /// What the system says.
        message: String,
    },

    /// An address that is none of a worker: one is `ws://host:port`.
    #[error("{address:?} is no address of a worker: it must be ws://host:port")]
    Address {
        /// The address.
        address: String,
    },

    /// No worker could be reached, or it did not answer within the time limit.
    #[error("the worker at {address} cannot be reached: {message}")]
    Unreachable {
        /// Its address.
        address: String,
        /// What was tried.
        message: String,
    },

    /// The worker refuses the secret, or its lack.
    #[error("the worker at {address} refuses the secret")]
    Refused {
        /// Its address.
        address: String,
    },

    /// The worker is of another version of Burn, or something else listens there: the handshake failed.
    #[error("the worker at {address} does not fit (another version of Burn?): {message}")]
    Incompatible {
        /// Its address.
        address: String,
        /// What differs.
        message: String,
    },
}

impl ReplicaError {
    /// The replica's place in the list, where it is one.
    #[cfg(feature = "training")]
    pub(crate) fn rank(&self) -> Option<usize> {
        match self {
            Self::TimedOut { rank, .. }
            | Self::Failed { rank, .. }
            | Self::Lost { rank, .. }
            | Self::NotStarted { rank, .. } => Some(*rank),
            _ => None,
        }
    }
}
