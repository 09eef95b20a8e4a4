//! An optimiser for a whole network: Burn's own rules to the bit, and a memory that survives being written down.

use crate::common::{stream, values};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::{Module, ParamGroup};
use burn::nn;
use burn::optim::{
    AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer, RmsPropConfig, SgdConfig,
};
use burn::tensor::{Device, Tensor};
use burn_gan::GanError;
use burn_gan::optimizer::{NetworkOptimizer, ScheduledAdamConfig};
use burn_gan::trainer::OptimizerConfig;

fn layer() -> nn::Linear {
    nn::LinearConfig::new(3, 2)
        .with_initializer(nn::Initializer::Constant { value: 0.5 })
        .init(&Device::flex().autodiff())
}

/// The gradients of a step.
fn gradients(layer: &nn::Linear, step: u64) -> GradientsParams {
    let x: Tensor<2> = stream(step).normal([4, 3], &Device::flex().autodiff());
    let loss = layer.forward(x).square().mean();
    GradientsParams::from_grads(loss.backward(), layer)
}

fn weights(layer: &nn::Linear) -> Vec<f64> {
    let bias = layer.bias.as_ref().map(|bias| values(bias.val()));
    [values(layer.weight.val()), bias.unwrap_or_default()].concat()
}

#[test]
fn steps_are_burns_to_the_bit() {
    let clipping = Some(GradientClippingConfig::Norm(0.1));
    let adam = AdamConfig::new().with_grad_clipping(clipping.clone());
    let adam_w = AdamWConfig::new().with_grad_clipping(clipping.clone());
    let rms_prop = RmsPropConfig::new().with_grad_clipping(clipping.clone());
    let sgd = SgdConfig::new().with_gradient_clipping(clipping);
    let pairs: [(OptimizerConfig, ModuleOptimizer); 5] = [
        (OptimizerConfig::Adam(adam.clone()), adam.init()),
        (OptimizerConfig::AdamW(adam_w.clone()), adam_w.init()),
        (OptimizerConfig::RmsProp(rms_prop.clone()), rms_prop.init()),
        (OptimizerConfig::Sgd(sgd.clone()), sgd.init()),
        (
            OptimizerConfig::Adam(AdamConfig::new()),
            AdamConfig::new().init(),
        ),
    ];
    for (ours, mut burns) in pairs {
        let name = format!("{ours:?}");
        let mut ours = ours.init().unwrap();
        let (mut left, mut right) = (layer(), layer());
        for step in 0..4 {
            let (of_left, of_right) = (gradients(&left, step), gradients(&right, step));
            left = ours.step(1e-2, left, of_left);
            right = burns.step(1e-2, right, of_right);
        }
        assert_eq!(weights(&left), weights(&right), "{name}");
    }
}

#[test]
fn a_memory_written_down_goes_on_with_the_same_bits() {
    let momentum = burn::optim::momentum::MomentumConfig::new();
    let schedule = burn_gan::Schedule::Constant(0.9);
    let rules: Vec<NetworkOptimizer> = vec![
        AdamConfig::new().with_amsgrad(true).build().into(),
        SgdConfig::new().build().into(),
        NetworkOptimizer::from(SgdConfig::new().with_momentum(Some(momentum)).build()).with_group(
            ParamGroup::from_predicate("bias"),
            RmsPropConfig::new().build(),
        ),
        ScheduledAdamConfig::new(schedule).init().unwrap(),
    ];
    for fresh in rules {
        let mut whole = fresh.clone();
        let mut network = layer();
        for step in 0..3 {
            let gradients = gradients(&network, step);
            network = whole.step(1e-2, network, gradients);
        }
        let bytes = whole.to_bytes().unwrap();
        // Another network of the same shape: its parameters have other identities.
        let record = network.clone().into_record();
        let mut resumed_network = layer().load_record(record);
        let mut resumed = fresh.with_bytes(bytes.clone(), &resumed_network).unwrap();
        assert_eq!(resumed.to_bytes().unwrap(), bytes);
        for step in 3..6 {
            let (left, right) = (gradients(&network, step), gradients(&resumed_network, step));
            network = whole.step(1e-2, network, left);
            resumed_network = resumed.step(1e-2, resumed_network, right);
        }
        assert_eq!(weights(&network), weights(&resumed_network));
    }
}

#[test]
fn a_memory_of_something_else_is_refused() {
    let mut adam = NetworkOptimizer::from(AdamConfig::new().build());
    let network = layer();
    let of_network = gradients(&network, 0);
    let network = adam.step(1e-2, network, of_network);
    let bytes = adam.to_bytes().unwrap();

    let refused = |optimizer: NetworkOptimizer, bytes: Vec<u8>, network: &nn::Linear| {
        let error = optimizer.with_bytes(bytes, network).unwrap_err();
        assert!(matches!(error, GanError::State { .. }));
        error.to_string()
    };
    let rms_prop = NetworkOptimizer::from(RmsPropConfig::new().build());
    let message = refused(rms_prop, bytes.clone(), &network);
    assert_eq!(message, "optimizer: `bias` is of another optimiser");
    let without_bias = nn::LinearConfig::new(3, 2)
        .with_bias(false)
        .init(&Device::flex());
    let message = refused(adam.clone(), bytes.clone(), &without_bias);
    assert_eq!(message, "optimizer: the network has no `bias`");
    for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
        refused(adam.clone(), bytes[..length].to_vec(), &network);
    }
}
