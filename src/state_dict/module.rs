//! [`PytorchModule`]: a layer or network with PyTorch's names.

use burn::module::Module;

use super::{StateDict, StateDictError, StateMapper};

/// A layer or network whose tensors have names and layouts of PyTorch's.
///
/// All layers of [`nn`](crate::nn) with weights and all networks of [`model`](crate::model) are. A network of your own that
/// is made of them names them:
///
/// ```
/// use burn::prelude::*;
/// use burn_gan::exchange::{PytorchModule, StateMapper};
/// use burn_gan::nn::{Linear, LinearConfig};
/// use burn_gan::random::{Purpose, Stream};
///
/// #[derive(Module, Debug)]
/// struct Network {
///     hidden: Vec<Linear>,
///     output: Linear,
/// }
///
/// impl PytorchModule for Network {
///     fn map_state(self, mapper: &mut StateMapper) -> Self {
///         Self {
///             hidden: mapper.module("hidden", self.hidden),
///             output: mapper.module("output", self.output),
///         }
///     }
/// }
///
/// let device = Device::flex();
/// let linear = |outputs| {
///     LinearConfig::new(3, outputs).init(&mut Stream::new(1, Purpose::Weights, 0), &device)
/// };
/// let network = Network { hidden: vec![linear(3)?], output: linear(2)? };
/// let state = network.state_dict()?;
/// assert_eq!(state.get("output.weight").unwrap().shape()[..], [2, 3]);
/// assert!(state.get("hidden.0.bias").is_some());
/// let network = network.with_state_dict(&state)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
pub trait PytorchModule: Module {
    /// Hands each of its tensors to the mapper under its name, and gives the module back with what the mapper makes of
    /// them.
    fn map_state(self, mapper: &mut StateMapper) -> Self;

    /// Its tensors, running statistics included.
    ///
    /// # Errors
    /// [`StateDictError::Device`] where a device cannot hand them over.
    fn state_dict(&self) -> Result<StateDict, StateDictError> {
        let mut mapper = StateMapper::listing();
        // The evaluation form has the running statistics up to date.
        self.valid().map_state(&mut mapper);
        mapper.finish()
    }

    /// The same module with all of its tensors replaced, in its own element types, on its own device.
    ///
    /// PyTorch's counters `num_batches_tracked` have nothing to go to and are passed over.
    ///
    /// # Errors
    /// [`StateDictError::Unfit`] with all that is missing, unknown, of another shape or unusable.
    fn with_state_dict(self, state: &StateDict) -> Result<Self, StateDictError> {
        let mut mapper = StateMapper::loading(state);
        let module = self.map_state(&mut mapper);
        mapper.finish()?;
        Ok(module)
    }
}

impl<M: PytorchModule> PytorchModule for Option<M> {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        self.map(|module| module.map_state(mapper))
    }
}

impl<M: PytorchModule> PytorchModule for Vec<M> {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        let numbered = self.into_iter().enumerate();
        numbered
            .map(|(index, module)| mapper.module(&index.to_string(), module))
            .collect()
    }
}

/// [`PytorchModule`] for a struct: its tensors are those of these fields, under the fields' names.
macro_rules! map_state {
    ($module:ty: $($field:ident),+) => {
        impl $crate::state_dict::PytorchModule for $module {
            fn map_state(self, mapper: &mut $crate::state_dict::StateMapper) -> Self {
                #[allow(clippy::needless_update)] // Some have no other field.
                Self {
                    $($field: mapper.module(stringify!($field), self.$field),)+
                    ..self
                }
            }
        }
    };
}
pub(crate) use map_state;
