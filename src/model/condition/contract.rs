//! The contracts of a network that takes classes, for both conditions.
//!
//! The traits' methods only take the labels out of the condition. The forward pass itself is a function of
//! `Option<Labels>`: what is generic would be compiled again in every program that uses the network. Beside the traits each
//! network has methods of its own with the same names, for calls that say nothing of a condition.

/// [`Generator`](crate::Generator) for a network with the fields `latent_size` and `conditioning` and the methods
/// `forward`, `sample_shape` and `identity`.
macro_rules! generator_by_class {
    ($network:ident, $rank:literal) => {
        impl $network {
            /// Width of the latent space.
            pub fn latent_size(&self) -> usize {
                self.latent_size
            }

            /// How many classes samples are conditioned on, where they are.
            pub fn classes(&self) -> Option<usize> {
                self.conditioning.classes
            }
        }

        impl<C: $crate::class_condition::ClassCondition> $crate::network::Generator<$rank, C>
            for $network
        {
            fn latent_size(&self) -> usize {
                self.latent_size()
            }

            fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<$rank> {
                self.forward(latent, self.conditioning.labels(condition))
            }

            fn sample_shape(&self) -> Option<Vec<usize>> {
                self.sample_shape()
            }

            fn classes(&self) -> Option<usize> {
                self.classes()
            }

            fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
                self.conditioning.check(condition)
            }

            fn identity(&self) -> Identity {
                self.identity()
            }
        }
    };
}

/// [`Discriminator`](crate::Discriminator) and [`DualDiscriminator`](crate::DualDiscriminator) for a network with the
/// fields `heads` and `conditioning` and the methods `features_and_logits`, `sample_shape` and `identity`.
macro_rules! discriminator_by_class {
    ($network:ident, $rank:literal) => {
        impl $network {
            /// How many classes samples are conditioned on, where they are.
            pub fn classes(&self) -> Option<usize> {
                self.conditioning.classes
            }
        }

        impl<C: $crate::class_condition::ClassCondition> $crate::network::Discriminator<$rank, C>
            for $network
        {
            fn logits(&self, samples: Tensor<$rank>, condition: &C) -> Tensor<1> {
                let samples = Dual::constant(samples);
                $crate::network::DualDiscriminator::logits_dual(self, samples, condition).value
            }

            fn outputs(&self, samples: Tensor<$rank>, condition: &C) -> $crate::network::Outputs {
                let labels = self.conditioning.labels(condition);
                let (features, logits) = self.features_and_logits(Dual::constant(samples), labels);
                self.heads.outputs(logits.value, features.value)
            }

            fn sample_shape(&self) -> Option<Vec<usize>> {
                self.sample_shape()
            }

            fn classes(&self) -> Option<usize> {
                self.classes()
            }

            fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
                self.conditioning.check(condition)
            }

            fn tangent_rule(&self) -> Option<$crate::network::TangentRule<Self, $rank, C>> {
                Some($crate::network::DualDiscriminator::logits_dual)
            }

            fn identity(&self) -> Identity {
                self.identity()
            }
        }

        impl<C: $crate::class_condition::ClassCondition>
            $crate::network::DualDiscriminator<$rank, C> for $network
        {
            fn logits_dual(&self, samples: Dual<$rank>, condition: &C) -> Dual<1> {
                let labels = self.conditioning.labels(condition);
                self.features_and_logits(samples, labels).1
            }
        }
    };
}

pub(in crate::model) use {discriminator_by_class, generator_by_class};
