//! Loops in the widest vector instructions that the CPU has, found out at run time, without `unsafe`.

/// Compiles a block once for each set of vector instructions and runs the one for this CPU. The block sees only the
/// values that are named in front of it: `wide!([x: &'a [f32] = x, slope: f32 = 0.2] { .. })`, and a type parameter where
/// one is named in front of them: `wide!(<F: Filter> [..] { .. })`.
///
/// A closure given to `pulp` instead would not do: one that is called from several places is not inlined, and what is
/// not inlined keeps the instructions that every CPU of its kind has.
macro_rules! wide {
    ($(<$generic:ident: $bound:ident>)? [$($name:ident: $type:ty = $value:expr),* $(,)?] $body:block) => {{
        struct Values<'a $(, $generic: $bound)?> {
            $($name: $type,)*
            types: std::marker::PhantomData<(&'a (), $($generic)?)>,
        }
        impl<'a $(, $generic: $bound)?> pulp::NullaryFnOnce for Values<'a $(, $generic)?> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                let Values { $($name,)* .. } = self;
                $body
            }
        }
        pulp::Arch::new().dispatch(Values {
            $($name: $value,)*
            types: std::marker::PhantomData,
        });
    }};
}

/// As `wide!`, with the vector instructions themselves: the block sees `$simd: impl pulp::Simd`, for loops that the
/// compiler does not turn into good vector code by itself.
macro_rules! simd {
    ($simd:ident [$($name:ident: $type:ty = $value:expr),* $(,)?] $body:block) => {{
        struct Values<'a> {
            $($name: $type,)*
            lifetime: std::marker::PhantomData<&'a ()>,
        }
        impl<'a> pulp::WithSimd for Values<'a> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, $simd: S) {
                let Values { $($name,)* .. } = self;
                $body
            }
        }
        pulp::Arch::new().dispatch(Values {
            $($name: $value,)*
            lifetime: std::marker::PhantomData,
        });
    }};
}
pub(super) use {simd, wide};
