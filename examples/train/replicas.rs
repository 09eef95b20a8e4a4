//! `--replicas`: workers that take parts of the batches.

use std::time::Duration;

use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::trainer::{OnReplicaFailure, ReplicasConfig};

use crate::Arguments;

/// What the command line says of replicas, where it says anything.
pub fn config(arguments: &Arguments) -> Result<Option<ReplicasConfig>, GanError> {
    if arguments.replicas.is_empty() {
        return Ok(None);
    }
    let time_limit = Duration::try_from_secs_f64(arguments.replica_seconds)
        .map_err(|error| GanError::user(format!("--replica-seconds: {error}")))?;
    let devices = arguments.replicas.iter();
    let devices = devices.map(|address| device(arguments, address, time_limit));
    let on_failure = match arguments.go_on {
        true => OnReplicaFailure::GoOn,
        false => OnReplicaFailure::Stop,
    };
    let config = ReplicasConfig::new(devices.collect::<Result<_, _>>()?)
        .with_time_limit(time_limit)
        .with_on_failure(on_failure);
    Ok(Some(config))
}

fn device(arguments: &Arguments, address: &str, limit: Duration) -> Result<Device, GanError> {
    if address == "here" {
        return arguments.common.device();
    }
    connect(address, limit)
}

#[cfg(feature = "remote")]
fn connect(address: &str, limit: Duration) -> Result<Device, GanError> {
    use crate::common::worker::secret;
    use burn_gan::trainer::connect_worker;

    Ok(connect_worker(address, secret().as_deref(), limit)?)
}

#[cfg(not(feature = "remote"))]
fn connect(address: &str, _limit: Duration) -> Result<Device, GanError> {
    Err(GanError::user(format!(
        "this binary was built without workers and cannot reach {address}: add `--features remote` to the cargo command"
    )))
}
