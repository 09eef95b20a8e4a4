#![no_main]

#[path = "../readers.rs"]
#[allow(dead_code)]
mod readers;

use std::panic::{catch_unwind, set_hook};
use std::sync::{Mutex, Once};

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // libFuzzer's own hook ends the process in every panic, those among them that the library turns into errors.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        set_hook(Box::new(|panic| {
            if let Ok(mut last) = LAST_PANIC.lock() {
                *last = panic.to_string();
            }
        }));
    });
    if catch_unwind(|| readers::weights(bytes)).is_err() {
        eprintln!("{}", LAST_PANIC.lock().unwrap());
        std::process::abort();
    }
});
