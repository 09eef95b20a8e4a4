//! Workers in processes of their own, which a test can kill: this test's own binary, as `remote::the_worker`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use burn::tensor::Device;
use burn_gan::trainer::{ReplicaError, connect_worker};

use crate::watch_runs::examples::worker::serve as serve_device;

/// Environment variable that makes this binary a worker: its address and its secret.
const WORKER: &str = "BURN_GAN_TEST_WORKER";

pub const SECRET: &str = "open sesame";

/// Long enough for anything that works.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Does what a worker process does.
pub fn serve() {
    let given = std::env::var(WORKER).expect("this test is started by another");
    let (address, secret) = given.split_once(' ').expect("an address and a secret");
    let address: SocketAddr = address.parse().unwrap();
    serve_device(Device::flex(), address, Some(secret)).unwrap();
}

/// A worker, killed when it is dropped.
pub struct Worker {
    process: Child,
    pub address: String,
}

impl Worker {
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// One at this address, which is free.
    pub fn start_at(address: &str) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), address)
    }

    /// One whose address space has so many bytes.
    #[cfg(target_os = "linux")]
    pub fn start_with_memory(bytes: usize) -> Self {
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", bytes / 1024);
        shell.arg("-c").arg(limited);
        shell.arg(std::env::current_exe().unwrap());
        // What a thread reserves for itself is many times what it uses: the same few on every machine.
        shell.env("MALLOC_ARENA_MAX", "1");
        shell.env("RAYON_NUM_THREADS", "1");
        shell.env("TOKIO_WORKER_THREADS", "2");
        Self::start_by(shell, "127.0.0.1:0")
    }

    fn start_by(mut command: Command, address: &str) -> Self {
        let mut process = command
            .args(["remote::the_worker", "--exact", "--ignored", "--nocapture"])
            .env(WORKER, format!("{address} {SECRET}"))
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the worker says where it listens");
            if let Some((_, address)) = line.unwrap().split_once("listening at ") {
                break address.to_string();
            }
        };
        // It must not wait for somebody to read what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    pub fn connect(&self) -> Result<Device, ReplicaError> {
        connect_worker(&self.address, Some(SECRET), LIMIT)
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it, or lets it go on, as a network does that is cut.
    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// The same address without the protocol.
    pub fn socket(&self) -> &str {
        self.address.trim_start_matches("ws://")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
