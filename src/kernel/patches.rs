//! Patches of channels-last images: which values of an image a window sees, and back.

use super::blocks::chunks;
use super::wide::wide;
use super::window::Window;

/// A batch of images, the grid of windows over each, and the groups that the channels come in.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    pub images: usize,
    /// Height and width of an image.
    pub image: [usize; 2],
    pub channels: usize,
    /// Rows and columns of windows over an image.
    pub grid: [usize; 2],
    pub groups: usize,
}

impl Batch {
    /// Number of values of an image.
    pub fn image_size(self) -> usize {
        self.image[0] * self.image[1] * self.channels
    }

    /// Number of windows over an image.
    pub fn windows(self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// Channels of a group.
    pub fn group(self) -> usize {
        self.channels / self.groups
    }

    /// The same with another number of images.
    pub fn with_images(self, images: usize) -> Self {
        Self { images, ..self }
    }
}

/// Pixels of a window that are neighbours in its row and in the stored order of the weights.
#[derive(Debug, Clone, Copy)]
struct Segment {
    row: usize,
    column: usize,
    length: usize,
}

/// A part of a patch that lies inside the image, in pixels.
#[derive(Clone, Copy)]
struct Piece {
    in_patch: usize,
    in_image: usize,
    length: usize,
}

impl Window {
    /// Number of values that a window sees of a group.
    pub fn patch_size(self, batch: Batch) -> usize {
        self.area() * batch.group()
    }

    /// The segments in the stored order of the weights: blocks of `stride x stride` pixels row by row, inside a block
    /// its pixels row by row. Without stride a row of the kernel is one segment.
    fn segments(self) -> Vec<Segment> {
        let Self { kernel, stride, .. } = self;
        if stride == 1 {
            let row = |row| Segment {
                row,
                column: 0,
                length: kernel,
            };
            return (0..kernel).map(row).collect();
        }
        let starts = || (0..kernel).step_by(stride);
        let mut segments = Vec::new();
        for top in starts() {
            for column in starts() {
                let length = stride.min(kernel - column);
                segments.extend((top..kernel.min(top + stride)).map(|row| Segment {
                    row,
                    column,
                    length,
                }));
            }
        }
        segments
    }

    /// Calls `visit` for each piece of the patch of a window that lies inside the image.
    #[inline(always)]
    fn pieces(
        self,
        segments: &[Segment],
        [height, width]: [usize; 2],
        [grid_row, grid_column]: [usize; 2],
        mut visit: impl FnMut(Piece),
    ) {
        let mut in_patch = 0;
        for segment in segments {
            let row = (grid_row * self.stride + segment.row).wrapping_sub(self.padding);
            // In padded columns, where nothing is below 0.
            let start = grid_column * self.stride + segment.column;
            let first = start.max(self.padding);
            let last = (start + segment.length).min(width + self.padding);
            if row < height && first < last {
                visit(Piece {
                    in_patch: in_patch + first - start,
                    in_image: row * width + first - self.padding,
                    length: last - first,
                });
            }
            in_patch += segment.length;
        }
    }

    /// Whether a window reaches beyond the edge of the image.
    #[inline(always)]
    fn is_cut(self, [height, width]: [usize; 2], [grid_row, grid_column]: [usize; 2]) -> bool {
        let is_cut = |position: usize, size: usize| {
            let start = position * self.stride;
            start < self.padding || start + self.kernel > size + self.padding
        };
        is_cut(grid_row, height) || is_cut(grid_column, width)
    }

    /// Images `[N, H, W, C]` to patches `[groups, N * windows, area * C / groups]`.
    pub fn gather(self, images: &[f32], batch: Batch, patches: &mut [f32]) {
        let segments = self.segments();
        let (group, size) = (batch.group(), self.patch_size(batch));
        chunks(patches, batch.windows() * size, &|index, patches| {
            let (first, n) = (index / batch.images * group, index % batch.images);
            let image = &images[n * batch.image_size()..][..batch.image_size()];
            for (window, patch) in patches.chunks_exact_mut(size).enumerate() {
                let at = [window / batch.grid[1], window % batch.grid[1]];
                if self.is_cut(batch.image, at) {
                    patch.fill(0.0);
                }
                self.pieces(&segments, batch.image, at, |piece| {
                    if batch.groups == 1 {
                        let length = piece.length * group;
                        copy(
                            &image[piece.in_image * group..][..length],
                            &mut patch[piece.in_patch * group..][..length],
                        );
                    } else {
                        for pixel in 0..piece.length {
                            let from = (piece.in_image + pixel) * batch.channels + first;
                            let to = (piece.in_patch + pixel) * group;
                            copy(&image[from..][..group], &mut patch[to..][..group]);
                        }
                    }
                });
            }
        });
    }

    /// The transpose of [`Window::gather`]: adds patches up to images.
    pub fn scatter(self, patches: &[f32], batch: Batch, images: &mut [f32]) {
        let segments = self.segments();
        chunks(images, batch.image_size(), &|n, image| {
            wide!([
                window: Window = self,
                segments: &'a [Segment] = &segments,
                patches: &'a [f32] = patches,
                batch: Batch = batch,
                n: usize = n,
                image: &'a mut [f32] = image,
            ] {
                image.fill(0.0);
                for group in 0..batch.groups {
                    window.scatter_group(segments, patches, batch, [n, group], image);
                }
            });
        });
    }

    /// Adds the patches of one image and group.
    #[inline(always)]
    fn scatter_group(
        self,
        segments: &[Segment],
        patches: &[f32],
        batch: Batch,
        [n, index]: [usize; 2],
        image: &mut [f32],
    ) {
        let (group, size) = (batch.group(), self.patch_size(batch));
        let of_image = batch.windows() * size;
        let patches = &patches[(index * batch.images + n) * of_image..][..of_image];
        for (window, patch) in patches.chunks_exact(size).enumerate() {
            let at = [window / batch.grid[1], window % batch.grid[1]];
            self.pieces(segments, batch.image, at, |piece| {
                if batch.groups == 1 {
                    let length = piece.length * group;
                    add(
                        &patch[piece.in_patch * group..][..length],
                        &mut image[piece.in_image * group..][..length],
                    );
                } else {
                    for pixel in 0..piece.length {
                        let to = (piece.in_image + pixel) * batch.channels + index * group;
                        let from = (piece.in_patch + pixel) * group;
                        add(&patch[from..][..group], &mut image[to..][..group]);
                    }
                }
            });
        }
    }
}

/// Copies; a call of the system's copy costs more than a few values.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    const FEW: usize = 8;
    if from.len() <= FEW {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    } else {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn add(from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}
