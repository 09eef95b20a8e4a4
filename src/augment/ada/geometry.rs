//! The changes of place, in the order and with the numbers of the paper's appendix B.

use std::f64::consts::PI;

use super::{AdaConfig, draws::Draws};
use crate::augment::matrix::Matrix;

impl AdaConfig {
    /// The change `g` of one image about its centre, in pixels, `x` to the right and `y` down.
    pub(super) fn geometry(
        &self,
        p: f64,
        [height, width]: [usize; 2],
        draws: &mut Draws,
    ) -> Matrix<3> {
        let [width, height] = [width, height].map(|side| side as f64);
        let g = Matrix::identity();
        // Pixel blitting.
        let g = draws.then(g, self.x_flip, p, |draw| {
            Matrix::scale(1.0 - 2.0 * draw.index(2) as f64, 1.0)
        });
        let g = draws.then(g, self.quarter_turns, p, |draw| {
            Matrix::quarter_turns(draw.index(4))
        });
        let g = draws.then(g, self.integer_translation, p, |draw| {
            let [x, y] = [width, height].map(|side| (draw.uniform(-0.125, 0.125) * side).round());
            Matrix::translate(x, y)
        });
        // General geometric transformations.
        let g = draws.then(g, self.scaling, p, |draw| {
            let s = draw.log2_normal(0.2);
            Matrix::scale(s, s)
        });
        // At least one of the two rotations happens with probability p.
        let p_rotation = 1.0 - (1.0 - p).max(0.0).sqrt();
        let rotation = |draw: &mut Draws| Matrix::rotate(draw.uniform(-PI, PI));
        let g = draws.then(g, self.rotation, p_rotation, rotation);
        let g = draws.then(g, self.anisotropic_scaling, p, |draw| {
            let s = draw.log2_normal(0.2);
            Matrix::scale(s, 1.0 / s)
        });
        let g = draws.then(g, self.rotation, p_rotation, rotation);
        draws.then(g, self.fractional_translation, p, |draw| {
            let [x, y] = [width, height].map(|side| draw.normal(0.125) * side);
            Matrix::translate(x, y)
        })
    }
}
