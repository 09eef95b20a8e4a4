//! [`Part`] and [`Parts`]: what of a trainer is trained, saved and put back.

use serde_json::Value;

use super::finite::Sums;
use crate::gan_error::GanError;
use crate::saved_state::SavedState;

/// A part of a trainer that steps change: a [`Player`](super::Player).
pub trait Part: sealed::Part {}

/// All parts that a trainer's steps change, each under a name of its own.
///
/// A [`Transaction`](super::Transaction) takes copies of them, checks them, saves them and puts them back; a trainer of
/// your own only names them:
///
/// ```
/// use burn_gan::model::{MlpDiscriminator, MlpGenerator};
/// use burn_gan::trainer::Player;
///
/// #[derive(Clone)]
/// struct Duel {
///     generator: Player<MlpGenerator>,
///     discriminator: Player<MlpDiscriminator>,
/// }
///
/// burn_gan::parts!(Duel { "generator": generator, "discriminator": discriminator });
/// ```
pub trait Parts: Clone {
    /// Each part under the name that its files have in a checkpoint: a word of letters, digits and dashes.
    fn parts(&self) -> Vec<(&'static str, &dyn Part)>;

    /// The same parts in the same order.
    fn parts_mut(&mut self) -> Vec<(&'static str, &mut dyn Part)>;
}

/// Implements [`Parts`](crate::trainer::Parts) for a struct: the name of each part and the field that it is.
///
/// The two methods of the trait are made of one list, so that they cannot differ.
#[macro_export]
macro_rules! parts {
    ($players:ty { $($name:literal: $field:ident),+ $(,)? }) => {
        impl $crate::trainer::Parts for $players {
            fn parts(&self) -> ::std::vec::Vec<(&'static str, &dyn $crate::trainer::Part)> {
                ::std::vec![$(($name, &self.$field)),+]
            }

            fn parts_mut(
                &mut self,
            ) -> ::std::vec::Vec<(&'static str, &mut dyn $crate::trainer::Part)> {
                ::std::vec![$(($name, &mut self.$field)),+]
            }
        }
    };
}

/// A copy that later steps cannot reach: Burn's clones share running statistics with the original.
pub(super) fn snapshot<S: Parts>(parts: &S) -> S {
    let mut copy = parts.clone();
    for (_, part) in copy.parts_mut() {
        part.fork();
    }
    copy
}

pub(super) mod sealed {
    use super::{GanError, SavedState, Sums, Value};

    /// What a transaction does with a part.
    pub trait Part {
        /// Takes running statistics of its own, which those that it was cloned from do not share.
        fn fork(&mut self);

        /// What has to be the same for a saved part to fit.
        fn describe(&self) -> Value;

        /// Adds its files, and returns its numbers.
        fn save(&self, name: &str, state: &mut SavedState) -> Result<Value, GanError>;

        /// Takes what was saved.
        fn load(&mut self, name: &str, numbers: &Value, state: &SavedState)
        -> Result<(), GanError>;

        /// What tells whether all its weights are finite.
        fn sums(&self) -> Sums;
    }
}
