//! Builds the page, and hands it out on this machine.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::thread;

use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// The folder of the package that becomes the module.
pub fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compiles the module and writes the page into `folder`, all but the generator.
///
/// # Errors
/// Where the module does not compile, and where a file cannot be written.
pub fn build(folder: &Path) -> Result<(), Box<dyn Error>> {
    let package = package();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package.join("target"), PathBuf::from);
    let target = std::path::absolute(target)?;
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
        .args(["build", "--locked", "--release", "--lib"])
        .args(["--package", "burn-gan-browser", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target)
        // There Cargo finds the flags that the target needs, unless the environment has others.
        .current_dir(&package)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()?;
    if !status.success() {
        return Err(format!(
            "the module did not compile; is the target there? rustup target add {TARGET}"
        )
        .into());
    }

    fs::create_dir_all(folder)?;
    let module = target.join(TARGET).join("release/burn_gan_browser.wasm");
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .omit_default_module_path(false)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)?;
    for entry in fs::read_dir(package.join("page"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    Ok(())
}

/// Hands out the files of `folder` until the program ends; `received` gets what a page sends, which only those of the
/// tests do.
///
/// # Errors
/// Where no connection can be taken any more.
pub fn serve(
    listener: &TcpListener,
    folder: &Path,
    received: impl Fn(Vec<u8>) + Clone + Send + 'static,
) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        let (folder, received) = (folder.to_path_buf(), received.clone());
        // A browser opens connections that it does not use yet: none waits for another. One that breaks concerns nobody else.
        thread::spawn(move || answer(stream, &folder, received));
    }
}

fn answer(mut stream: TcpStream, folder: &Path, received: impl Fn(Vec<u8>)) -> io::Result<()> {
    /// Longer requests are nobody's.
    const LIMIT: u64 = 16 << 20;
    let mut reader = BufReader::new(stream.try_clone()?.take(LIMIT));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;

    let mut words = request.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or(""));
    if method == Some("POST") {
        received(body);
        return stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
    let found = file(folder, target).and_then(|path| Some((kind(&path), fs::read(path).ok()?)));
    let (status, kind, bytes) = match found {
        Some((kind, bytes)) => ("200 OK", kind, bytes),
        None => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&bytes)
}

/// The file that a request asks for, nothing outside the folder.
fn file(folder: &Path, target: &str) -> Option<PathBuf> {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let relative = match path.strip_prefix('/')? {
        "" => Path::new("index.html"),
        path => Path::new(path),
    };
    let is_name = |component| matches!(component, Component::Normal(_));
    relative
        .components()
        .all(is_name)
        .then(|| folder.join(relative))
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
