use std::cell::Cell;

use burn::tensor::{Device, FloatDType, Tensor};

use super::StepReport;

thread_local! {
    /// Transfers from the device since the thread began: each test has a thread of its own.
    pub static TRANSFERS: Cell<usize> = const { Cell::new(0) };
}

pub fn count_transfer<T>(numbers: &[T]) {
    if !numbers.is_empty() {
        TRANSFERS.with(|count| count.set(count.get() + 1));
    }
}

fn tensor<const N: usize>(values: [f32; N]) -> Tensor<1> {
    Tensor::from_floats(values, &Device::flex())
}

fn report() -> StepReport {
    StepReport::new(3, tensor([1.5]), tensor([0.0, 4.0]), tensor([-1.0, -3.0]))
        .with_loss_generator(tensor([0.5]))
        .with_gradient_norm_generator(tensor([0.25]))
}

#[test]
fn numbers_are_read_in_one_transfer_and_kept_for_all_clones() {
    let report = report();
    let clone = report.clone();
    let values = clone.read().unwrap();
    assert_eq!(TRANSFERS.get(), 1);
    assert_eq!((values.step, values.loss_discriminator), (3, 1.5));
    assert_eq!(
        (values.logit_real, values.logit_fake),
        (Some(2.0), Some(-2.0))
    );
    assert_eq!((values.loss_generator, values.penalty), (Some(0.5), None));
    assert_eq!(values.probability_real, None);
    assert_eq!(values.gradient_norm_discriminator, None);
    assert_eq!(values.gradient_norm_generator, Some(0.25));
    assert_eq!(report.read().unwrap(), values);
    assert_eq!(TRANSFERS.get(), 1, "the second reading makes none");
}

#[test]
fn a_report_that_is_changed_is_read_again() {
    let read = report();
    read.read().unwrap();
    let changed = read
        .clone()
        .with_penalty(tensor([9.0]))
        .with_logits_are_log_odds(true);
    let values = changed.read().unwrap();
    assert_eq!(values.penalty, Some(9.0));
    assert!((values.probability_real.unwrap() - 0.741).abs() < 1e-3);
    assert!((values.probability_fake.unwrap() - 0.158).abs() < 1e-3);
    assert_eq!(read.read().unwrap().penalty, None);
    assert_eq!(TRANSFERS.get(), 2);
}

#[test]
fn several_reports_are_one_transfer() {
    let (first, second) = (report(), report().with_penalty(tensor([7.0])));
    first.read().unwrap();
    let more = vec![tensor([11.0]), tensor([12.0])];
    let (values, more) = StepReport::read_together(&[&first, &second], more).unwrap();
    assert_eq!((values[0].penalty, values[1].penalty), (None, Some(7.0)));
    assert_eq!(more, [11.0, 12.0]);
    assert_eq!(TRANSFERS.get(), 2);
}

#[test]
fn tensors_of_several_types_and_with_autodiff_are_read() {
    let double = tensor([2.0]).cast(FloatDType::F64);
    let tracked = Tensor::<1>::from_floats([3.0], &Device::flex().autodiff()).require_grad();
    let values = report()
        .with_penalty(double)
        .with_loss_generator(tracked)
        .read()
        .unwrap();
    assert_eq!(
        (values.penalty, values.loss_generator),
        (Some(2.0), Some(3.0))
    );
}

#[test]
fn a_loss_of_several_numbers_is_an_error() {
    let error = report()
        .with_penalty(tensor([1.0, 2.0]))
        .read()
        .unwrap_err();
    assert!(error.to_string().contains("[2]"), "{error}");
}
