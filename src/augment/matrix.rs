//! [`Matrix`]: small matrices on the host, those of homogeneous coordinates.

/// A square matrix, row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix<const N: usize>(pub [[f64; N]; N]);

impl<const N: usize> Matrix<N> {
    pub fn identity() -> Self {
        Self::from_entries(|row, column| f64::from(u8::from(row == column)))
    }

    pub fn from_entries(entry: impl Fn(usize, usize) -> f64) -> Self {
        Self(std::array::from_fn(|row| {
            std::array::from_fn(|column| entry(row, column))
        }))
    }
}

impl<const N: usize> std::ops::Mul for Matrix<N> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::from_entries(|row, column| (0..N).map(|k| self.0[row][k] * other.0[k][column]).sum())
    }
}

/// A change of points `(x, y, 1)` of a plane.
impl Matrix<3> {
    pub fn scale(x: f64, y: f64) -> Self {
        Self([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])
    }

    pub fn rotate(angle: f64) -> Self {
        Self::turn(angle.cos(), angle.sin())
    }

    /// So many rotations by a quarter: without the rounding of a sine.
    pub fn quarter_turns(count: usize) -> Self {
        let (cosine, sine) = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][count % 4];
        Self::turn(cosine, sine)
    }

    pub fn translate(x: f64, y: f64) -> Self {
        Self([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    }

    fn turn(cosine: f64, sine: f64) -> Self {
        Self([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    }

    /// Where it brings a point.
    pub fn of_point(&self, x: f64, y: f64) -> [f64; 2] {
        let [first, second, _] = self.0;
        [first, second].map(|[a, b, shift]| a * x + b * y + shift)
    }

    /// What undoes it; its first two rows and columns have an inverse.
    pub fn inverse(&self) -> Self {
        let [[a, b, x], [c, d, y], _] = self.0;
        let determinant = a * d - b * c;
        let [a, b, c, d] = [d, -b, -c, a].map(|entry| entry / determinant);
        Self([
            [a, b, -(a * x + b * y)],
            [c, d, -(c * x + d * y)],
            [0.0, 0.0, 1.0],
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;

    #[test]
    fn an_inverse_undoes_what_a_product_does_in_turn() {
        let scaled = Matrix::scale(2.0, 0.5);
        let both = Matrix::translate(3.0, -1.0) * scaled;
        assert_eq!(both.of_point(1.0, 4.0), [5.0, 1.0]);
        let all = Matrix::rotate(0.7) * both;
        let [x, y] = all.of_point(1.5, -2.0);
        let back = all.inverse().of_point(x, y);
        assert!((back[0] - 1.5).abs() < 1e-12 && (back[1] + 2.0).abs() < 1e-12);
        let quarter = Matrix::quarter_turns(1);
        assert_eq!(quarter.of_point(1.0, 0.0), [0.0, 1.0]);
        assert_eq!(quarter * Matrix::quarter_turns(3), Matrix::identity());
    }
}
