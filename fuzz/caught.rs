//! For readers that turn panics of Burn into errors: libFuzzer's own hook ends the process in those too.

use std::panic::{catch_unwind, set_hook};
use std::sync::{Mutex, Once};

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs a reader, and ends the process only in a panic that the reader lets out.
pub fn run(reader: fn(&[u8]), bytes: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        set_hook(Box::new(|panic| {
            if let Ok(mut last) = LAST_PANIC.lock() {
                *last = panic.to_string();
            }
        }));
    });
    if catch_unwind(|| reader(bytes)).is_err() {
        eprintln!("{}", LAST_PANIC.lock().unwrap());
        std::process::abort();
    }
}
