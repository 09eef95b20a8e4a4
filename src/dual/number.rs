//! [`Dual`]: a value with a tangent, what automatic differentiation calls a dual number.

use burn::tensor::Tensor;

use crate::errors::ShapeError;
use crate::kernel;

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
///
/// # What the functions were like
///
/// A dual remembers two things about the functions behind it, which decide how a gradient penalty is
/// computed: whether one of them had a slope that varies smoothly ([`Dual::is_curved`]) and whether one let
/// the samples of a batch influence each other ([`Dual::is_coupled`]). Each function says so by the method
/// that applies it: [`Dual::linear`], [`Dual::weighted`], [`Dual::shift`] and [`Dual::piecewise_linear`] are
/// not curved, [`Dual::map`], [`Dual::map_together`] and [`Dual::bilinear`] are.
#[derive(Debug, Clone)]
pub struct Dual<const D: usize> {
    /// The value.
    pub value: Tensor<D>,
    /// The directional derivative, of the value's shape; `None` stands for a constant.
    pub tangent: Option<Tensor<D>>,
    pub(super) history: History,
}

/// What the functions behind a dual were like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History {
    curved: bool,
    coupled: bool,
}

impl History {
    fn union(self, other: Self) -> Self {
        Self {
            curved: self.curved || other.curved,
            coupled: self.coupled || other.coupled,
        }
    }
}

impl<const D: usize> Dual<D> {
    /// A constant: a value without a tangent.
    pub fn constant(value: Tensor<D>) -> Self {
        Self {
            value,
            tangent: None,
            history: History::default(),
        }
    }

    /// A value with its derivative in some direction.
    ///
    /// # Errors
    /// [`ShapeError`] where the two shapes differ.
    pub fn with_tangent(value: Tensor<D>, tangent: Tensor<D>) -> Result<Self, ShapeError> {
        ShapeError::check("tangent", &value.dims(), &tangent.dims())?;
        Ok(Self {
            value,
            tangent: Some(tangent),
            history: History::default(),
        })
    }

    /// Applies a linear function: the tangent goes through it just as the value does.
    ///
    /// Reshapes, permutations, slices, padding with zeros, means and products with a constant matrix are
    /// linear; adding a bias is not (see [`Dual::shift`]). For products with trainable weights there is
    /// [`Dual::weighted`].
    pub fn linear<const E: usize>(self, function: impl Fn(Tensor<D>) -> Tensor<E>) -> Dual<E> {
        Dual {
            tangent: self.tangent.map(&function),
            value: function(self.value),
            history: self.history,
        }
    }

    /// Applies a function `(input, weight)` that is linear in the input, such as a product with weights.
    ///
    /// If autodiff tracks the tangent but not the value, the value stays untracked: for it the weights are constants.
    /// An exact gradient penalty of a piecewise linear network needs no more, and it is cheaper.
    pub fn weighted<const W: usize, const E: usize>(
        self,
        weight: Tensor<W>,
        function: impl Fn(Tensor<D>, Tensor<W>) -> Tensor<E>,
    ) -> Dual<E> {
        let constant = self.value_is_untracked();
        let tangent = self
            .tangent
            .map(|tangent| function(tangent, weight.clone()));
        let weight = if constant {
            weight.without_autodiff()
        } else {
            weight
        };
        Dual {
            value: function(self.value, weight),
            tangent,
            history: self.history,
        }
    }

    /// Adds something that does not depend on the input, such as a bias: `function(input, offset)` is their
    /// sum, with whatever broadcasting it takes. The tangent stays.
    pub fn shift<const B: usize>(
        self,
        offset: Tensor<B>,
        function: impl FnOnce(Tensor<D>, Tensor<B>) -> Tensor<D>,
    ) -> Self {
        let offset = if self.value_is_untracked() {
            offset.without_autodiff()
        } else {
            offset
        };
        Dual {
            value: function(self.value, offset),
            ..self
        }
    }

    /// Applies a function whose slope is constant between kinks, with its tangent rule
    /// `(value, tangent) -> tangent`.
    ///
    /// Only for functions whose second derivative is 0 wherever they have one, such as a leaky ReLU.
    pub fn piecewise_linear<const E: usize>(
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
            history: self.history,
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
        self.marked_curved().piecewise_linear(function, rule)
    }

    /// Applies a function that computes the new value and, given one, the new tangent together:
    /// `(value, tangent) -> (value, tangent)`. For functions whose rule shares work with their value.
    pub fn map_together<const E: usize>(
        self,
        function: impl FnOnce(Tensor<D>, Option<Tensor<D>>) -> (Tensor<E>, Option<Tensor<E>>),
    ) -> Dual<E> {
        let marked = self.marked_curved();
        let (value, tangent) = function(marked.value, marked.tangent);
        Dual {
            value,
            tangent,
            history: marked.history,
        }
    }

