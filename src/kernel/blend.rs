//! The exponential moving average of weights in one pass.

use burn::backend::flex::FlexTensor;

use super::blocks::{BLOCK, each};
use super::bridge::Flat;
use super::wide::wide;

/// `decay * average + (1 - decay) * live`, of contiguous tensors of one shape.
pub fn blend(average: &FlexTensor, live: &FlexTensor, decay: f64) -> FlexTensor {
    let mut new = vec![0.0; live.values().len()];
    let (keep, take) = (decay as f32, (1.0 - decay) as f32);
    let old = average
        .values()
        .chunks(BLOCK)
        .zip(live.values().chunks(BLOCK));
    let count = new.len();
    each(count, &mut new.chunks_mut(BLOCK).zip(old), &|(
        new,
        (average, live),
    )| {
        mix(new, [average, live], [keep, take]);
    });
    FlexTensor::of(new, live.layout().shape().clone())
}

fn mix(new: &mut [f32], [average, live]: [&[f32]; 2], factors: [f32; 2]) {
    wide!([
        new: &'a mut [f32] = new,
        average: &'a [f32] = average,
        live: &'a [f32] = live,
        factors: [f32; 2] = factors,
    ] {
        for (new, (average, live)) in new.iter_mut().zip(average.iter().zip(live)) {
            *new = average * factors[0] + live * factors[1];
        }
    });
}
