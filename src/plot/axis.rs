//! [`Axis`]: the range of one coordinate, its ticks and their labels.

/// Values beyond this are no places on an axis: the width of a range has to be a number.
const LIMIT: f64 = 1e300;

/// A range of numbers along an edge of a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The ends, as logarithms to base 10 where the axis is logarithmic; `low < high`.
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

/// A marked value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Its place as a share of the axis, in [0, 1].
    pub share: f64,
    /// The value in words.
    pub label: String,
}

impl Axis {
    /// An axis of all values that have a place on it, with a margin of this share of their range at either end.
    ///
    /// It is 0 to 1 (or 1 to 10) for no values, and centred on the value where there is but one.
    pub fn of(values: impl Iterator<Item = f64>, is_logarithmic: bool, margin: f64) -> Self {
        let ends = values
            .filter_map(|value| coordinate(value, is_logarithmic))
            .fold(None, |ends: Option<(f64, f64)>, value| match ends {
                Some((low, high)) => Some((low.min(value), high.max(value))),
                None => Some((value, value)),
            });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        // Ticks closer together than this share of their size would have the same labels.
        let least = low.abs().max(high.abs()).max(1e-290) * 1e-9;
        let (low, high) = match high - low > least {
            true => (low, high),
            false => {
                let half = match low == 0.0 || is_logarithmic {
                    true => 0.5,
                    false => low.abs() / 2.0,
                };
                // A value near 0 on the scale of everything that can be told from it.
                (low - half.max(1e-290), high + half.max(1e-290))
            }
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
        Self::of([low, high].into_iter(), false, 0.0)
    }

    /// The numbers at the ends of an axis that is not logarithmic.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The same middle with ends so far apart.
    pub fn with_length(&self, length: f64) -> Self {
        let middle = self.low / 2.0 + self.high / 2.0;
        Self::between(middle - length / 2.0, middle + length / 2.0)
    }

    /// Where a value is, as a share of the axis: 0 at its low end, 1 at its high end. `None` for what has no place:
    /// NaN, infinities and, on a logarithmic axis, 0 and less.
    pub fn share(&self, value: f64) -> Option<f64> {
        coordinate(value, self.is_logarithmic).map(|value| self.share_of(value))
    }

    fn share_of(&self, coordinate: f64) -> f64 {
        (coordinate - self.low) / (self.high - self.low)
    }

    /// Round values along the axis, about `count` of them and at most twice as many.
    pub fn ticks(&self, count: usize) -> Vec<Tick> {
        match self.is_logarithmic {
            true => self.logarithmic_ticks(count),
            false => self.linear_ticks(self.low, self.high, count),
        }
    }

    fn linear_ticks(&self, low: f64, high: f64, count: usize) -> Vec<Tick> {
        // A tick at an end of the axis must not be lost to rounding.
        let first = |step: f64| (low / step - 1e-6).ceil();
        let last = |step: f64| (high / step + 1e-6).floor();
        // A few coarse ticks can all miss the range: then finer ones.
        let steps = [1, 2, 4].map(|finer| round_step((high - low) / (finer * count.max(1)) as f64));
        let hits = |step: &f64| step.is_normal() && first(*step) <= last(*step);
        let Some(step) = steps.into_iter().find(hits) else {
            return Vec::new();
        };
        let (first, last) = (first(step), last(step));
        let count = ((last - first) as usize).min(4 * count) + 1;
        (0..count)
            .map(|index| {
                let value = (first + index as f64) * step;
                let share = self.share(value).unwrap_or(0.0).clamp(0.0, 1.0);
                Tick {
                    share,
                    label: label(value, step),
                }
            })
            .collect()
    }

    fn logarithmic_ticks(&self, count: usize) -> Vec<Tick> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        // Few decades have ticks at 2 and 5 as well, or are read like an axis that is not logarithmic.
        if self.high - self.low < 1.0 {
            return self.linear_ticks(10f64.powf(self.low), 10f64.powf(self.high), count);
        }
        let digits: &[f64] = match (self.high - self.low) * 3.0 < 1.5 * count as f64 {
            true => &[1.0, 2.0, 5.0],
            false => &[1.0],
        };
        let stride = ((last - first) as usize).div_ceil(count.max(1)).max(1);
        (first - 1..=last)
            .filter(|exponent| exponent.rem_euclid(stride as i32) == 0)
            .flat_map(|exponent| digits.iter().map(move |digit| (exponent, *digit)))
            .filter_map(|(exponent, digit)| {
                let share = self.share_of(f64::from(exponent) + digit.log10());
                let unit = 10f64.powi(exponent);
                (-1e-9..=1.0 + 1e-9).contains(&share).then(|| Tick {
                    share: share.clamp(0.0, 1.0),
                    label: label(digit * unit, unit),
                })
            })
            .collect()
    }
}