    /// [`Dual::map_together`] for functions whose slope is constant between kinks.
    pub(super) fn piecewise_linear_together(
        self,
        function: impl FnOnce(Tensor<D>, Option<Tensor<D>>) -> (Tensor<D>, Option<Tensor<D>>),
    ) -> Self {
        let (value, tangent) = function(self.value, self.tangent);
        Dual {
            value,
            tangent,
            history: self.history,
        }
    }

    /// Applies a function of two duals that is linear in each of them, such as a product, element by element or of
    /// matrices: `d f(a, b) = f(da, b) + f(a, db)`.
    ///
    /// It counts as curved, as the slope in one is the other. A product with something that does not depend on the input
    /// is not: [`Dual::linear`], [`Dual::weighted`].
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_gan::Dual;
    ///
    /// let device = Device::flex();
    /// let [x, dx] = [3.0, 0.5].map(|x| Tensor::<1>::from_floats([x], &device));
    /// let x = Dual::with_tangent(x, dx)?;
    /// // d(x x) = dx x + x dx
    /// let square = x.clone().bilinear(x, |a, b| a * b);
    /// assert_eq!(square.tangent.map(|tangent| tangent.into_scalar::<f32>()), Some(3.0));
    /// # Ok::<(), burn_gan::GanError>(())
    /// ```
    pub fn bilinear<const E: usize, const F: usize>(
        self,
        other: Dual<E>,
        function: impl Fn(Tensor<D>, Tensor<E>) -> Tensor<F>,
    ) -> Dual<F> {
        let of_self = self
            .tangent
            .map(|tangent| function(tangent, other.value.clone()));
        let of_other = other
            .tangent
            .map(|tangent| function(self.value.clone(), tangent));
        let product = Dual {
            value: function(self.value, other.value),
            tangent: sum_of_tangents(of_self, of_other),
            history: self.history.union(other.history),
        };
        product.marked_curved()
    }

    /// One after the other along `axis`.
    pub fn cat(self, other: Self, axis: usize) -> Self {
        let tangent = match (&self.tangent, &other.tangent) {
            (None, None) => None,
            _ => Some(Tensor::cat(
                vec![self.tangent_or_zeros(), other.tangent_or_zeros()],
                axis,
            )),
        };
        Dual {
            value: Tensor::cat(vec![self.value, other.value], axis),
            tangent,
            history: self.history.union(other.history),
        }
    }

    /// With something that does not depend on the input behind it along `axis`, such as the embedding of a class.
    pub(crate) fn with_constant(self, constant: Tensor<D>, axis: usize) -> Self {
        let constant = if self.value_is_untracked() {
            constant.without_autodiff()
        } else {
            constant
        };
        self.cat(Dual::constant(constant), axis)
    }

    /// Whether it passed a function whose slope varies smoothly with the value, such as a tanh or a
    /// normalisation.
    ///
    /// Then a gradient penalty's value pass must be tracked too: a weight moves the slopes of the layers
    /// behind it.
    pub fn is_curved(&self) -> bool {
        self.history.curved
    }

    /// Whether it passed a function that lets the samples of a batch influence each other, such as a minibatch
    /// standard deviation.
    pub fn is_coupled(&self) -> bool {
        self.history.coupled
    }

    /// The same, remembering that the samples of the batch have influenced each other.
    pub fn marked_coupled(mut self) -> Self {
        self.history.coupled = true;
        self
    }

    /// The tangent; zeros for a constant.
    fn tangent_or_zeros(&self) -> Tensor<D> {
        match &self.tangent {
            Some(tangent) => tangent.clone(),
            None => self.value.clone().without_autodiff().zeros_like(),
        }
    }

    fn marked_curved(mut self) -> Self {
        self.history.curved = true;
        self
    }

    /// Whether there is a tangent, and autodiff does not track the value.
    pub(super) fn value_is_untracked(&self) -> bool {
        self.tangent.is_some() && !self.value.device().is_autodiff()
    }
}

fn sum<const D: usize>(one: Tensor<D>, two: Tensor<D>) -> Tensor<D> {
    match kernel::add(&one, &two) {
        Some(sum) => sum,
        None => one + two,
    }
}

/// The tangent of a sum; `None` stands for 0.
fn sum_of_tangents<const D: usize>(
    one: Option<Tensor<D>>,
    two: Option<Tensor<D>>,
) -> Option<Tensor<D>> {
    match (one, two) {
        (Some(one), Some(two)) => Some(sum(one, two)),
        (one, two) => one.or(two),
    }
}

/// The sum of two duals of the same shape, as in a residual connection.
impl<const D: usize> std::ops::Add for Dual<D> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Dual {
            value: sum(self.value, other.value),
            tangent: sum_of_tangents(self.tangent, other.tangent),
            history: self.history.union(other.history),
        }
    }
}
