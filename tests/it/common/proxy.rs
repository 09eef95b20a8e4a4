//! A way to a worker that counts what goes over it, can be held up, and can give another answer than the worker's first one.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use burn::tensor::Device;
use burn_gan::trainer::{ReplicaError, connect_worker};

use super::worker_process::{LIMIT, SECRET, Worker};

/// What becomes of the message that a worker answers a greeting with; `None` hangs up.
type Answer = fn(Vec<u8>) -> Option<Vec<u8>>;

/// It listens for as long as the process lives.
pub struct Proxy {
    pub address: String,
    way: Arc<Way>,
}

#[derive(Default)]
struct Way {
    /// Bytes that went over, of both directions.
    bytes: AtomicU64,
    held: Mutex<bool>,
    released: Condvar,
}

impl Proxy {
    pub fn to(worker: &Worker) -> Self {
        Self::answering(worker, Some)
    }

    pub fn answering(worker: &Worker, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        let (worker, way) = (worker.socket().to_string(), Arc::new(Way::default()));
        let shared = way.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if let Ok(worker) = TcpStream::connect(&worker) {
                    join(client, worker, &shared, answer).unwrap();
                }
            }
        });
        Self { address, way }
    }

    pub fn connect(&self) -> Result<Device, ReplicaError> {
        connect_worker(&self.address, Some(SECRET), LIMIT)
    }

    /// Bytes that went over so far, of both directions.
    pub fn bytes(&self) -> u64 {
        self.way.bytes.load(Ordering::SeqCst)
    }

    /// Lets nothing through from now on, in either direction, until what it returns is dropped.
    pub fn hold(&self) -> Held {
        *self.way.held.lock().unwrap() = true;
        Held(self.way.clone())
    }
}

pub struct Held(Arc<Way>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.held.lock().unwrap() = false;
        self.0.released.notify_all();
    }
}

fn join(client: TcpStream, worker: TcpStream, way: &Arc<Way>, answer: Answer) -> io::Result<()> {
    let [there, back] = [way.clone(), way.clone()];
    let (from, to) = (client.try_clone()?, worker.try_clone()?);
    thread::spawn(move || carry(from, to, &there));
    thread::spawn(move || {
        let mut from = BufReader::new(worker);
        match first_answer(&mut from, &client, answer) {
            Ok(()) => carry(from, client, &back),
            Err(_) => drop(client.shutdown(Shutdown::Both)),
        }
    });
    Ok(())
}

/// The worker's upgrade to a websocket, as it is, and its first message, a frame without a mask (RFC 6455, section 5.2).
fn first_answer(from: &mut impl BufRead, mut to: impl Write, answer: Answer) -> io::Result<()> {
    let mut upgrade = Vec::new();
    while !upgrade.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut upgrade)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    to.write_all(&upgrade)?;
    let mut head = [0; 2];
    from.read_exact(&mut head)?;
    let mut length = u64::from(head[1]);
    if length == 126 {
        let mut long = [0; 2];
        from.read_exact(&mut long)?;
        length = u64::from(u16::from_be_bytes(long));
    }
    let mut message = Vec::new();
    from.take(length).read_to_end(&mut message)?;
    let message = answer(message).ok_or(io::ErrorKind::ConnectionAborted)?;
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    to.write_all(&[head[0], 126, length[0], length[1]])?;
    to.write_all(&message)
}

fn carry(mut from: impl Read, mut to: TcpStream, way: &Way) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let held = way.held.lock().unwrap();
        drop(way.released.wait_while(held, |held| *held).unwrap());
        way.bytes.fetch_add(count as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
