//! The activations that kernels have.

/// An activation, element by element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    Identity,
    Relu,
    /// `x` above 0, `slope * x` elsewhere.
    LeakyRelu {
        slope: f64,
    },
    Tanh,
    Sigmoid,
    Silu,
    Softplus,
}
