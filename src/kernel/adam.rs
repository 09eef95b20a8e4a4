//! One step of Adam in a single pass over weight, gradient and both moments.

use burn::backend::flex::FlexTensor;

use super::adam_step::AdamStep;
use super::blocks::{BLOCK, each};
use super::bridge::Flat;
use super::buffers;
use super::wide::wide;

/// What a step reads: without moments it is the first one.
struct Read<'a> {
    weight: &'a [f32],
    gradient: &'a [f32],
    moments: Option<[&'a [f32]; 2]>,
}

/// What a step writes.
struct Write<'a> {
    weight: &'a mut [f32],
    moments: [&'a mut [f32]; 2],
}

/// The new weight and moments of contiguous tensors of one shape.
///
/// The old ones stay as they are, so that a step can be undone by going back to them; their memory is taken for another
/// step where nothing else holds them. Every value is what the operations one after the other would give, to the bit.
pub fn step(
    numbers: AdamStep,
    weight: FlexTensor,
    gradient: FlexTensor,
    moments: Option<[FlexTensor; 2]>,
) -> [FlexTensor; 3] {
    let size = weight.values().len();
    let shape = weight.layout().shape().clone();
    let mut new = [(); 3].map(|()| take(size));
    {
        let new = new.each_mut().map(|tensor| tensor.values_mut());
        let (weight, gradient) = (weight.values(), gradient.values());
        let moments = moments.as_ref();
        let moments = moments.map(|moments| moments.each_ref().map(|moment| moment.values()));
        let [new_weight, new_1, new_2] = new.map(|values| values.chunks_mut(BLOCK));
        let mut blocks = new_weight.zip(new_1).zip(new_2).enumerate();
        each(size, &mut blocks, &|(
            index,
            ((new_weight, new_1), new_2),
        )| {
            let first = index * BLOCK;
            let range = first..first + new_weight.len();
            let read = Read {
                weight: &weight[range.clone()],
                gradient: &gradient[range.clone()],
                moments: moments.map(|moments| moments.map(|moment| &moment[range.clone()])),
            };
            let write = Write {
                weight: new_weight,
                moments: [new_1, new_2],
            };
            step_block(numbers, read, write);
        });
    }
    [weight, gradient].into_iter().for_each(give_back);
    moments.into_iter().flatten().for_each(give_back);
    new.map(|tensor| tensor.shaped(shape.clone()))
}

/// A buffer whose every value is to be written; one that was used before where it is large.
fn take(size: usize) -> FlexTensor {
    if size <= BLOCK {
        FlexTensor::of(vec![0.0; size], [size])
    } else {
        buffers::take(1, size)
    }
}

/// Keeps a large buffer that nothing else holds for another step.
fn give_back(tensor: FlexTensor) {
    if tensor.values().len() > BLOCK {
        buffers::give_back(tensor);
    }
}

fn step_block(numbers: AdamStep, read: Read, write: Write) {
    let Write {
        weight: new_weight,
        moments: [new_1, new_2],
    } = write;
    let AdamStep { keep, take, .. } = numbers;
    match read.moments {
        Some([old_1, old_2]) => {
            wide!([
                keep: [f32; 2] = keep,
                take: [f32; 2] = take,
                gradient: &'a [f32] = read.gradient,
                old_1: &'a [f32] = old_1,
                old_2: &'a [f32] = old_2,
                new_1: &'a mut [f32] = new_1,
                new_2: &'a mut [f32] = new_2,
                numbers: AdamStep = numbers,
                weight: &'a [f32] = read.weight,
                new_weight: &'a mut [f32] = new_weight,
            ] {
                let news = new_1.iter_mut().zip(new_2).zip(new_weight);
                let olds = old_1.iter().zip(old_2).zip(weight).zip(gradient);
                for (((new_1, new_2), new_weight), (((old_1, old_2), weight), gradient)) in news.zip(olds) {
                    let m_1 = old_1 * keep[0] + gradient * take[0];
                    let m_2 = old_2 * keep[1] + gradient * gradient * take[1];
                    *new_1 = m_1;
                    *new_2 = m_2;
                    let update = m_1 * numbers.factor / (m_2.sqrt() + numbers.epsilon);
                    *new_weight = weight - update * numbers.rate;
                }
            });
        }
        None => {
            wide!([
                take: [f32; 2] = take,
                gradient: &'a [f32] = read.gradient,
                new_1: &'a mut [f32] = new_1,
                new_2: &'a mut [f32] = new_2,
                numbers: AdamStep = numbers,
                weight: &'a [f32] = read.weight,
                new_weight: &'a mut [f32] = new_weight,
            ] {
                let news = new_1.iter_mut().zip(new_2).zip(new_weight);
                for (((new_1, new_2), new_weight), (weight, gradient)) in news.zip(weight.iter().zip(gradient)) {
                    let m_1 = gradient * take[0];
                    let m_2 = gradient * gradient * take[1];
                    *new_1 = m_1;
                    *new_2 = m_2;
                    let update = m_1 * numbers.factor / (m_2.sqrt() + numbers.epsilon);
                    *new_weight = weight - update * numbers.rate;
                }
            });
        }
    }
}
