//! What the integration tests share.
#![allow(dead_code)]

mod alone;
pub mod counting;
pub mod exchange;
pub mod onnx;
pub mod penalty_reference;
pub mod picture;
pub mod pictures;
pub mod places;
#[cfg(feature = "remote")]
pub mod proxy;
pub mod reference;
pub mod survivor;
#[cfg(feature = "remote")]
pub mod worker_process;

pub use alone::alone;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use burn_gan::Generator;
use burn_gan::random::{Purpose, Stream};

/// All values of a tensor on the host, in double precision.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Norm of the difference over the norm of the second.
pub fn relative_error(actual: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut actual.iter().zip(expected).map(|(a, e)| a - e));
    let scale = norm(&mut expected.iter().copied());
    difference / scale.max(1e-12)
}

/// Fails unless two tensors agree to `tolerance`, relative in norm.
#[track_caller]
pub fn assert_close<const D: usize>(actual: Tensor<D>, expected: Tensor<D>, tolerance: f64) {
    assert_eq!(actual.dims(), expected.dims());
    let error = relative_error(&values(actual), &values(expected));
    assert!(
        error <= tolerance,
        "relative error {error:e} > {tolerance:e}"
    );
}

/// The backends of the CPU that are compiled in, the fast one first.
pub fn processors() -> Vec<Device> {
    vec![
        Device::flex(),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Device::ndarray(),
    ]
}

/// The CPU in double precision. The precision is one for all of a process: only a test that runs [`alone`] may ask
/// for it.
pub fn double_precision() -> Device {
    assert!(alone::is_alone(), "`alone` runs such a test");
    static CONFIGURE: std::sync::Once = std::sync::Once::new();
    CONFIGURE.call_once(|| {
        Device::flex()
            .configure(FloatDType::F64)
            .expect("flex computes in double precision");
        // Burn's own layers draw their weights from it: the same in each run of a test.
        Device::flex().seed(2014);
    });
    Device::flex().autodiff()
}

/// A stream for test data.
pub fn stream(step: u64) -> Stream {
    Stream::new(2014, Purpose::Data, step)
}

/// The float parameters and buffers of a module by path.
pub fn parameters<M: Module>(module: &M) -> BTreeMap<String, Vec<f64>> {
    let mut collect = Collect::default();
    module.valid().visit(&mut collect);
    collect.found
}

/// The gradients of a module's parameters by path.
pub fn gradients<M: Module>(module: &M, gradients: &GradientsParams) -> BTreeMap<String, Vec<f64>> {
    let mut collect = Collect {
        gradients: Some(gradients),
        ..Collect::default()
    };
    module.visit(&mut collect);
    collect.found
}

#[derive(Default)]
struct Collect<'a> {
    path: Vec<String>,
    gradients: Option<&'a GradientsParams>,
    found: BTreeMap<String, Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            Some(gradients) => gradients.get::<D>(param.id),
            None => Some(param.val()),
        };
        if let Some(tensor) = tensor {
            self.found.insert(self.path.join("."), values(tensor));
        }
    }
}

/// Adds `scale` times a fixed random direction to every trainable parameter.
pub struct Shift {
    pub scale: f64,
    pub position: u64,
}

impl Shift {
    pub fn by(scale: f64) -> Self {
        Self { scale, position: 0 }
    }
}

impl ModuleMapper for Shift {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        self.position += 1;
        let direction = direction::<D>(self.position, param.dims(), &param.device());
        let scale = self.scale;
        param.map(|x| {
            (x.inner() + direction.inner() * scale)
                .autodiff()
                .require_grad()
        })
    }
}

fn direction<const D: usize>(position: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = stream(1_000_000 + position).normal_values(shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Sum over the trainable parameters of gradient times the direction of [`Shift`].
pub fn along<M: Module>(module: &M, gradients: &GradientsParams) -> f64 {
    let mut along = Along {
        gradients,
        position: 0,
        sum: 0.0,
    };
    module.visit(&mut along);
    along.sum
}

/// The slope of a generator's weighted output along the direction of [`Shift`]: by its gradient, and by a central
/// difference of this step.
pub fn generator_slopes<const R: usize, C, G: Generator<R, C>>(
    generator: G,
    condition: &C,
    step: f64,
) -> [f64; 2] {
    let device = double_precision();
    let latent = stream(10).normal([3, generator.latent_size()], &device);
    let objective = |generator: &G| {
        let samples = generator.generate(latent.clone(), condition);
        let weights = stream(11).normal(samples.dims(), &device);
        (samples * weights).sum()
    };
    let gradients = GradientsParams::from_grads(objective(&generator).backward(), &generator);
    let at = |scale| values(objective(&generator.clone().map(&mut Shift::by(scale))))[0];
    let numeric = (at(step) - at(-step)) / (2.0 * step);
    [along(&generator, &gradients), numeric]
}

struct Along<'a> {
    gradients: &'a GradientsParams,
    position: u64,
    sum: f64,
}

impl ModuleVisitor for Along<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        self.position += 1;
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let along = direction::<D>(self.position, param.dims(), &gradient.device());
            self.sum += values(gradient * along).iter().sum::<f64>();
        }
    }
}
