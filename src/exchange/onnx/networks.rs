//! Generators from noise as ONNX graphs: each is its forward pass, over the names of its tensors.

use super::graph::{Graph, Value};
use super::layers::Window;
use super::proto::{AttributeProto, integer};
use crate::model::{Codes, MlpConfig, ResnetConfig};
use crate::nn::Activation;

/// Slope of R3GAN's leaky ReLU below 0.
const LEAKY_RELU: Activation = Activation::LeakyRelu { slope: 0.2 };

/// Inputs of a generator from noise.
pub struct Inputs {
    pub latent: Value,
    pub labels: Value,
}

/// The latent vectors with the largest of the first values as a single 1.
pub fn coded(graph: &mut Graph, codes: Codes, latent: Value, width: usize) -> Value {
    if codes.categories == 0 {
        return latent;
    }
    let categories = integer(codes.categories);
    let mut part = |from: i64, to: i64| {
        let [from, to, axis] = [from, to, 1].map(|number| graph.numbers(&[number]));
        graph.node("Slice", &[&latent, &from, &to, &axis], [])
    };
    let first = part(0, categories);
    let rest = part(categories, integer(width));
    let attributes = [
        AttributeProto::int("axis", 1),
        AttributeProto::int("keepdims", 0),
    ];
    let category = graph.node("ArgMax", &[&first], attributes);
    let depth = graph.numbers(&[categories]);
    let values = graph.floats(&[0.0, 1.0]);
    let one_hot = graph.node("OneHot", &[&category, &depth, &values], []);
    if width == codes.categories {
        return one_hot;
    }
    graph.concatenated(&[&one_hot, &rest])
}

/// The latent vector with the learned vector of the class behind it, where there is one.
fn with_embedding(graph: &mut Graph, inputs: &Inputs) -> Value {
    let name = "embedding.weight";
    if !graph.has(name) {
        return inputs.latent.clone();
    }
    let embedding = graph.rows(name, &inputs.labels);
    graph.concatenated(&[&inputs.latent, &embedding])
}

/// Normalisation, activation, and what depends on the class, of an image.
fn activated(
    graph: &mut Graph,
    [norm, by_class]: [&str; 2],
    activation: Activation,
    x: &Value,
    labels: &Value,
) -> Value {
    let of_class = format!("{by_class}.norm");
    let x = if graph.has(&format!("{of_class}.weight")) {
        graph.conditional_batch_norm(&of_class, x, labels)
    } else if graph.has(&format!("{norm}.weight")) {
        graph.batch_norm(norm, x)
    } else {
        x.clone()
    };
    let x = graph.activation(activation, &x);
    modulated(graph, by_class, &x, labels, &[2, 3])
}

fn modulated(graph: &mut Graph, by_class: &str, x: &Value, labels: &Value, axes: &[i64]) -> Value {
    let name = format!("{by_class}.modulation");
    if graph.has(&format!("{name}.gamma")) {
        graph.modulated(&name, x, labels, axes)
    } else {
        x.clone()
    }
}

/// The names `list.0`, `list.1` .. of which the state has the tensor.
fn numbered(graph: &Graph, list: &str, tensor: &str) -> Vec<String> {
    let names = (0..).map(|index| format!("{list}.{index}"));
    names
        .take_while(|name| graph.has(&format!("{name}.{tensor}")))
        .collect()
}

pub fn mlp(graph: &mut Graph, config: &MlpConfig, inputs: &Inputs) -> Value {
    let mut x = with_embedding(graph, inputs);
    let leaky = Activation::LeakyRelu {
        slope: config.slope,
    };
    for index in 0..config.hidden.len() {
        let layer = graph.linear(&format!("layers.{index}"), &x);
        let layer = graph.activation(leaky, &layer);
        x = modulated(
            graph,
            &format!("by_class.{index}"),
            &layer,
            &inputs.labels,
            &[],
        );
    }
    let last = graph.linear(&format!("layers.{}", config.hidden.len()), &x);
    graph.activation(config.output, &last)
}

