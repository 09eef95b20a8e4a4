//! The cross-entropy of a logit against a label as one operation.

use burn::backend::flex::FlexTensor;

use super::bridge::{Flat, Forward, Kernel};

/// `label * softplus(-x) + (1 - label) * softplus(x)` of each logit `x`, with its derivative
/// `(1 - label) * sigmoid(x) - label * sigmoid(-x)`: forms that neither overflow nor cancel.
#[derive(Debug, Clone, Copy)]
pub struct CrossEntropy {
    label: f32,
    /// `1 - label`, of the label before it was rounded.
    complement: f32,
}

impl CrossEntropy {
    pub fn new(label: f64) -> Self {
        Self {
            label: label as f32,
            complement: (1.0 - label) as f32,
        }
    }

    fn cost(self, x: f32) -> f32 {
        // softplus(x) = max(x, 0) + log(1 + exp(-|x|)), and one of softplus(x) and softplus(-x) has the maximum.
        let weight = if x > 0.0 {
            1.0 - self.label
        } else {
            self.label
        };
        let rest = (-x.abs()).exp().ln_1p();
        // An infinite logit on the right side costs nothing.
        if weight == 0.0 {
            rest
        } else {
            weight * x.abs() + rest
        }
    }

    fn slope(self, x: f32) -> f32 {
        let small = (-x.abs()).exp();
        let (near, far) = (1.0 / (1.0 + small), small / (1.0 + small));
        let (sigmoid, opposite) = if x > 0.0 { (near, far) } else { (far, near) };
        self.complement * sigmoid - self.label * opposite
    }
}

impl Kernel<1> for CrossEntropy {
    type Saved = FlexTensor;
    type Aside = ();

    fn forward(&self, [x]: [FlexTensor; 1]) -> Forward<FlexTensor, ()> {
        let costs = x.values().iter().map(|x| self.cost(*x)).collect();
        Forward {
            value: FlexTensor::of(costs, x.layout().shape().clone()),
            saved: x,
            aside: (),
        }
    }

    fn backward(
        &self,
        x: FlexTensor,
        gradient: FlexTensor,
        [wanted]: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let dx = wanted.then(|| {
            let pairs = x.values().iter().zip(gradient.values());
            let dx = pairs.map(|(x, gradient)| self.slope(*x) * gradient);
            FlexTensor::of(dx.collect(), x.layout().shape().clone())
        });
        [dx]
    }
}
