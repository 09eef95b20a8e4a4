//! The random streams of a network's initial weights.

use crate::random::{Purpose, Stream};

/// One stream a layer, in the order in which the layers are built.
pub(super) fn streams(seed: u64, purpose: Purpose) -> impl FnMut() -> Stream {
    let mut layer = 0;
    move || {
        layer += 1;
        Stream::new(seed, purpose, layer - 1)
    }
}
