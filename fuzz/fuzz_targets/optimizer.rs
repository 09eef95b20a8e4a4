#![no_main]

#[path = "../caught.rs"]
mod caught;
#[path = "../readers.rs"]
#[allow(dead_code)]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| caught::run(readers::optimizer, bytes));
