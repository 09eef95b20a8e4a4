//! A worker: a server of this machine's device, for trainers elsewhere.

use std::net::{SocketAddr, TcpListener};

use burn::server::{RemoteServer, TokenAuthorizer, WebSocketTransport};
use burn::tensor::Device;
use burn_gan::GanError;

/// The environment variable with the secret: what is on a command line, every user of the machine can read.
pub const SECRET: &str = "BURN_GAN_SECRET";

/// The shared secret, where there is one.
pub fn secret() -> Option<String> {
    std::env::var(SECRET)
        .ok()
        .filter(|secret| !secret.is_empty())
}

/// Serves a device at an address until Ctrl-C; says where on standard output, once clients can connect.
///
/// Port 0 is any that is free. Without a secret only this machine is served.
pub fn serve(device: Device, address: SocketAddr, secret: Option<&str>) -> Result<(), GanError> {
    if secret.is_none() && !address.ip().is_loopback() {
        return Err(GanError::user(format!(
            "{address} can be reached from other machines: set a secret in {SECRET}, here and for the trainer"
        )));
    }
    let listener = TcpListener::bind(address)
        .map_err(|error| GanError::user(format!("cannot listen at {address}: {error}")))?;
    let server = RemoteServer::new([device]);
    let server = match secret {
        Some(secret) => {
            let authorizer =
                TokenAuthorizer::new(secret).map_err(|error| GanError::user(error.to_string()))?;
            server.with_authorizer(authorizer)
        }
        None => server,
    };
    let bound = listener.local_addr().map_err(GanError::user)?;
    println!("listening at ws://{bound}");
    server
        .serve(WebSocketTransport::from_listener(listener))
        .map_err(|error| GanError::user(error.to_string()))
}
