//! How often an image can be halved, and how wide a network is after that.

use crate::network_error::NetworkError;

/// Halvings of an image as long as both sides are even and the result is at least `base` on both.
///
/// # Errors
/// [`NetworkError::UnreachableSize`] where it cannot be halved at all.
pub(super) fn halvings(height: usize, width: usize, base: usize) -> Result<usize, NetworkError> {
    let base = base.max(1);
    let halvings = count(height, width, |side| {
        side.is_multiple_of(2) && side / 2 >= base
    });
    if halvings == 0 {
        return Err(NetworkError::UnreachableSize {
            height,
            width,
            minimum: base,
        });
    }
    Ok(halvings)
}

/// Halvings of an image as long as the result is at least `base` on both sides; a side that is odd loses its last row
/// or column.
pub(super) fn halvings_rounding_down(height: usize, width: usize, base: usize) -> usize {
    count(height, width, |side| side / 2 >= base.max(1))
}

/// How many times both sides can be halved, where `halvable` says so of one side.
fn count(mut height: usize, mut width: usize, halvable: impl Fn(usize) -> bool) -> usize {
    let mut halvings = 0;
    while halvable(height) && halvable(width) {
        (height, width) = (height / 2, width / 2);
        halvings += 1;
    }
    halvings
}

/// Channels after this many doublings, `max` at most.
pub(super) fn doubled(filters: usize, doublings: usize, max: usize) -> usize {
    // More doublings than bits change nothing.
    (0..doublings.min(usize::BITS as usize))
        .fold(filters, |filters, _| filters.saturating_mul(2))
        .min(max)
}

/// Refuses an image that cannot be halved so many times with both sides even.
///
/// # Errors
/// [`NetworkError::IndivisibleSize`].
pub(super) fn check_divisible(
    height: usize,
    width: usize,
    halvings: usize,
) -> Result<(), NetworkError> {
    let divisor = doubled(1, halvings, usize::MAX);
    if [height, width]
        .iter()
        .all(|side| *side > 0 && side.is_multiple_of(divisor))
    {
        return Ok(());
    }
    Err(NetworkError::IndivisibleSize {
        height,
        width,
        divisor,
    })
}
