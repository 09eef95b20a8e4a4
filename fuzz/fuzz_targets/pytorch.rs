#![no_main]

#[path = "../caught.rs"]
mod caught;
#[path = "../pytorch_reader.rs"]
mod pytorch_reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| caught::run(pytorch_reader::pytorch, bytes));
