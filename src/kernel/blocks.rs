//! How long loops are divided: in fixed blocks, so that results have the same bits with one thread and with several.

/// Values that one thread goes through at a time.
pub const BLOCK: usize = 1 << 14;
/// Values from which on several threads are worth their start, some 20 us.
pub const SHARED: usize = 1 << 17;
