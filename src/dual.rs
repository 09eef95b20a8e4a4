//! [`Dual`]: a value and, where asked for, its directional derivative, carried through a network together.

use burn::tensor::Tensor;

use crate::error::GanError;

/// A value and, where asked for, its directional derivative (tangent) in some direction of the input.
///
/// A network of this crate is written once, over `Dual`: given a constant it computes just the value and
/// costs nothing more; given a value with a tangent it computes both. That is forward-mode
/// differentiation, and back-propagating a tangent gives exact gradient penalties on a first-order
/// autodiff.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Dual;
///
/// let device = Device::flex();
/// let value = Tensor::<1>::from_floats([3.0, -1.0], &device);
/// let direction = Tensor::<1>::from_floats([1.0, 0.5], &device);
/// // d(x^2) = 2 x dx
/// let square = Dual::with_tangent(value, direction)?
///     .map(|x| x.square(), |x, dx| x * dx * 2.0);
/// let tangent = square.tangent.expect("given a tangent, it carries one");
/// assert_eq!(tangent.into_data().to_vec::<f32>().unwrap(), [6.0, -1.0]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dual<const D: usize> {
    /// The value.
    pub value: Tensor<D>,
    /// The directional derivative, of the value's shape; `None` stands for a constant.
    pub tangent: Option<Tensor<D>>,
}

impl<const D: usize> Dual<D> {
    /// A value that does not move.
    pub fn constant(value: Tensor<D>) -> Self {
        Self {
            value,
            tangent: None,
        }
    }

    /// A value that moves in the direction `tangent`.
    ///
    /// # Errors
    /// [`GanError::ShapeMismatch`] where the two shapes differ.
    pub fn with_tangent(value: Tensor<D>, tangent: Tensor<D>) -> Result<Self, GanError> {
        if value.dims() != tangent.dims() {
            return Err(GanError::ShapeMismatch {
                what: "tangent",
                expected: value.dims().to_vec(),
                actual: tangent.dims().to_vec(),
            });
        }
        Ok(Self {
            value,
            tangent: Some(tangent),
        })
    }

    /// Applies a linear function: the tangent goes through it just as the value does.
    ///
    /// Reshapes, permutations, slices, padding with zeros and products with a constant matrix are linear;
    /// adding a bias is not (see [`Dual::map`]).
    pub fn linear<const E: usize>(self, function: impl Fn(Tensor<D>) -> Tensor<E>) -> Dual<E> {
        Dual {
            tangent: self.tangent.map(&function),
            value: function(self.value),
        }
    }

    /// Applies a function with its tangent rule `(value, tangent) -> tangent`.
    ///
    /// The rule runs only where there is a tangent, and gets the value from before the function.
    pub fn map<const E: usize>(
        self,
        function: impl FnOnce(Tensor<D>) -> Tensor<E>,
        rule: impl FnOnce(Tensor<D>, Tensor<D>) -> Tensor<E>,
    ) -> Dual<E> {
        let tangent = self
            .tangent
            .map(|tangent| rule(self.value.clone(), tangent));
        Dual {
            value: function(self.value),
            tangent,
        }
    }
}
