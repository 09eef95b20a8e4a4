//! Activations, alone and with a bias in front of them, and their tangent rule.

use burn::backend::flex::FlexTensor;

use super::blocks::{BLOCK, each, rewritten};
use super::bridge::{Flat, Forward, Kernel};
use super::columns::{Columns, sum_of_blocks};
use super::elementwise::{Elementwise, Kept};
use super::wide::wide;

/// `f(x)`.
#[derive(Debug, Clone, Copy)]
pub struct Activation<A>(pub A);

impl<A: Elementwise> Kernel<1> for Activation<A> {
    /// The value, or the input where the slope does not follow from the value.
    type Saved = FlexTensor;
    type Aside = ();

    fn forward(&self, [x]: [FlexTensor; 1]) -> Forward<FlexTensor, ()> {
        let function = self.0;
        let input = (function.kept() == Kept::Input).then(|| x.clone());
        let value = rewritten(
            x,
            [usize::MAX, BLOCK],
            &mut std::iter::repeat(()),
            &|x, ()| {
                wide!(<A: Elementwise> [function: A = function, x: &'a mut [f32] = x] {
                    x.iter_mut().for_each(|x| *x = function.value(*x));
                });
            },
        );
        Forward {
            saved: input.unwrap_or_else(|| value.clone()),
            value,
            aside: (),
        }
    }

    fn backward(
        &self,
        kept: FlexTensor,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        [Some(times_slope(self.0, &kept, gradient))]
    }
}

/// `slope * dx`, from what the slope follows from and `dx`; it has a gradient for `dx` alone.
#[derive(Debug, Clone, Copy)]
pub struct Tangent<A>(pub A);

impl<A: Elementwise> Kernel<2> for Tangent<A> {
    type Saved = FlexTensor;
    type Aside = ();

    fn forward(&self, [kept, dx]: [FlexTensor; 2]) -> Forward<FlexTensor, ()> {
        Forward {
            value: times_slope(self.0, &kept, dx),
            saved: kept,
            aside: (),
        }
    }

    fn backward(
        &self,
        kept: FlexTensor,
        gradient: FlexTensor,
        _wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        [None, Some(times_slope(self.0, &kept, gradient))]
    }
}

fn times_slope<A: Elementwise>(function: A, kept: &FlexTensor, values: FlexTensor) -> FlexTensor {
    let mut asides = kept.values().chunks(BLOCK);
    rewritten(values, [usize::MAX, BLOCK], &mut asides, &|values, kept| {
        wide!(<A: Elementwise> [function: A = function, kept: &'a [f32] = kept, values: &'a mut [f32] = values] {
            let pairs = values.iter_mut().zip(kept);
            pairs.for_each(|(value, kept)| *value *= function.slope(*kept));
        });
    })
}

/// `f(x + bias)`, with a bias `[C]` along the last axis.
#[derive(Debug, Clone, Copy)]
pub struct Biased<A>(pub A);

#[derive(Debug, Clone)]
pub enum Saved {
    Nothing,
    Value(FlexTensor),
    Input { x: FlexTensor, bias: FlexTensor },
}

impl<A: Elementwise> Kernel<2> for Biased<A> {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, bias]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        let function = self.0;
        let input = (function.kept() == Kept::Input).then(|| x.clone());
        let columns = columns(&x, bias.values().len());
        let offsets = columns.spread(bias.values());
        let size = columns.block(BLOCK);
        let value = rewritten(
            x,
            [usize::MAX, size],
            &mut std::iter::repeat(()),
            &|x, ()| {
                wide!(<A: Elementwise> [function: A = function, offsets: &'a [f32] = &offsets, x: &'a mut [f32] = x] {
                    for x in x.chunks_mut(offsets.len()) {
                        let pairs = x.iter_mut().zip(offsets);
                        pairs.for_each(|(x, offset)| *x = function.value(*x + *offset));
                    }
                });
            },
        );
        let saved = match (function.kept(), input) {
            (Kept::Nothing, _) => Saved::Nothing,
            (_, None) => Saved::Value(value.clone()),
            (_, Some(x)) => Saved::Input { x, bias },
        };
        Forward {
            value,
            saved,
            aside: (),
        }
    }

    fn backward(
        &self,
        saved: Saved,
        gradient: FlexTensor,
        [dx_wanted, bias_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let channels = gradient
            .layout()
            .shape()
            .iter()
            .last()
            .map_or(1, |&size| size);
        let columns = columns(&gradient, channels);
        let (dx, sums) = match &saved {
            Saved::Nothing => {
                let sums = sums_of_blocks(columns, channels, &gradient);
                (gradient, sums)
            }
            Saved::Value(value) => {
                // There is no offset to a value.
                let offsets = vec![0.0; columns.width()];
                times_slope_with_sums(self.0, columns, channels, (value, &offsets), gradient)
            }
            Saved::Input { x, bias } => {
                let offsets = columns.spread(bias.values());
                times_slope_with_sums(self.0, columns, channels, (x, &offsets), gradient)
            }
        };
        let db = bias_wanted.then(|| FlexTensor::of(sum_of_blocks(&sums, channels), [channels]));
        [dx_wanted.then_some(dx), db]
    }
}

fn columns(x: &FlexTensor, channels: usize) -> Columns {
    Columns::new(channels, x.values().len() / channels)
}

/// Values times the slopes at `kept + offset`, and the sums of each block of them down its columns, `[blocks, channels]`.
fn times_slope_with_sums<A: Elementwise>(
    function: A,
    columns: Columns,
    channels: usize,
    (kept, offsets): (&FlexTensor, &[f32]),
    values: FlexTensor,
) -> (FlexTensor, Vec<f32>) {
    let size = columns.block(BLOCK);
    let mut sums = vec![0.0; values.values().len().div_ceil(size) * channels];
    let mut asides = kept.values().chunks(size).zip(sums.chunks_mut(channels));
    let values = rewritten(
        values,
        [usize::MAX, size],
        &mut asides,
        &|values, (kept, sums)| {
            let mut long = vec![0.0; offsets.len()];
            wide!(<A: Elementwise> [
                function: A = function,
                kept: &'a [f32] = kept,
                offsets: &'a [f32] = offsets,
                values: &'a mut [f32] = values,
                long: &'a mut [f32] = &mut long,
            ] {
                let width = offsets.len();
                for (values, kept) in values.chunks_mut(width).zip(kept.chunks(width)) {
                    let places = values.iter_mut().zip(kept).zip(offsets).zip(long.iter_mut());
                    for (((value, kept), offset), sum) in places {
                        *value *= function.slope(*kept + *offset);
                        *sum += *value;
                    }
                }
            });
            columns.fold(&long, sums);
        },
    );
    (values, sums)
}

/// The sums of each block of values down its columns.
fn sums_of_blocks(columns: Columns, channels: usize, values: &FlexTensor) -> Vec<f32> {
    let (size, values) = (columns.block(BLOCK), values.values());
    let mut sums = vec![0.0; values.len().div_ceil(size) * channels];
    let mut blocks = values.chunks(size).zip(sums.chunks_mut(channels));
    each(values.len(), &mut blocks, &|(values, sums)| {
        let mut long = vec![0.0; columns.width()];
        wide!([values: &'a [f32] = values, long: &'a mut [f32] = &mut long] {
            for values in values.chunks(long.len()) {
                let pairs = long.iter_mut().zip(values);
                pairs.for_each(|(sum, value)| *sum += *value);
            }
        });
        columns.fold(&long, sums);
    });
    sums
}
