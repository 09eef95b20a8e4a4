//! An optimiser for a whole network: Burn's own rules to the bit, and a memory that survives being written down.

use crate::common::{stream, values};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::{Module, ParamGroup};
use burn::nn;
use burn::optim::{
    AdaGradConfig, AdamConfig, AdamWConfig, AdanConfig, GradientsParams, LambConfig, LionConfig,
    ModuleOptimizer, MuonConfig, RmsPropConfig, SgdConfig,
};
use burn::tensor::{Device, FloatDType, Tensor};
use burn_gan::optimizer::{
    NetworkOptimizer, OptimizerConfig, OptimizerError, ScheduledAdamConfig, UpdateRule,
};
use burn_gan::{Identity, Kernels};

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
    // A bound that every gradient here is longer than, and one that none is.
    let tight = Some(GradientClippingConfig::Norm(0.1));
    let loose = Some(GradientClippingConfig::Norm(1e6));
    let mut clipped_moves = Vec::new();
    for clipping in [tight, loose, None] {
        clipped_moves.push(moves(clipping));
    }
    let [tight, loose, none] = &clipped_moves[..] else {
        panic!("three runs")
    };
    assert_eq!(loose, none);
    for ((name, clipped), (_, free)) in tight.iter().zip(none) {
        assert_ne!(clipped, free, "{name} does not clip");
    }
}

/// The weights after some steps of each configuration, the same as those of Burn's own optimiser.
///
/// A long gradient comes first and short ones the other way follow, so that clipping turns a momentum round: a rule
/// that takes signs only would not show it otherwise.
fn moves(clipping: Option<GradientClippingConfig>) -> Vec<(&'static str, Vec<f64>)> {
    let adam = AdamConfig::new().with_grad_clipping(clipping.clone());
    let adam_w = AdamWConfig::new().with_grad_clipping(clipping.clone());
    let rms_prop = RmsPropConfig::new().with_grad_clipping(clipping.clone());
    let ada_grad = AdaGradConfig::new().with_grad_clipping(clipping.clone());
    let adan = AdanConfig::new().with_grad_clipping(clipping.clone());
    let lamb = LambConfig::new().with_grad_clipping(clipping.clone());
    let lion = LionConfig::new().with_grad_clipping(clipping.clone());
    let sgd = SgdConfig::new().with_gradient_clipping(clipping);
    let pairs: [(OptimizerConfig, ModuleOptimizer); 8] = [
        (OptimizerConfig::AdaGrad(ada_grad.clone()), ada_grad.init()),
        (OptimizerConfig::Adan(adan.clone()), adan.init()),
        (OptimizerConfig::Lamb(lamb.clone()), lamb.init()),
        (OptimizerConfig::Lion(lion.clone()), lion.init()),
        (OptimizerConfig::Adam(adam.clone()), adam.init()),
        (OptimizerConfig::AdamW(adam_w.clone()), adam_w.init()),
        (OptimizerConfig::RmsProp(rms_prop.clone()), rms_prop.init()),
        (OptimizerConfig::Sgd(sgd.clone()), sgd.init()),
    ];
    let gradients = |layer: &nn::Linear, step: u64| {
        let x: Tensor<2> = stream(step).normal([4, 3], &Device::flex().autodiff());
        let scale = if step == 0 { 100.0 } else { -1.0 };
        let loss = layer.forward(x).square().mean() * scale;
        GradientsParams::from_grads(loss.backward(), layer)
    };
    let mut moved = Vec::new();
    for (ours, mut burns) in pairs {
        let name = match &ours {
            OptimizerConfig::AdaGrad(_) => "AdaGrad",
            OptimizerConfig::Adan(_) => "Adan",
            OptimizerConfig::Lamb(_) => "Lamb",
            OptimizerConfig::Lion(_) => "Lion",
            OptimizerConfig::Adam(_) => "Adam",
            OptimizerConfig::AdamW(_) => "AdamW",
            OptimizerConfig::RmsProp(_) => "RmsProp",
            OptimizerConfig::Sgd(_) => "Sgd",
            other => panic!("{other:?} is in no pair"),
        };
        let mut ours = ours.init().unwrap();
        let (mut left, mut right) = (layer(), layer());
        for step in 0..4 {
            let (of_left, of_right) = (gradients(&left, step), gradients(&right, step));
            left = ours.step(1e-2, left, of_left);
            right = burns.step(1e-2, right, of_right);
        }
        assert_eq!(weights(&left), weights(&right), "{name}");
        moved.push((name, weights(&left)));
    }
    moved
}

fn adam() -> NetworkOptimizer {
    OptimizerConfig::Adam(AdamConfig::new()).init().unwrap()
}

fn sgd() -> UpdateRule {
    OptimizerConfig::Sgd(SgdConfig::new()).rule().unwrap()
}

