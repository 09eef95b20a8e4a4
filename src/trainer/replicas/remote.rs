//! The device of a worker, a process on this machine or on another, through Burn's remote backend.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use burn::remote::{ConnectError, RemoteHost};
use burn::tensor::Device;

use crate::replica_error::ReplicaError;

/// Connects the first device of the worker at `ws://host:port`; the example `worker` is one.
///
/// `secret` is what the worker asks for, where it does. Neither it nor the tensors are encrypted on their way: between machines
/// that others can listen to, the connection belongs into a tunnel.
///
/// A worker that does not listen yet is tried again for some 16 seconds, or until the time limit. A connection that was lost
/// is not made again: the device of a worker that was started anew is there for the next process.
///
/// # Errors
/// [`ReplicaError::Address`] for anything else than `ws://host:port`, [`ReplicaError::Refused`] for a wrong secret,
/// [`ReplicaError::Incompatible`] for another version of Burn and every other handshake that fails,
/// [`ReplicaError::Unreachable`] for everything else.
pub fn connect_worker(
    address: &str,
    secret: Option<&str>,
    time_limit: Duration,
) -> Result<Device, ReplicaError> {
    check(address)?;
    let host = RemoteHost::websocket(address);
    let host = match secret {
        Some(secret) => host.with_credential(secret),
        None => host,
    };
    let unreachable = |message: String| ReplicaError::Unreachable {
        address: address.to_string(),
        message,
    };
    let (sender, connected) = channel();
    // Burn waits for an answer for as long as it takes; this thread is left behind then.
    let connect = move || {
        let _ = sender.send(Device::remote_options(&host).init());
    };
    let thread = thread::Builder::new().name("replica-connection".to_string());
    let thread = thread.spawn(connect);
    thread.map_err(|error| unreachable(error.to_string()))?;
    match connected.recv_timeout(time_limit) {
        Ok(Ok(device)) => Ok(device),
        Ok(Err(error)) => Err(refusal(address, error)),
        Err(_) => Err(unreachable(format!(
            "no answer within {} seconds",
            time_limit.as_secs_f64()
        ))),
    }
}

fn check(address: &str) -> Result<(), ReplicaError> {
    let rest = address.strip_prefix("ws://").unwrap_or_default();
    let is_one = rest.rsplit_once(':').is_some_and(|(host, port)| {
        let is_host =
            |character: char| character.is_ascii_alphanumeric() || "-._[]:".contains(character);
        !host.is_empty()
            && host.chars().all(is_host)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    match is_one {
        true => Ok(()),
        false => Err(ReplicaError::Address {
            address: address.to_string(),
        }),
    }
}

fn refusal(address: &str, error: ConnectError) -> ReplicaError {
    let (address, message) = (address.to_string(), error.to_string());
    match error {
        ConnectError::Unauthorized => ReplicaError::Refused { address },
        // Older versions of Burn refuse a session by ending it without an answer, which breaks the handshake off.
        ConnectError::IncompatibleProtocol { .. }
        | ConnectError::NoSuchDevice { .. }
        | ConnectError::Handshake { .. } => ReplicaError::Incompatible { address, message },
        ConnectError::Unreachable { reason } => ReplicaError::Unreachable {
            address,
            message: reason,
        },
        _ => ReplicaError::Unreachable { address, message },
    }
}
