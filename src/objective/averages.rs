//! [`MovingAverages`]: numbers that an objective remembers from step to step.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::errors::DeviceError;

/// Exponential moving averages of numbers over the steps of a run, by name.
///
/// An objective asks for one, and takes the present number in, by [`Round::moving_average`](super::Round::moving_average);
/// it holds nothing itself. The averages are a part of the trainer's state: they are saved, put back, and undone with a
/// failed step.
#[derive(Debug, Clone, Default)]
pub(crate) struct MovingAverages {
    values: BTreeMap<String, Average>,
}

#[derive(Debug, Clone)]
enum Average {
    /// `[1]`, without autodiff.
    OnDevice(Box<Tensor<1>>),
    /// One that was put back: it goes where the next number of its name is.
    OnHost(f64),
}

impl Average {
    /// On the device and of the type of a number.
    fn beside(&self, number: &Tensor<1>) -> Tensor<1> {
        match self {
            Self::OnDevice(average) => {
                let average = *average.clone();
                // The number of a part of a batch may be on another device.
                average.to_device(&number.device().without_autodiff())
            }
            Self::OnHost(average) => {
                let device = number.device().without_autodiff();
                let data = TensorData::new(vec![*average], [1]);
                Tensor::from_data(data, (&device, number.dtype()))
            }
        }
    }
}

/// A number that an average takes in.
#[derive(Debug, Clone)]
pub(crate) struct Tracked {
    name: String,
    /// `[1]`, without autodiff.
    number: Tensor<1>,
    decay: f64,
}

impl Tracked {
    pub(super) fn new(name: &str, number: Tensor<1>, decay: f64) -> Self {
        Self {
            name: name.to_string(),
            number: number.without_autodiff(),
            decay,
        }
    }

    /// Its share in the number of a whole batch, of which it is that of a part.
    pub(crate) fn share(mut self, share: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        self.number = share(self.number);
        self
    }
}

impl MovingAverages {
    /// No averages: each starts at the first number of its name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The average of this name, `[1]`, beside a number that may be tracked by autodiff; the number, where there is none.
    pub(super) fn before(&self, name: &str, number: &Tensor<1>) -> Tensor<1> {
        let average = match self.values.get(name) {
            Some(average) => average.beside(number),
            None => number.clone().without_autodiff(),
        };
        if number.device().is_autodiff() {
            average.autodiff()
        } else {
            average
        }
    }

    /// Takes in the numbers of a step, `a <- decay a + (1 - decay) x`; those of one name are added up first, as they are of
    /// the parts of a batch.
    pub(crate) fn take_in(&mut self, tracked: Vec<Tracked>) {
        let mut sums: BTreeMap<String, (Tensor<1>, f64)> = BTreeMap::new();
        for found in tracked {
            let sum = match sums.remove(&found.name) {
                Some((sum, _)) => sum + found.number,
                None => found.number,
            };
            sums.insert(found.name, (sum, found.decay));
        }
        for (name, (x, decay)) in sums {
            let a = match self.values.get(&name) {
                Some(average) => average.beside(&x) * decay + x * (1.0 - decay),
                None => x,
            };
            self.values.insert(name, Average::OnDevice(Box::new(a)));
        }
    }

    /// Those that a device holds, `[1]` each.
    pub(crate) fn on_device(&self) -> Vec<Tensor<1>> {
        let values = self.values.values();
        let on_device = values.filter_map(|average| match average {
            Average::OnDevice(average) => Some(*average.clone()),
            Average::OnHost(_) => None,
        });
        on_device.collect()
    }

    /// Their numbers by name.
    ///
    /// # Errors
    /// Where the device does not hand one over.
    pub(crate) fn to_host(&self) -> Result<BTreeMap<String, f64>, DeviceError> {
        let numbers = self.values.iter().map(|(name, average)| {
            let number = match average {
                Average::OnHost(number) => *number,
                Average::OnDevice(average) => average
                    .clone()
                    .try_into_scalar::<f64>()
                    .map_err(DeviceError::new)?,
            };
            Ok((name.clone(), number))
        });
        numbers.collect()
    }

    /// Averages that are at these numbers.
    pub(crate) fn from_host(numbers: BTreeMap<String, f64>) -> Self {
        let values = numbers.into_iter();
        Self {
            values: values
                .map(|(name, number)| (name, Average::OnHost(number)))
                .collect(),
        }
    }
}
