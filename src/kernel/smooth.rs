//! Exponential, hyperbolic tangent, sigmoid and softplus of `f32` in plain arithmetic, which compilers turn into vector
//! instructions.
//!
//! The range is reduced by `exp(x) = 2^n exp(r)` with `|r| <= log(2) / 2`; the rest are Taylor series (Abramowitz and
//! Stegun 1964, 4.2.1 and 4.6.22). NaN stays NaN.

use std::f32::consts::LOG2_E;

/// What rounds a number to an integer when it is added: `1.5 * 2^23`, whose last bit is worth 1.
const ROUND: f32 = 12_582_912.0;
/// `log(2)` in two parts, the first with so few bits that its multiples are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// From here on `exp(-x)` is next to nothing in single precision.
pub const FAR: f32 = 87.0;

/// `2^n` and `exp(r) - 1` with `2^n exp(r) = exp(x)`, for `-FAR <= x <= 0` or NaN.
#[inline(always)]
fn reduced(x: f32) -> (f32, f32) {
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let power = f32::from_bits(exponent.wrapping_add(127) << 23);
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let series = 1.0 / 5040.0;
    let series = series * r + 1.0 / 720.0;
    let series = series * r + 1.0 / 120.0;
    let series = series * r + 1.0 / 24.0;
    let series = series * r + 1.0 / 6.0;
    let series = series * r + 0.5;
    (power, series * r * r + r)
}

/// `exp(-|x|)`.
#[inline(always)]
fn exp_of_minus_magnitude(x: f32) -> f32 {
    let magnitude = x.abs();
    let near = if magnitude > FAR { FAR } else { magnitude };
    let (power, rest) = reduced(-near);
    if magnitude > FAR {
        0.0
    } else {
        power * rest + power
    }
}

/// The hyperbolic tangent, accurate relative to itself near 0.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    // 1 in single precision long before.
    const MOST: f32 = 20.0;
    let magnitude = x.abs();
    let magnitude = if magnitude > MOST { MOST } else { magnitude };
    let (power, rest) = reduced(-2.0 * magnitude);
    // exp(-2 |x|) - 1, without cancellation: the power is 1 near 0.
    let minus_1 = power * rest + (power - 1.0);
    (-minus_1 / (minus_1 + 2.0)).copysign(x)
}

/// `1 / (1 + exp(-x))` and 1 minus it.
#[inline(always)]
pub fn sigmoids(x: f32) -> (f32, f32) {
    let e = exp_of_minus_magnitude(x);
    let small = e / (1.0 + e);
    let large = 1.0 / (1.0 + e);
    if x < 0.0 {
        (small, large)
    } else {
        (large, small)
    }
}

/// `log(1 + exp(x))`.
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let positive = if x > 0.0 { x } else { 0.0 };
    positive + log_of_1_plus(exp_of_minus_magnitude(x))
}

/// `log(1 + t)` for `0 <= t <= 1`: `2 atanh(t / (2 + t))`.
#[inline(always)]
fn log_of_1_plus(t: f32) -> f32 {
    let w = t / (2.0 + t);
    let square = w * w;
    let series = 1.0 / 15.0;
    let series = series * square + 1.0 / 13.0;
    let series = series * square + 1.0 / 11.0;
    let series = series * square + 1.0 / 9.0;
    let series = series * square + 1.0 / 7.0;
    let series = series * square + 1.0 / 5.0;
    let series = series * square + 1.0 / 3.0;
    2.0 * (w + w * square * series)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From -100 to 100, densest around 0.
    fn grid() -> impl Iterator<Item = f32> {
        (-400_000..=400_000).map(|step| {
            let x = step as f32 / 400_000.0;
            100.0 * x * x * x
        })
    }

    /// The largest error over the grid, over the larger of `floor` and the value.
    fn error(function: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, floor: f64) -> f64 {
        grid()
            .map(|x| {
                let exact = exact(f64::from(x));
                (f64::from(function(x)) - exact).abs() / exact.abs().max(floor)
            })
            .fold(0.0, f64::max)
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    #[test]
    fn errors_are_of_rounding() {
        assert!(error(tanh, f64::tanh, 1e-30) < 3e-7);
        assert!(error(|x| sigmoids(x).0, sigmoid, 1e-30) < 3e-7);
        assert!(error(|x| sigmoids(x).1, |x| sigmoid(-x), 1e-30) < 3e-7);
        let exact = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        assert!(error(softplus, exact, 1e-30) < 3e-7);
    }

    #[test]
    fn tanh_of_very_small_numbers_is_the_number() {
        for x in [1e-40_f32, 1e-20, 1e-8, -1e-12] {
            assert_eq!(tanh(x), x);
        }
        assert!(tanh(-0.0).is_sign_negative());
    }

    #[test]
    fn limits_are_right() {
        let infinity = f32::INFINITY;
        for (x, large) in [(infinity, 1.0), (1e30, 1.0), (-1e30, 0.0), (-infinity, 0.0)] {
            assert_eq!(tanh(x), 2.0 * large - 1.0);
            assert_eq!(sigmoids(x), (large, 1.0 - large));
            assert_eq!(softplus(x), x.max(0.0));
        }
        assert!(tanh(f32::NAN).is_nan() && softplus(f32::NAN).is_nan());
        assert!(sigmoids(f32::NAN).0.is_nan() && sigmoids(f32::NAN).1.is_nan());
    }
}
