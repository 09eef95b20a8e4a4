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
pub(super) use wide;
