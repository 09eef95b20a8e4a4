//! Lends this machine's device to a trainer on another machine, or in another process.
//!
//! BURN_GAN_SECRET=.. cargo run --features remote --example worker -- --address 127.0.0.1:3000

mod common;

use std::net::SocketAddr;
use std::process::ExitCode;

use burn_gan::GanError;
use clap::Parser;
use common::DeviceName;
use common::worker::{SECRET, secret, serve};

/// Computes parts of batches for `train --replicas ws://HOST:PORT`, until Ctrl-C.
///
/// Both sides need the same secret in the environment variable BURN_GAN_SECRET, and the same version of Burn. The connection is a
/// websocket without encryption: whoever can listen on the way can read samples, weights and the secret. Between machines
/// use it in a tunnel (ssh -L, WireGuard) or in a network of your own.
#[derive(Parser, Debug)]
struct Arguments {
    /// Where to listen; another than this machine's own address needs a secret
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "IP:PORT")]
    address: SocketAddr,

    /// The device to lend
    #[arg(long, value_enum, default_value_t = DeviceName::Flex)]
    device: DeviceName,
}

fn main() -> ExitCode {
    match lend(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lend(arguments: &Arguments) -> Result<(), GanError> {
    let secret = secret();
    if secret.is_none() {
        eprintln!(
            "warning: without a secret in {SECRET} every process of this machine can use the device"
        );
    }
    if !arguments.address.ip().is_loopback() {
        eprintln!(
            "warning: the websocket is not encrypted: who can listen on the way can read samples, weights and the secret"
        );
    }
    serve(
        arguments.device.device()?,
        arguments.address,
        secret.as_deref(),
    )
}