#[test]
fn groups_by_identity_and_by_path_are_the_same_groups() {
    let network = layer();
    let by_id = ParamGroup::from_ids(vec![network.weight.id]);
    let by_path = ParamGroup::from_path("weight");
    let steps = |group: ParamGroup| {
        let mut optimizer = adam().with_group(group, sgd());
        let mut network = network.clone();
        for step in 0..3 {
            let gradients = gradients(&network, step);
            network = optimizer.step(1e-2, network, gradients);
        }
        (weights(&network), optimizer.to_bytes().unwrap())
    };
    assert_eq!(steps(by_id.clone()), steps(by_path));
    assert_ne!(
        steps(by_id.clone()).0,
        steps(ParamGroup::from_path("bias")).0
    );

    // What is remembered is that of the rule by identity, after a resume too.
    let momentum = burn::optim::momentum::MomentumConfig::new();
    let momentum = OptimizerConfig::Sgd(SgdConfig::new().with_momentum(Some(momentum)));
    let fresh = |network: &nn::Linear| {
        let group = ParamGroup::from_ids(vec![network.weight.id]);
        adam().with_group(group, momentum.rule().unwrap())
    };
    let mut whole = fresh(&network);
    let of_network = gradients(&network, 0);
    let network = whole.step(1e-2, network, of_network);
    let bytes = whole.to_bytes().unwrap();
    let other = layer();
    assert_ne!(other.weight.id, network.weight.id);
    let resumed = fresh(&other).with_bytes(bytes.clone(), &other).unwrap();
    assert_eq!(resumed.to_bytes().unwrap(), bytes);
}

#[test]
fn a_group_without_parameters_is_named() {
    let network = layer();
    let of_another = ParamGroup::ids_from_module(layer());
    let mistyped = adam().with_group(ParamGroup::from_path("wieght"), sgd());
    let strange = adam().with_group(of_another, sgd());
    let fitting = adam().with_group(ParamGroup::from_path("bias"), sgd());
    for (optimizer, unused) in [(mistyped, 1), (strange, 1), (fitting, 0)] {
        assert_eq!(optimizer.groups_without_parameters(&network).len(), unused);
    }
}

#[test]
fn settings_are_part_of_what_an_optimizer_is() {
    let identity = |config: AdamConfig| {
        let optimizer = OptimizerConfig::Adam(config).init().unwrap();
        optimizer.identities()
    };
    let plain = identity(AdamConfig::new());
    assert_eq!(plain[0].name, "Adam");
    assert_eq!(plain, identity(AdamConfig::new()));
    assert_ne!(plain, identity(AdamConfig::new().with_beta_1(0.5)));
    let clipping = Some(GradientClippingConfig::Norm(1.0));
    assert_ne!(
        plain,
        identity(AdamConfig::new().with_grad_clipping(clipping))
    );
    let scheduled = |beta_2| {
        let schedule = burn_gan::Schedule::Constant(beta_2);
        ScheduledAdamConfig::new(schedule).init().unwrap()
    };
    assert_ne!(scheduled(0.9).identities(), scheduled(0.99).identities());
    // One that is built says what it is itself.
    let muon = UpdateRule::new(Identity::new("Muon", 1), MuonConfig::new().build());
    let muon = muon.with_clipping(&GradientClippingConfig::Value(0.5));
    let muon = NetworkOptimizer::from(muon).identities();
    assert_eq!(muon[0].name, "Muon");
    assert_eq!(muon[0].settings.len(), 1);
}

#[test]
fn a_memory_written_down_goes_on_with_the_same_bits() {
    let momentum = burn::optim::momentum::MomentumConfig::new();
    let schedule = burn_gan::Schedule::Constant(0.9);
    let amsgrad = AdamConfig::new().with_amsgrad(true);
    let momentum = SgdConfig::new().with_momentum(Some(momentum));
    let rms_prop = OptimizerConfig::RmsProp(RmsPropConfig::new());
    let rules: Vec<NetworkOptimizer> = vec![
        OptimizerConfig::Adam(amsgrad).init().unwrap(),
        OptimizerConfig::Sgd(SgdConfig::new()).init().unwrap(),
        OptimizerConfig::Sgd(momentum)
            .init()
            .unwrap()
            .with_group(ParamGroup::from_predicate("bias"), rms_prop.rule().unwrap()),
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
    let mut adam = adam();
    let network = layer();
    let of_network = gradients(&network, 0);
    let network = adam.step(1e-2, network, of_network);
    let bytes = adam.to_bytes().unwrap();

    let refused = |optimizer: NetworkOptimizer, bytes: Vec<u8>, network: &nn::Linear| {
        optimizer.with_bytes(bytes, network).unwrap_err()
    };
    let rms_prop = OptimizerConfig::RmsProp(RmsPropConfig::new());
    let error = refused(rms_prop.init().unwrap(), bytes.clone(), &network);
    assert_eq!(
        error.to_string(),
        "optimizer: `bias` is of another optimiser"
    );
    let without_bias = nn::LinearConfig::new(3, 2)
        .with_bias(false)
        .init(&Device::flex());
    let error = refused(adam.clone(), bytes.clone(), &without_bias);
    assert_eq!(error.to_string(), "optimizer: the network has no `bias`");
    let wider = nn::LinearConfig::new(4, 2).init(&Device::flex());
    let error = refused(adam.clone(), bytes.clone(), &wider);
    assert!(matches!(error, OptimizerError::Shape { .. }), "{error}");
    for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
        let error = refused(adam.clone(), bytes[..length].to_vec(), &network);
        assert!(matches!(error, OptimizerError::Format { .. }), "{error}");
    }
}

