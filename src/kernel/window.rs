//! The geometry of a kernel over an image.

/// A square kernel with its stride, and the zero rows and columns in front of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Window {
    /// Number of pixels of the kernel.
    #[cfg(feature = "flex")]
    pub fn area(self) -> usize {
        self.kernel * self.kernel
    }
}
