//! Finite differences, in double precision: every loss's gradient in every real and every fake logit.

use crate::common::{alone, double_precision as device, stream, values};
use burn::tensor::Tensor;
use burn_gan::loss::{AdversarialLoss, LabelledLoss, Loss};

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

const LOSSES: [Loss; 10] = [
    Loss::Minimax,
    smoothed(LabelledLoss::Minimax),
    Loss::NonSaturating,
    smoothed(LabelledLoss::NonSaturating),
    Loss::LeastSquares,
    smoothed(LabelledLoss::LeastSquares),
    Loss::Hinge,
    Loss::Wasserstein,
    Loss::RelativisticPaired,
    Loss::RelativisticAverage,
];

const fn smoothed(loss: LabelledLoss) -> Loss {
    Loss::Smoothed {
        loss,
        real_label: 0.9,
    }
}

fn tensor(values: &[f64]) -> Tensor<1> {
    Tensor::from_data(values, &device())
}

/// Which network's loss.
#[derive(Debug, Clone, Copy)]
enum Network {
    Discriminator,
    Generator,
}

/// The losses of all samples.
fn evaluate(
    loss: &dyn AdversarialLoss,
    network: Network,
    real: Tensor<1>,
    fake: Tensor<1>,
) -> Tensor<1> {
    match network {
        Network::Discriminator => loss.discriminator(real, fake),
        Network::Generator => loss.generator(fake, &|| real.clone()),
    }
}

/// The gradients of `weights . loss` in the real and the fake logits.
fn gradients(
    loss: &dyn AdversarialLoss,
    network: Network,
    real: &[f64],
    fake: &[f64],
    weights: &[f64],
) -> [Vec<f64>; 2] {
    let leaves = [real, fake].map(|logits| tensor(logits).require_grad());
    let [real, fake] = leaves.clone();
    let gradients = (evaluate(loss, network, real, fake) * tensor(weights))
        .sum()
        .backward();
    leaves.map(|leaf| match leaf.grad(&gradients) {
        Some(gradient) => values(gradient),
        // The loss does not look at these logits.
        None => vec![0.0; weights.len()],
    })
}

/// Compares every gradient with the central difference in that logit alone.
fn check(loss: &dyn AdversarialLoss, real: &[f64], fake: &[f64]) {
    // Weights tell the samples apart: each loss must land on its own.
    let weights = values(stream(3).uniform([real.len()], &device()) + 0.5);
    let objective = |network, logits: &[Vec<f64>; 2]| -> f64 {
        let [real, fake] = logits.each_ref().map(|logits| tensor(logits));
        let losses = values(evaluate(loss, network, real, fake));
        losses.iter().zip(&weights).map(|(x, w)| x * w).sum()
    };
    for network in [Network::Discriminator, Network::Generator] {
        let analytic = gradients(loss, network, real, fake, &weights);
        for kind in 0..2 {
            for index in 0..real.len() {
                let moved = |step: f64| {
                    let mut logits = [real.to_vec(), fake.to_vec()];
                    logits[kind][index] += step;
                    objective(network, &logits)
                };
                let numeric = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let analytic = analytic[kind][index];
                let error = (analytic - numeric).abs() / numeric.abs().max(1e-3);
                assert!(
                    error < TOLERANCE,
                    "{loss:?}, {network:?}, {} logit {index} of {real:?} and {fake:?}: \
                     {analytic} against {numeric}",
                    ["real", "fake"][kind],
                );
            }
        }
    }
}

#[test]
fn at_random_logits() {
    alone(|| {
        for loss in LOSSES {
            let loss = loss.build().unwrap();
            for step in 0..5 {
                let draw = |step| values(stream(step).normal([6], &device()) * 3.0);
                check(loss.as_ref(), &draw(10 + step), &draw(20 + step));
            }
        }
    });
}

/// Where a softplus made of `max(x, 0)` and `|x|` has slopes of 0 or 1 instead of 1/2.
#[test]
fn at_logits_of_exactly_zero() {
    alone(|| {
        for loss in LOSSES {
            let loss = loss.build().unwrap();
            check(loss.as_ref(), &[0.0; 4], &[0.0; 4]);
            check(loss.as_ref(), &[0.0, 2.0, 0.0], &[0.0, 0.0, -2.0]);
        }
    });
}

/// On both sides of every place where an implementation could change its formula.
#[test]
fn at_large_logits() {
    alone(|| {
        let large = [25.0, -25.0, 15.0, -15.0, 60.0, -60.0];
        let reversed = large.map(|x| -x);
        for loss in LOSSES {
            let loss = loss.build().unwrap();
            check(loss.as_ref(), &large, &large);
            check(loss.as_ref(), &large, &reversed);
        }
    });
}

/// The hinge has a corner at a logit of 1 (real) and -1 (fake), with its slopes on either side.
#[test]
fn beside_the_corners_of_the_hinge() {
    alone(|| {
        let loss = Loss::Hinge.build().unwrap();
        check(loss.as_ref(), &[1.001, 0.999], &[-1.001, -0.999]);
    });
}

#[test]
fn the_cross_entropy_has_a_slope_of_one_half_at_zero() {
    alone(|| {
        for loss in [Loss::Minimax, Loss::NonSaturating] {
            let loss = loss.build().unwrap();
            let [real, fake] = gradients(
                loss.as_ref(),
                Network::Discriminator,
                &[0.0],
                &[0.0],
                &[1.0],
            );
            assert_eq!((real[0], fake[0]), (-0.5, 0.5));
            let [_, fake] = gradients(loss.as_ref(), Network::Generator, &[0.0], &[0.0], &[1.0]);
            assert_eq!(fake[0], -0.5);
        }
    });
}
