//! [`Renaming`]: from the names of one library to those of another.

/// Renames modules: the first rule whose module a tensor belongs to replaces that part of its name.
///
/// ```
/// use burn_gan::exchange::Renaming;
///
/// let renaming = Renaming::new([("main.0", "stem"), ("main", "hidden")]);
/// assert_eq!(renaming.apply("main.0.weight"), "stem.weight");
/// assert_eq!(renaming.apply("main.3.weight"), "hidden.3.weight");
/// // Names are compared part by part, and what no rule is for stays.
/// assert_eq!(renaming.apply("mainly.weight"), "mainly.weight");
/// // An empty name stands for the whole network.
/// assert_eq!(Renaming::new([("module", "")]).apply("module.stem.weight"), "stem.weight");
/// assert_eq!(Renaming::new([("", "module")]).apply("stem.weight"), "module.stem.weight");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renaming {
    /// Old and new names.
    rules: Vec<[String; 2]>,
}

impl Renaming {
    /// From pairs of an old and a new name, of modules or of tensors; the first that fits counts.
    pub fn new<O: Into<String>, N: Into<String>>(rules: impl IntoIterator<Item = (O, N)>) -> Self {
        let rules = rules.into_iter();
        Self {
            rules: rules.map(|(old, new)| [old.into(), new.into()]).collect(),
        }
    }

    /// From the names of pytorch/examples' DCGAN (`dcgan/main.py`) to those of a
    /// [`DcganGenerator`](crate::model::DcganGenerator) that doubles its image so many times, 4 for 64x64 pixels.
    ///
    /// Its last layer has no bias there: [`StateDict::with_zeros`](super::StateDict::with_zeros) of `"last.bias"`,
    /// `[channels]`, makes up for it.
    pub fn pytorch_examples_dcgan_generator(doublings: usize) -> Self {
        let hidden = (1..doublings).flat_map(|layer| {
            let up = format!("hidden.{}", layer - 1);
            [
                (format!("main.{}", 3 * layer), format!("{up}.convolution")),
                (format!("main.{}", 3 * layer + 1), format!("{up}.norm")),
            ]
        });
        let ends = [("main.0", "stem"), ("main.1", "stem_norm")];
        let ends = ends.map(|(old, new)| (old.to_string(), new.to_string()));
        let last = (format!("main.{}", 3 * doublings), "last".to_string());
        Self::new(ends.into_iter().chain(hidden).chain([last]))
    }

    /// From the names of pytorch/examples' DCGAN to those of a [`DcganDiscriminator`](crate::model::DcganDiscriminator)
    /// that halves its image so many times, 4 for 64x64 pixels.
    ///
    /// Its last layer has no bias there: [`StateDict::with_zeros`](super::StateDict::with_zeros) of `"head.bias"`, `[1]`,
    /// makes up for it. It ends with a sigmoid there, where ours gives logits.
    pub fn pytorch_examples_dcgan_discriminator(halvings: usize) -> Self {
        let hidden = (1..halvings).flat_map(|layer| {
            let down = format!("hidden.{}", layer - 1);
            [
                (
                    format!("main.{}", 3 * layer - 1),
                    format!("{down}.convolution"),
                ),
                (format!("main.{}", 3 * layer), format!("{down}.norm")),
            ]
        });
        let first = ("main.0".to_string(), "first".to_string());
        let last = (format!("main.{}", 3 * halvings - 1), "head".to_string());
        Self::new([first].into_iter().chain(hidden).chain([last]))
    }

    /// The same in the other direction.
    pub fn reversed(&self) -> Self {
        let rules = self.rules.iter();
        Self {
            rules: rules.map(|[old, new]| [new.clone(), old.clone()]).collect(),
        }
    }

    /// The new name of a tensor.
    pub fn apply(&self, name: &str) -> String {
        let renamed = |[old, new]: &[String; 2]| {
            let rest = behind(name, old)?;
            let parts = [new.as_str(), rest].into_iter();
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            Some(parts.join("."))
        };
        let first = self.rules.iter().find_map(renamed);
        first.unwrap_or_else(|| name.to_string())
    }
}

/// What is behind `module` and a point in `name`, where it begins with that.
fn behind<'a>(name: &'a str, module: &str) -> Option<&'a str> {
    if module.is_empty() {
        return Some(name);
    }
    let rest = name.strip_prefix(module)?;
    match rest.strip_prefix('.') {
        None if !rest.is_empty() => None,
        inner => Some(inner.unwrap_or(rest)),
    }
}
