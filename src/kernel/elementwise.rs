//! Activations of one number, with their slopes.

use std::fmt::Debug;

use super::smooth::{FAR, sigmoids, softplus, tanh};

/// An activation with its derivative.
pub trait Elementwise: Copy + Debug + Send + Sync + 'static {
    /// The activation of `x`.
    fn value(self, x: f32) -> f32;

    /// What the derivative follows from.
    fn kept(self) -> Kept;

    /// The derivative, from what is kept.
    fn slope(self, kept: f32) -> f32;

    /// The derivative at the input `x`.
    #[inline(always)]
    fn slope_at(self, x: f32) -> f32 {
        match self.kept() {
            Kept::Nothing | Kept::Input => self.slope(x),
            Kept::Value => self.slope(self.value(x)),
        }
    }
}

/// What an activation's backward pass needs. The input is free to be written over where that is the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    Value,
    Input,
}

#[derive(Debug, Clone, Copy)]
pub struct Identity;

impl Elementwise for Identity {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Nothing
    }

    #[inline(always)]
    fn slope(self, _value: f32) -> f32 {
        1.0
    }
}

/// `max(x, 0)`. The leaky form would make NaN of -inf here.
#[derive(Debug, Clone, Copy)]
pub struct Relu;

impl Elementwise for Relu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        // In this direction, so that NaN stays NaN.
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Value
    }

    #[inline(always)]
    fn slope(self, value: f32) -> f32 {
        if value > 0.0 { 1.0 } else { 0.0 }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct LeakyRelu {
    pub slope: f32,
}

impl Elementwise for LeakyRelu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x > 0.0 { x } else { self.slope * x }
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        if self.slope >= 0.0 {
            Kept::Value
        } else {
            Kept::Input
        }
    }

    #[inline(always)]
    fn slope(self, kept: f32) -> f32 {
        if kept > 0.0 { 1.0 } else { self.slope }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Tanh;

impl Elementwise for Tanh {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        tanh(x)
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Value
    }

    #[inline(always)]
    fn slope(self, value: f32) -> f32 {
        (1.0 - value) * (1.0 + value)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Sigmoid;

impl Elementwise for Sigmoid {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        sigmoids(x).0
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Value
    }

    #[inline(always)]
    fn slope(self, value: f32) -> f32 {
        value * (1.0 - value)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Silu;

impl Elementwise for Silu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        // Far below 0 the product would be -inf times 0.
        if x < -FAR { 0.0 } else { x * sigmoids(x).0 }
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Input
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        let x = x.clamp(-FAR, FAR);
        let (s, rest) = sigmoids(x);
        s * (1.0 + x * rest)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Softplus;

impl Elementwise for Softplus {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        softplus(x)
    }

    #[inline(always)]
    fn kept(self) -> Kept {
        Kept::Input
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        sigmoids(x).0
    }
}

/// Evaluates an expression with the function by its type.
macro_rules! with_function {
    ($function:expr, $name:ident => $body:expr) => {{
        use $crate::kernel::elementwise as by_type;
        use $crate::kernel::function::Function;
        match $function {
            Function::Identity => {
                let $name = by_type::Identity;
                $body
            }
            Function::LeakyRelu { slope } if slope != 0.0 => {
                let slope = slope as f32;
                let $name = by_type::LeakyRelu { slope };
                $body
            }
            Function::Relu | Function::LeakyRelu { .. } => {
                let $name = by_type::Relu;
                $body
            }
            Function::Tanh => {
                let $name = by_type::Tanh;
                $body
            }
            Function::Sigmoid => {
                let $name = by_type::Sigmoid;
                $body
            }
            Function::Silu => {
                let $name = by_type::Silu;
                $body
            }
            Function::Softplus => {
                let $name = by_type::Softplus;
                $body
            }
        }
    }};
}
pub(super) use with_function;