pub fn dcgan(graph: &mut Graph, inputs: &Inputs) -> Value {
    let latent = with_embedding(graph, inputs);
    let relu = Activation::Relu;
    let x = graph.stem("stem", &latent);
    let names = ["stem_norm", "stem_by_class"];
    let mut x = activated(graph, names, relu, &x, &inputs.labels);
    for up in numbered(graph, "hidden", "convolution.weight") {
        let y = graph.transposed(&format!("{up}.convolution"), &x, Window::resized(0));
        let names = ["norm", "by_class"].map(|part| format!("{up}.{part}"));
        x = activated(
            graph,
            names.each_ref().map(String::as_str),
            relu,
            &y,
            &inputs.labels,
        );
    }
    let x = graph.transposed("last", &x, Window::resized(0));
    graph.activation(Activation::Tanh, &x)
}

pub fn resnet(graph: &mut Graph, config: &ResnetConfig, inputs: &Inputs) -> Value {
    let latent = with_embedding(graph, inputs);
    let (relu, channels) = (Activation::Relu, graph.shape("stem.bias"));
    let channels = channels.first().copied().unwrap_or(1);
    let mut x = graph.stem("stem", &latent);
    let blocks = numbered(graph, "blocks", "first.weight");
    for (index, block) in blocks.iter().enumerate() {
        let halvings = blocks.len() - 1 - index;
        let half = |graph: &mut Graph, part: &str, x: &Value, doubles: bool| {
            let names = [
                format!("{block}.{part}_norm"),
                format!("{block}.{part}_by_class"),
            ];
            let names = names.each_ref().map(String::as_str);
            let y = activated(graph, names, relu, x, &inputs.labels);
            let y = if doubles {
                graph.upsample_nearest(&y)
            } else {
                y
            };
            graph.convolution(&format!("{block}.{part}"), &y, channels, Window::kept(1))
        };
        let y = half(graph, "first", &x, true);
        let y = half(graph, "second", &y, false);
        let shortcut = graph.pointwise(&format!("{block}.shortcut"), &x);
        let shortcut = graph.upsample_nearest(&shortcut);
        x = graph.node("Add", &[&shortcut, &y], []);
        let attention = format!("{block}.attention");
        if graph.has(&format!("{attention}.gamma")) {
            let size = [config.height, config.width].map(|side| side >> halvings);
            x = graph.self_attention(&attention, &x, size);
        }
    }
    let x = activated(graph, ["norm", "by_class"], relu, &x, &inputs.labels);
    let x = graph.convolution("last", &x, channels, Window::kept(1));
    graph.activation(Activation::Tanh, &x)
}

pub fn r3gan(graph: &mut Graph, inputs: &Inputs) -> Value {
    let latent = with_embedding(graph, inputs);
    let scales = graph.linear("linear", &latent);
    let scales = graph.with_axes(&scales, &[2, 3]);
    let basis = graph.weight("basis");
    let x = graph.node("Mul", &[&scales, &basis], []);
    let mut x = r3gan_blocks(graph, ["first", "first_by_class"], x, &inputs.labels);
    for stage in numbered(graph, "stages", "blocks.0.first.weight") {
        let transition = format!("{stage}.transition");
        if graph.has(&format!("{transition}.weight")) {
            x = graph.pointwise(&transition, &x);
        }
        x = graph.upsample_bilinear(&x);
        let names = ["blocks", "by_class"].map(|part| format!("{stage}.{part}"));
        x = r3gan_blocks(
            graph,
            names.each_ref().map(String::as_str),
            x,
            &inputs.labels,
        );
    }
    graph.pointwise("last", &x)
}

fn r3gan_blocks(
    graph: &mut Graph,
    [blocks, by_class]: [&str; 2],
    x: Value,
    labels: &Value,
) -> Value {
    let names = numbered(graph, blocks, "first.weight");
    names.iter().enumerate().fold(x, |x, (index, block)| {
        let wide = graph.shape(&format!("{block}.first.bias"));
        let wide = wide.first().copied().unwrap_or(1);
        let y = graph.pointwise(&format!("{block}.first"), &x);
        let y = graph.activation(LEAKY_RELU, &y);
        let y = graph.convolution(&format!("{block}.second"), &y, wide, Window::kept(1));
        let y = graph.activation(LEAKY_RELU, &y);
        let y = graph.pointwise(&format!("{block}.third"), &y);
        let x = graph.node("Add", &[&x, &y], []);
        modulated(graph, &format!("{by_class}.{index}"), &x, labels, &[2, 3])
    })
}
