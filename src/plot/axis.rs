//! [`Axis`]: the range of one coordinate, as one of the drawing crate's coordinates, with its ticks and their labels.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use super::number::number;

/// Larger values have no place on an axis, so that the width of every range is a number.
const LARGEST: f64 = 1e300;
/// Ranges of smaller values are shown as if they had this size, so that no tick is a subnormal number.
const SMALLEST: f64 = 1e-290;
/// Where the ends of a range differ by a smaller share of their size, its ticks would have the same labels.
const LEAST_WIDTH: f64 = 1e-9;

/// A range of numbers along an edge of a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The ends, as logarithms to base 10 where the axis is logarithmic; `low < high`.
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Axis {
    /// An axis of all values that have a place on it, with a margin of this share of their range at either end.
    ///
    /// Where they are all the same it is centred on their value and `width` wide; 0 to 1 (or 1 to 10) for no values.
    pub fn of(
        values: impl Iterator<Item = f64>,
        is_logarithmic: bool,
        margin: f64,
        width: Option<f64>,
    ) -> Self {
        let places = values.filter_map(|value| place(value, is_logarithmic));
        let (low, high) = ends(places).unwrap_or((0.0, 1.0));
        let size = low.abs().max(high.abs());
        // A difference of logarithms is a ratio already.
        let scale = if is_logarithmic {
            1.0
        } else {
            size.max(SMALLEST)
        };
        let least = scale * LEAST_WIDTH;
        let (low, high) = if high - low > least {
            (low, high)
        } else {
            let usual = if size == 0.0 || is_logarithmic {
                1.0
            } else {
                size
            };
            let half = width.unwrap_or(usual).max(2.0 * least) / 2.0;
            (low - half, high + half)
        };
        let margin = margin * (high - low);
        Self {
            low: low - margin,
            high: high + margin,
            is_logarithmic,
        }
    }

    /// An axis from one number to another.
    pub fn between(low: f64, high: f64) -> Self {
        Self::of([low, high].into_iter(), false, 0.0, None)
    }

    /// How far apart the ends are.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The same middle with ends so far apart.
    pub fn with_width(&self, width: f64) -> Self {
        let middle = self.low / 2.0 + self.high / 2.0;
        Self::between(middle - width / 2.0, middle + width / 2.0)
    }

    /// The value at this share of an axis that is not logarithmic, from its low end on.
    pub fn at(&self, share: f64) -> f64 {
        self.low + share * self.width()
    }

    /// Where a value is, as a share of the axis: 0 at its low end, 1 at its high end. `None` outside, and for what has
    /// no place.
    pub fn share(&self, value: f64) -> Option<f64> {
        let share = (place(value, self.is_logarithmic)? - self.low) / self.width();
        // A value at an end must not be lost to rounding.
        (-1e-9..=1.0 + 1e-9)
            .contains(&share)
            .then(|| share.clamp(0.0, 1.0))
    }

    /// Round values along the axis, at most `count`, or twice as many where those would not be two.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        let ticks = if !self.is_logarithmic {
            linear_ticks(self.low, self.high, count)
        } else if self.width() < 1.0 {
            linear_ticks(10f64.powf(self.low), 10f64.powf(self.high), count)
        } else {
            let digits: &[f64] = if 2.0 * self.width() < count as f64 {
                &[1.0, 2.0, 5.0]
            } else {
                &[1.0]
            };
            let stride = (self.width() / count as f64).ceil() as i32;
            let first = (self.low.floor() as i32).div_euclid(stride) * stride;
            (first..=self.high.floor() as i32)
                .step_by(stride as usize)
                .flat_map(|exponent| digits.iter().map(move |digit| digit * 10f64.powi(exponent)))
                .collect()
        };
        let is_inside = |tick: &f64| self.share(*tick).is_some();
        ticks.into_iter().filter(is_inside).collect()
    }

    /// The value of a tick in words.
    pub fn label(&self, tick: f64) -> String {
        // An exact 0, where a tick came out as one up to rounding.
        if !self.is_logarithmic && tick.abs() < 1e-9 * self.width() {
            return "0".to_string();
        }
        number(tick)
    }
}

/// Whether a value has a place on an axis: it is finite and at most 1e300 in size, on a logarithmic one at least 1e-300.
pub(super) fn has_place(value: f64, is_logarithmic: bool) -> bool {
    place(value, is_logarithmic).is_some()
}

/// Where a value stands before the axis has its ends; `None` where it has no place.
fn place(value: f64, is_logarithmic: bool) -> Option<f64> {
    if is_logarithmic {
        (1.0 / LARGEST..=LARGEST)
            .contains(&value)
            .then(|| value.log10())
    } else {
        (value.abs() <= LARGEST).then_some(value)
    }
}

