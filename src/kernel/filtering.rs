//! Winograd's minimal filtering in one dimension: two outputs of a filter with fewer products than its definition has.
//!
//! `F(2, r)` computes `y[i] = sum_j d[i + j] g[j]`, `i < 2`, `j < r`, as `A^T ((G g) * (B^T d))` with `r + 1` products
//! instead of `2 r` (Winograd 1980, as written in Lavin and Gray 2016, section 3). The transposed matrices give both
//! gradients by as many products.

/// Values that are computed side by side: channels of a pixel.
pub const LANES: usize = 16;
/// Neighbouring channels of one pixel.
pub type Lane = [f32; LANES];

/// `F(2, TAPS)`: the rows of its three matrices and of their transposes.
pub trait Filter: std::fmt::Debug + Clone + Copy + Send + Sync + 'static {
    /// Length of the filter.
    const TAPS: usize;
    /// Number of products, which is also the number of inputs.
    const PRODUCTS: usize = Self::TAPS + 1;

    /// Row `ROW` of `B^T`, applied to the inputs.
    fn input<const ROW: usize>(d: impl Fn(usize) -> Lane) -> Lane;
    /// Row `ROW` of `B`, applied to one value a product.
    fn input_transposed<const ROW: usize>(t: impl Fn(usize) -> Lane) -> Lane;
    /// Row `ROW` of `A^T`, applied to the products.
    fn output<const ROW: usize>(m: impl Fn(usize) -> Lane) -> Lane;
    /// Row `ROW` of `A`, applied to the two outputs.
    fn output_transposed<const ROW: usize>(y: impl Fn(usize) -> Lane) -> Lane;
    /// Row `row` of `G`: the factor of each tap.
    fn weight(row: usize) -> [f32; 3];
}

/// `F(2, 2)`: 3 products for 4.
#[derive(Debug, Clone, Copy)]
pub struct TwoTaps;

/// `F(2, 3)`: 4 products for 6.
#[derive(Debug, Clone, Copy)]
pub struct ThreeTaps;

impl Filter for TwoTaps {
    const TAPS: usize = 2;

    #[inline(always)]
    fn input<const ROW: usize>(d: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => subtract(d(0), d(1)),
            1 => d(1),
            _ => subtract(d(2), d(1)),
        }
    }

    #[inline(always)]
    fn input_transposed<const ROW: usize>(t: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            1 => subtract(subtract(t(1), t(0)), t(2)),
            row => t(row),
        }
    }

    #[inline(always)]
    fn output<const ROW: usize>(m: impl Fn(usize) -> Lane) -> Lane {
        add(m(ROW), m(ROW + 1))
    }

    #[inline(always)]
    fn output_transposed<const ROW: usize>(y: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => y(0),
            1 => add(y(0), y(1)),
            _ => y(1),
        }
    }

    fn weight(row: usize) -> [f32; 3] {
        [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]][row]
    }
}

impl Filter for ThreeTaps {
    const TAPS: usize = 3;

    #[inline(always)]
    fn input<const ROW: usize>(d: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => subtract(d(0), d(2)),
            1 => add(d(1), d(2)),
            2 => subtract(d(2), d(1)),
            _ => subtract(d(1), d(3)),
        }
    }

    #[inline(always)]
    fn input_transposed<const ROW: usize>(t: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => t(0),
            1 => add(subtract(t(1), t(2)), t(3)),
            2 => add(subtract(t(1), t(0)), t(2)),
            _ => negative(t(3)),
        }
    }

    #[inline(always)]
    fn output<const ROW: usize>(m: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => add(add(m(0), m(1)), m(2)),
            _ => subtract(subtract(m(1), m(2)), m(3)),
        }
    }

    #[inline(always)]
    fn output_transposed<const ROW: usize>(y: impl Fn(usize) -> Lane) -> Lane {
        match ROW {
            0 => y(0),
            1 => add(y(0), y(1)),
            2 => subtract(y(0), y(1)),
            _ => negative(y(1)),
        }
    }

    fn weight(row: usize) -> [f32; 3] {
        [
            [1.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.5, -0.5, 0.5],
            [0.0, 0.0, 1.0],
        ][row]
    }
}

#[inline(always)]
pub fn add(mut a: Lane, b: Lane) -> Lane {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}

#[inline(always)]
fn subtract(mut a: Lane, b: Lane) -> Lane {
    for (a, b) in a.iter_mut().zip(b) {
        *a -= b;
    }
    a
}

#[inline(always)]
fn negative(a: Lane) -> Lane {
    a.map(|value| -value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(value: f32) -> Lane {
        [value; LANES]
    }

    /// One of the four functions for any row.
    macro_rules! row {
        ($function:ident, $row:expr, $values:expr) => {
            match $row {
                0 => F::$function::<0>($values),
                1 => F::$function::<1>($values),
                2 => F::$function::<2>($values),
                _ => F::$function::<3>($values),
            }
            [LANES - 1]
        };
    }

    fn check<F: Filter>() {
        let (d, g) = ([0.7, -1.3, 2.1, 0.4], [0.9, -0.2, 1.7]);
        let products: Vec<f32> = (0..F::PRODUCTS)
            .map(|row| {
                let weight: f32 = (0..F::TAPS).map(|j| F::weight(row)[j] * g[j]).sum();
                row!(input, row, |i| lane(d[i])) * weight
            })
            .collect();
        for i in 0..2 {
            let expected: f32 = (0..F::TAPS).map(|j| d[i + j] * g[j]).sum();
            let actual = row!(output, i, |row| lane(products[row]));
            assert!((actual - expected).abs() < 1e-6, "{actual} {expected}");
        }
        // Each matrix against its transpose, entry by entry.
        let unit = |at: usize| move |i: usize| lane(if i == at { 1.0 } else { 0.0 });
        for row in 0..F::PRODUCTS {
            for column in 0..F::PRODUCTS {
                let forward = row!(input, row, unit(column));
                assert_eq!(forward, row!(input_transposed, column, unit(row)));
            }
            for column in 0..2 {
                let forward = row!(output, column, unit(row));
                assert_eq!(forward, row!(output_transposed, row, unit(column)));
            }
        }
    }

    #[test]
    fn two_outputs_of_the_filter() {
        check::<TwoTaps>();
        check::<ThreeTaps>();
    }
}
