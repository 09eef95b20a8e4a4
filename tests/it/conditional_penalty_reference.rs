//! Exact gradient penalties of critics with classes against PyTorch's double backward: value and every parameter's
//! gradient, that of the class embedding too. The reference values come from `tests/golden/conditional_penalties.py`.

use crate::common::penalty_reference::{CURVED, PIECEWISE_LINEAR, check, mlp_table, processors};
use crate::common::reference::{HALVING, Layout, Reference, SAME_SIZE, Table, table};
use burn::tensor::Device;
use burn_gan::Labels;
use burn_gan::model::{
    DcganConfig, DiscriminatorCondition, MlpConfig, Normalization, ResnetConfig,
};

const CLASSES: Option<usize> = Some(4);

/// The case of this name and its labels.
fn reference(name: &str, device: &Device) -> (Reference, Labels) {
    let reference = Reference::load("conditional_penalties", name);
    let labels = reference.labels(&device.clone().inner());
    (reference, labels)
}

fn mlp(
    name: &str,
    condition: DiscriminatorCondition,
    further: Table,
    device: &Device,
    tolerances: [f64; 2],
) {
    let critic = MlpConfig::new(2)
        .with_hidden(vec![16, 16])
        .with_classes(CLASSES)
        .with_discriminator_condition(condition)
        .init_discriminator(device)
        .unwrap();
    let mut table = mlp_table();
    table.extend(further);
    let (reference, labels) = reference(name, device);
    check::<2, _, _>(&reference, critic, &labels, &table, device, tolerances);
}

fn mlp_with_a_projection(device: &Device, tolerances: [f64; 2]) {
    let further = table(&[("heads.projection.weight", "embedding", Layout::Vector)]);
    let condition = DiscriminatorCondition::Projection;
    mlp("mlp_projection", condition, further, device, tolerances);
}

fn mlp_with_a_classifier(device: &Device, tolerances: [f64; 2]) {
    let further = table(&[
        ("heads.auxiliary.weight", "auxiliary.weight", Layout::Linear),
        ("heads.auxiliary.bias", "auxiliary.bias", Layout::Vector),
    ]);
    let condition = DiscriminatorCondition::AuxiliaryClassifier;
    mlp("mlp_auxiliary", condition, further, device, tolerances);
}

fn convolutional(device: &Device, tolerances: [f64; 2]) {
    let critic = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_base_size(2)
        .with_discriminator_normalization(Normalization::None)
        .with_classes(CLASSES)
        .with_discriminator_condition(DiscriminatorCondition::Projection)
        .init_discriminator(device)
        .unwrap();
    let table = table(&[
        ("first.weight", "0.weight", HALVING),
        ("first.bias", "0.bias", Layout::Vector),
        ("hidden.0.convolution.weight", "1.weight", HALVING),
        ("hidden.0.convolution.bias", "1.bias", Layout::Vector),
        ("head.weight", "head.weight", Layout::Head),
        ("head.bias", "head.bias", Layout::Vector),
        ("heads.projection.weight", "embedding", Layout::ImageRows),
    ]);
    let (reference, labels) = reference("convolutional_projection", device);
    check::<4, _, _>(&reference, critic, &labels, &table, device, tolerances);
}

/// A residual critic: two blocks that halve and one that does not.
fn resnet() -> ResnetConfig {
    ResnetConfig::new(1, 8, 8)
        .with_filters(4)
        .with_base_size(2)
        .with_unscaled_blocks(1)
        .with_classes(CLASSES)
}

/// Its parameters but those of its condition and its self-attention.
fn resnet_table() -> Table {
    let mut table = table(&[
        ("linear.weight", "linear.weight", Layout::Linear),
        ("linear.bias", "linear.bias", Layout::Vector),
    ]);
    for (index, (block, has_shortcut)) in [("first", true), ("down.0", true), ("unscaled.0", false)]
        .into_iter()
        .enumerate()
    {
        let shortcut = has_shortcut.then_some("shortcut");
        for layer in ["first", "second"].into_iter().chain(shortcut) {
            for (parameter, layout) in [("weight", SAME_SIZE), ("bias", Layout::Vector)] {
                let path = format!("{block}.{layer}.{parameter}");
                table.push((path, format!("{index}.{layer}.{parameter}"), layout));
            }
        }
    }
    table
}

fn residual(device: &Device, tolerances: [f64; 2]) {
    let critic = resnet()
        .with_discriminator_condition(DiscriminatorCondition::Projection)
        .init_discriminator(device)
        .unwrap();
    let mut parameters = resnet_table();
    let projection = ("heads.projection.weight", "embedding", Layout::Vector);
    parameters.extend(table(&[projection]));
    let (reference, labels) = reference("residual_projection", device);
    check::<4, _, _>(&reference, critic, &labels, &parameters, device, tolerances);
}

fn attention(device: &Device, tolerances: [f64; 2]) {
    let critic = resnet()
        .with_discriminator_condition(DiscriminatorCondition::Concatenation)
        .with_attention(Some(4))
        .init_discriminator(device)
        .unwrap();
    let mut parameters = resnet_table();
    parameters.extend(table(&[
        ("embedding.weight", "embedding", Layout::ImageRows),
        ("first.attention.gamma", "gamma", Layout::Vector),
    ]));
    for layer in ["key", "query", "value", "output"] {
        let path = format!("first.attention.{layer}.weight");
        parameters.push((path, format!("{layer}.weight"), SAME_SIZE));
    }
    let (reference, labels) = reference("attention_concatenation", device);
    check::<4, _, _>(&reference, critic, &labels, &parameters, device, tolerances);
}

#[test]
fn an_mlp_with_a_projection() {
    for device in processors() {
        mlp_with_a_projection(&device, PIECEWISE_LINEAR);
    }
}

/// Its class logits are no part of the penalty.
#[test]
fn an_mlp_with_an_auxiliary_classifier() {
    for device in processors() {
        mlp_with_a_classifier(&device, PIECEWISE_LINEAR);
    }
}

#[test]
fn a_convolutional_critic_with_a_projection() {
    for device in processors() {
        convolutional(&device, PIECEWISE_LINEAR);
    }
}

#[test]
fn a_residual_critic_with_a_projection() {
    for device in processors() {
        residual(&device, PIECEWISE_LINEAR);
    }
}

/// Self-attention makes it curved: the penalty has a gradient in the embedding.
#[test]
fn a_residual_critic_with_attention_and_the_class_as_an_input() {
    for device in processors() {
        attention(&device, CURVED);
    }
}

#[test]
#[cfg(feature = "wgpu")]
fn on_wgpu() {
    use crate::common::penalty_reference::ON_WGPU;

    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice).autodiff();
    mlp_with_a_projection(&device, ON_WGPU);
    mlp_with_a_classifier(&device, ON_WGPU);
    convolutional(&device, ON_WGPU);
    residual(&device, ON_WGPU);
    attention(&device, ON_WGPU);
}
