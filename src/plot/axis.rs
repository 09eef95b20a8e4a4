//! [`Axis`]: the range of one coordinate, as one of the drawing crate's coordinates, with its ticks and their labels.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

/// Larger values have no place on an axis, so that the width of every range is a number.
const LARGEST: f64 = 1e300;
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
        let least = size.max(1.0 / LARGEST) * LEAST_WIDTH;
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

    /// Round values along the axis, at most about `count`.
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
        // The digits that rounding left behind the last one that ticks differ in.
        let text = format!("{tick:.11e}");
        let tick = text.parse().unwrap_or(tick);
        if !(1e-4..1e7).contains(&tick.abs()) {
            return format!("{tick:e}");
        }
        let text = tick.to_string();
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        let (sign, digits) = whole.split_at(usize::from(tick < 0.0));
        let mut label = sign.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                label.push(',');
            }
            label.push(digit);
        }
        label + rest
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
    let ticks = RangedCoordf64::from(low / unit..high / unit).key_points(count);
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
        if self.is_logarithmic {
            10f64.powf(self.low)..10f64.powf(self.high)
        } else {
            self.low..self.high
        }
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}
