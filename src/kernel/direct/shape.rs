//! [`Shape`]: the sizes of a direct convolution, and where its values stand.

use pulp::Simd;

use super::{MOST_LANES, OUTPUTS};

/// Sizes of an image and of a group's channels on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub kernel: usize,
    pub padding: usize,
    pub height: usize,
    pub width: usize,
    pub groups: usize,
    /// Channels of a group in the input.
    pub inputs: usize,
    /// Channels of a group in the result.
    pub outputs: usize,
}

impl Shape {
    pub fn channels(self) -> usize {
        self.groups * self.inputs
    }

    pub fn all_outputs(self) -> usize {
        self.groups * self.outputs
    }

    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Width of a padded row.
    pub fn padded_width(self) -> usize {
        self.width + self.kernel - 1
    }

    /// Number of values of a padded plane; the last lane, shifted by the last tap, reaches beyond the last row.
    pub fn plane(self) -> usize {
        (self.height + self.kernel - 1) * self.padded_width() + MOST_LANES + self.kernel
    }

    /// Blocks of outputs of a group.
    pub fn blocks(self) -> usize {
        self.outputs.div_ceil(OUTPUTS)
    }

    /// How far a tap shifts a plane.
    pub fn shift(self, tap: usize) -> usize {
        tap / self.kernel * self.padded_width() + tap % self.kernel
    }

    /// Where the lanes start that cover all results.
    pub fn starts<S: Simd>(self, _simd: S) -> impl Iterator<Item = usize> {
        (0..self.height * self.padded_width()).step_by(S::F32_LANES)
    }

    /// The shape of the operation that gives the input's gradient.
    pub fn turned(self) -> Self {
        Self {
            inputs: self.outputs,
            outputs: self.inputs,
            padding: self.kernel - 1 - self.padding,
            ..self
        }
    }

    /// Where the weight of a tap, input and output stands in `[area * inputs, groups * outputs]`.
    pub fn weight(self, group: usize, tap: usize, input: usize, output: usize) -> usize {
        (tap * self.inputs + input) * self.all_outputs() + group * self.outputs + output
    }
}
