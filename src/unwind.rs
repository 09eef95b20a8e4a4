//! Panics of other people's code as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs something that may panic; what it said then comes back as the error.
///
/// Nothing that it changes may be looked at after a panic.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(panic_message)
}

fn panic_message(cause: Box<dyn Any + Send>) -> String {
    match cause.downcast::<String>() {
        Ok(message) => *message,
        Err(cause) => cause
            .downcast::<&str>()
            .map_or_else(|_| "it panicked".to_string(), |message| message.to_string()),
    }
}
