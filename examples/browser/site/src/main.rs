//! Builds the page with a generator and hands it out on this machine.
//!
//! cargo run --package site -- [GENERATOR.bpk]

use std::error::Error;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let package = site::package();
    let generator = std::env::args_os().nth(1).map_or_else(
        || package.join("../data/digits-generator/generator.bpk"),
        PathBuf::from,
    );
    let bytes =
        fs::read(&generator).map_err(|error| format!("{}: {error}", generator.display()))?;

    let folder = package.join("out");
    site::build(&folder)?;
    fs::write(folder.join("generator.bpk"), bytes)?;

    let listener =
        TcpListener::bind(("127.0.0.1", 8000)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    println!("the page is in examples/browser/out");
    println!("open http://{}", listener.local_addr()?);
    site::serve(&listener, &folder, |_| ())?;
    Ok(())
}
