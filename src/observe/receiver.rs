//! [`Receiver`]: Burn's renderers and loggers, whose panics are errors here.

use crate::gan_error::GanError;
use crate::observe_error::ObserveError;
use crate::unwind::caught;

/// A metrics renderer or a metric logger.
///
/// They panic where a terminal or a file fails and where the user kills the run, and once more when they are
/// dropped after that.
pub(super) struct Receiver<R> {
    name: &'static str,
    /// Always there; an option so that its own panic on being dropped can be caught.
    inner: Option<R>,
}

impl<R> Receiver<R> {
    pub(super) fn new(name: &'static str, inner: R) -> Self {
        Self {
            name,
            inner: Some(inner),
        }
    }

    /// What `make` makes.
    pub(super) fn make(name: &'static str, make: impl FnOnce() -> R) -> Result<Self, GanError> {
        caught(make)
            .map(|inner| Self::new(name, inner))
            .map_err(|message| failed(name, message))
    }

    /// Has it do something.
    pub(super) fn call<T>(&mut self, call: impl FnOnce(&mut R) -> T) -> Result<T, GanError> {
        match &mut self.inner {
            Some(inner) => caught(|| call(inner)).map_err(|message| failed(self.name, message)),
            None => Err(failed(self.name, "it is closed".to_string())),
        }
    }

    /// Drops it now, where an error can be returned.
    pub(super) fn close(mut self) -> Result<(), GanError> {
        let inner = self.inner.take();
        caught(|| drop(inner)).map_err(|message| failed(self.name, message))
    }
}

impl<R> Drop for Receiver<R> {
    fn drop(&mut self) {
        let inner = self.inner.take();
        if let Err(message) = caught(|| drop(inner)) {
            log::warn!("{}", failed(self.name, message));
        }
    }
}

fn failed(receiver: &'static str, message: String) -> GanError {
    ObserveError::MetricsReceiver { receiver, message }.into()
}
