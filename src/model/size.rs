//! How often an image can be halved.

use crate::gan_error::GanError;

/// Halvings of an image as long as both sides are even and the result is at least `base` on both.
///
/// # Errors
/// [`GanError::UnreachableSize`] where it cannot be halved at all.
pub(super) fn halvings(height: usize, width: usize, base: usize) -> Result<usize, GanError> {
    let base = base.max(1);
    let halvable = |side: usize| side.is_multiple_of(2) && side / 2 >= base;
    let (mut rows, mut columns, mut halvings) = (height, width, 0);
    while halvable(rows) && halvable(columns) {
        (rows, columns) = (rows / 2, columns / 2);
        halvings += 1;
    }
    if halvings == 0 {
        return Err(GanError::UnreachableSize {
            height,
            width,
            minimum: base,
        });
    }
    Ok(halvings)
}