/// What a checkpoint records of a trainer with these optimisers.
fn description(optimizer: AdamConfig) -> serde_json::Value {
    use burn_gan::Persistent;
    let device = Device::flex().autodiff();
    let networks = burn_gan::model::MlpConfig::new(2).with_hidden(vec![4]);
    let batch = burn_gan::Batch::new(Tensor::<2>::ones([2, 2], &device));
    let optimizer = OptimizerConfig::Adam(optimizer).init().unwrap();
    let trainer = burn_gan::trainer::GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &batch,
        )
        .unwrap();
    trainer
        .with_optimizers(optimizer.clone(), optimizer)
        .description()
        .unwrap()
}

#[test]
fn settings_of_optimizers_given_to_a_trainer_count_at_resume() {
    let plain = description(AdamConfig::new());
    assert_eq!(plain, description(AdamConfig::new()));
    assert_ne!(plain, description(AdamConfig::new().with_beta_2(0.99)));
}

/// A single parameter of any length.
#[derive(Module, Debug)]
struct Vector {
    weight: burn::module::Param<Tensor<1>>,
}

/// The weights after some steps along random gradients, of which some are 0, tiny or huge.
fn along_random_gradients(
    fresh: &NetworkOptimizer,
    size: usize,
    dtype: FloatDType,
    kernels: Kernels,
) -> (Vec<f64>, NetworkOptimizer) {
    let device = Device::flex().autodiff();
    let mut random = stream(size as u64);
    let mut draw = || {
        let values = random.normal::<1>([size], &device.clone().without_autodiff());
        values.cast(dtype)
    };
    let weight = draw().autodiff().require_grad();
    let mut network = Vector {
        weight: burn::module::Param::from_tensor(weight),
    };
    let mut optimizer = fresh.clone();
    kernels.scope(|| {
        for scale in [1.0, 0.0, 1e-12, 1e6, 1.0] {
            let mut gradients = GradientsParams::new();
            gradients.register(network.weight.id, draw() * scale);
            network = optimizer.step(1e-2, network.clone(), gradients);
        }
    });
    (values(network.weight.val()), optimizer)
}

#[test]
fn adam_in_one_pass_is_adam() {
    let adam = |beta_1: f32, beta_2: f32| AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2);
    let burn_in = burn_gan::Schedule::CosineBurnIn {
        from: 0.9,
        to: 0.99,
        steps: 4,
    };
    let optimizers = [
        OptimizerConfig::Adam(adam(0.5, 0.999).with_epsilon(1e-8)),
        OptimizerConfig::Adam(adam(0.0, 0.9)),
        OptimizerConfig::ScheduledAdam(ScheduledAdamConfig::new(burn_in)),
    ];
    for config in optimizers {
        let fresh = config.init().unwrap();
        for size in [1, 3, 31, 1000, 16_384, 16_385, 131_071, 131_072, 150_001] {
            let of = |dtype, kernels| along_random_gradients(&fresh, size, dtype, kernels);
            let (fast, memory) = of(FloatDType::F32, Kernels::Fast);
            let (portable, portable_memory) = of(FloatDType::F32, Kernels::Off);
            assert!(fast == portable, "{config:?}, {size}");
            assert!(memory.to_bytes().unwrap() == portable_memory.to_bytes().unwrap());
            // The same weights and gradients in double precision: a step is of the size of the rate.
            let (exact, _) = of(FloatDType::F64, Kernels::Fast);
            let error = fast.iter().zip(&exact).map(|(a, b)| (a - b).abs());
            let error = error.fold(0.0, f64::max);
            assert!(error < 2e-6, "{config:?}, {size}: {error}");
        }
    }
}

#[test]
fn a_step_leaves_what_it_started_from() {
    // What was trained is still held elsewhere, as the last good state of a trainer is.
    let mut optimizer = adam();
    let size = 40_000;
    let device = Device::flex().autodiff();
    let weight = stream(1).normal::<1>([size], &device).require_grad();
    let gradient = || stream(2).normal::<1>([size], &Device::flex());
    let start = Vector {
        weight: burn::module::Param::from_tensor(weight),
    };
    let step = |optimizer: &mut NetworkOptimizer, network: &Vector| {
        let mut gradients = GradientsParams::new();
        gradients.register(network.weight.id, gradient());
        optimizer.step(1e-2, network.clone(), gradients)
    };
    let first = step(&mut optimizer, &start);
    let (kept, memory) = (first.clone(), optimizer.clone());
    let before = (values(kept.weight.val()), memory.to_bytes().unwrap());
    let mut network = first;
    for _ in 0..3 {
        network = step(&mut optimizer, &network);
    }
    let after = (values(kept.weight.val()), memory.to_bytes().unwrap());
    assert!(before == after);
    let (mut again, mut network_again) = (memory, kept);
    for _ in 0..3 {
        network_again = step(&mut again, &network_again);
    }
    assert!(values(network.weight.val()) == values(network_again.weight.val()));
}
