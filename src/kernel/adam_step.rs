//! What a step of Adam is computed from.

use burn::tensor::Tensor;

/// The numbers of a step. With the moments `m_i = keep_i m_i + take_i g^i` the weight moves by
/// `rate * (factor * m_1) / (sqrt(m_2) + epsilon)`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub struct AdamStep {
    /// How much of each moment stays: `beta`.
    pub keep: [f32; 2],
    /// How much of the gradient and of its square each moment takes in: `1 - beta`.
    pub take: [f32; 2],
    /// `sqrt(1 - beta_2^t) / (1 - beta_1^t)`.
    pub factor: f32,
    /// Epsilon times `sqrt(1 - beta_2^t)`.
    pub epsilon: f32,
    /// The learning rate.
    pub rate: f32,
}

/// Weight, gradient and, but for the first step, both moments.
pub struct AdamInputs<const D: usize> {
    pub weight: Tensor<D>,
    pub gradient: Tensor<D>,
    pub moments: Option<[Tensor<D>; 2]>,
}