/// Whether a value has a place on an axis: it is finite and, on an ordinary axis, at most 1e300, on a
/// logarithmic one positive.
pub(super) fn has_place(value: f64, is_logarithmic: bool) -> bool {
    coordinate(value, is_logarithmic).is_some()
}

/// Where a value stands before the axis has its ends; `None` where it has no place.
fn coordinate(value: f64, is_logarithmic: bool) -> Option<f64> {
    let value = match is_logarithmic {
        true if value > 0.0 => value.log10(),
        true => return None,
        false => value,
    };
    (value.abs() <= LIMIT).then_some(value)
}

/// The next of 1, 2, 5, 10, .. in the size of `step`.
fn round_step(step: f64) -> f64 {
    let unit = 10f64.powf(step.log10().floor());
    let digit = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|digit| step <= digit * unit * 1.000_001)
        .unwrap_or(10.0);
    digit * unit
}

/// A value as text, with as many digits as tell it from one that is `step` away.
pub(super) fn label(value: f64, step: f64) -> String {
    // An exact 0, where a multiple of the step came out as one up to its sign.
    let value = if value.abs() < step * 1e-6 {
        0.0
    } else {
        value
    };
    let order = |number: f64| (number.abs().log10() + 1e-9).floor() as i32;
    if value == 0.0 {
        return "0".to_string();
    }
    let digits = (order(value) - order(step)).clamp(0, 12) as usize;
    if value.abs() >= 1e7 || order(step) < -4 {
        return trim_mantissa(&format!("{value:.digits$e}"));
    }
    let decimals = (-order(step)).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if value.abs() < 1000.0 {
        return text;
    }
    group_thousands(&text)
}

/// `1.500e7` as `1.5e7`.
fn trim_mantissa(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        _ => text.to_string(),
    }
}

/// A comma before every three digits of the whole part.
fn group_thousands(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let length = whole.trim_start_matches('-').len();
    let sign = whole.len() - length;
    let mut grouped = String::with_capacity(text.len() + length / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > sign && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, is_logarithmic: bool) -> Vec<String> {
        let axis = Axis::of([low, high].into_iter(), is_logarithmic, 0.0);
        axis.ticks(6).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_the_digits_that_they_need() {
        assert_eq!(
            labels(0.0, 1.0, false),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(zero)
        );
        assert_eq!(
            labels(0.0, 20_000.0, false),
            ["0", "5,000", "10,000", "15,000", "20,000"]
        );
        assert_eq!(
            labels(-3.0, 3.0, false),
            ["-3", "-2", "-1", "0", "1", "2", "3"]
        );
        assert_eq!(
            labels(1e-7, 3e-7, false),
            ["1e-7", "1.5e-7", "2e-7", "2.5e-7", "3e-7"]
        );
        assert_eq!(labels(1.0, 1000.0, true), ["1", "10", "100", "1,000"]);
        assert_eq!(labels(0.5, 20.0, true), ["0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(labels(2.0, 4.0, true), ["2.0", "2.5", "3.0", "3.5", "4.0"]);
    }

    fn zero(label: &str) -> &str {
        if label == "0.0" { "0" } else { label }
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
                let axis = Axis::of([low, high].into_iter(), is_logarithmic, 0.05);
                assert!(axis.low < axis.high, "{low} {high} {axis:?}");
                for value in [low, high] {
                    if let Some(share) = axis.share(value) {
                        assert!((0.0..=1.0).contains(&share), "{low} {high} {axis:?}");
                    }
                }
                let ticks = axis.ticks(6);
                assert!((1..=13).contains(&ticks.len()), "{low} {high} {ticks:?}");
                assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.share)));
                assert!(ticks.iter().all(|tick| tick.label.len() < 18), "{ticks:?}");
            }
        }
    }

    #[test]
    fn ticks_stand_where_their_labels_say() {
        for (low, high) in [(500.0, 4700.0), (0.6, 4.8), (-3.2, 0.9), (11.0, 19.0)] {
            let axis = Axis::between(low, high);
            for count in 1..12 {
                let ticks = axis.ticks(count);
                assert!(!ticks.is_empty(), "{low} to {high}, {count}");
                for tick in ticks {
                    let value: f64 = tick.label.replace(',', "").parse().unwrap();
                    let there = low + tick.share * (high - low);
                    assert!(
                        (value - there).abs() < 1e-6 * (high - low),
                        "{value} at {there}"
                    );
                }
            }
        }
    }
}
