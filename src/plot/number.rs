//! Numbers in words, as ticks show them.

/// A number with the digits that it needs: `0.2`, `15,000`, `1.5e-7`.
pub(super) fn number(number: f64) -> String {
    // The digits that rounding left behind the last one that numbers differ in.
    let text = format!("{number:.11e}");
    let number: f64 = text.parse().unwrap_or(number);
    if !(1e-4..1e7).contains(&number.abs()) {
        return format!("{number:e}");
    }
    let text = number.to_string();
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(number < 0.0));
    let mut label = sign.to_string();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            label.push(',');
        }
        label.push(digit);
    }
    label + rest
}