/// The lowest and the highest of some numbers.
pub(super) fn ends(mut values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let first = values.next()?;
    Some(values.fold((first, first), |(low, high), value| {
        (low.min(value), high.max(value))
    }))
}

/// The drawing crate's ticks, for numbers of such a size that its search for them ends.
fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let unit = 10f64.powf(low.abs().max(high.abs()).log10().floor());
    if !unit.is_normal() {
        return Vec::new();
    }
    let axis = RangedCoordf64::from(low / unit..high / unit);
    // A few coarse ticks can miss the range, which one alone does not show.
    let few = axis.key_points(count);
    let ticks = if few.len() > 1 {
        few
    } else {
        axis.key_points(2 * count)
    };
    ticks.into_iter().map(|tick| tick * unit).collect()
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = self.share(*value).unwrap_or(0.0);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No fainter lines between those at the ticks.
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks(hint.bold_points())
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, is_logarithmic: bool) -> Vec<String> {
        let axis = Axis::of([low, high].into_iter(), is_logarithmic, 0.0, None);
        let ticks = axis.ticks(7).into_iter();
        ticks.map(|tick| axis.label(tick)).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_the_digits_that_they_need() {
        let check = |low, high, is_logarithmic, expected: &[&str]| {
            assert_eq!(labels(low, high, is_logarithmic), expected);
        };
        check(0.0, 1.0, false, &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let thousands = ["0", "5,000", "10,000", "15,000", "20,000"];
        check(0.0, 20_000.0, false, &thousands);
        check(-3.0, 3.0, false, &["-3", "-2", "-1", "0", "1", "2", "3"]);
        check(
            -2000.0,
            -1000.0,
            false,
            &["-2,000", "-1,800", "-1,600", "-1,400", "-1,200", "-1,000"],
        );
        check(
            1e-7,
            3e-7,
            false,
            &["1e-7", "1.5e-7", "2e-7", "2.5e-7", "3e-7"],
        );
        check(
            1.0,
            1000.0,
            true,
            &[
                "1", "2", "5", "10", "20", "50", "100", "200", "500", "1,000",
            ],
        );
        check(
            1.0,
            1e6,
            true,
            &["1", "10", "100", "1,000", "10,000", "100,000", "1,000,000"],
        );
        check(
            1e-12,
            1.0,
            true,
            &["1e-12", "1e-10", "1e-8", "1e-6", "0.0001", "0.01", "1"],
        );
        check(0.5, 20.0, true, &["0.5", "1", "2", "5", "10", "20"]);
        check(2.0, 4.0, true, &["2", "2.5", "3", "3.5", "4"]);
    }

    #[test]
    fn every_range_has_an_axis_with_ticks_in_it() {
        let values = [
            0.0,
            -0.0,
            1e-300,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            1e-12,
            1.0,
            1.0 + 1e-12,
            123.456,
            1e16,
            1e16 + 2.0,
            1e200,
            1e299,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        let signed = || values.into_iter().chain(values.map(|value| -value));
        for (low, high) in signed().flat_map(|low| signed().map(move |high| (low, high))) {
            for is_logarithmic in [false, true] {
                let axis = Axis::of([low, high].into_iter(), is_logarithmic, 0.05, None);
                assert!(axis.low < axis.high, "{low} {high} {axis:?}");
                for value in [low, high] {
                    let has_share = axis.share(value).is_some();
                    assert_eq!(
                        has_share,
                        has_place(value, is_logarithmic),
                        "{value} {axis:?}"
                    );
                }
                for count in [3, 7, 12] {
                    let ticks = axis.ticks(count);
                    let enough = 1..=3 * count;
                    assert!(enough.contains(&ticks.len()), "{low:e} {high:e} {ticks:?}");
                    let labels: Vec<_> = ticks.iter().map(|tick| axis.label(*tick)).collect();
                    assert!(labels.iter().all(|label| label.len() < 20), "{labels:?}");
                    let differ = labels.windows(2).all(|pair| pair[0] != pair[1]);
                    assert!(differ, "{low} {high} {labels:?}");
                }
            }
        }
    }

    #[test]
    fn ticks_stand_where_their_labels_say() {
        for (low, high) in [(500.0, 4700.0), (0.6, 4.8), (-3.2, 0.9), (11.0, 19.0)] {
            let axis = Axis::between(low, high);
            for count in 3..=12 {
                let ticks = axis.ticks(count);
                assert!(
                    (2..=2 * count).contains(&ticks.len()),
                    "{low} to {high}, {count}"
                );
                for tick in ticks {
                    let value: f64 = axis.label(tick).replace(',', "").parse().unwrap();
                    let there =
                        low + f64::from(axis.map(&tick, (0, 1_000_000))) * 1e-6 * (high - low);
                    assert!(
                        (value - there).abs() < 2e-6 * (high - low),
                        "{value} at {there}"
                    );
                }
            }
        }
    }
}
