//! Panics of other people's code as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs something that may panic; the panic's message then comes back as the error.
///
/// A panic leaves half-changed what it was changing: the caller must put that back or drop it. Where the program aborts
/// on panics nothing comes back.
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
