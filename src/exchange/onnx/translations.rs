//! Generators from images as ONNX graphs.

use super::graph::{Graph, Value};
use super::layers::Window;
use crate::model::{Normalization, Padding, TranslatorConfig, UnetConfig};
use crate::nn::Activation;

/// Slope of the U-Net's leaky ReLU below 0.
const LEAKY_RELU: Activation = Activation::LeakyRelu { slope: 0.2 };

/// A convolution with its normalisation.
enum Direction {
    /// Keeps the image, with zeros around it.
    Same(usize),
    Halve,
    /// With rows and columns added at the end.
    Double(usize),
}

fn normalized(
    graph: &mut Graph,
    name: &str,
    x: &Value,
    direction: Direction,
    norm: Normalization,
) -> Value {
    let convolution = format!("{name}.convolution");
    let shape = graph.shape(&format!("{convolution}.weight"));
    let size = |axis: usize| shape.get(axis).copied().unwrap_or(1);
    let (inputs, outputs) = match direction {
        Direction::Double(_) => (size(0), size(1)),
        _ => (size(1), size(0)),
    };
    let x = match direction {
        Direction::Same(padding) => {
            graph.convolution(&convolution, x, inputs, Window::kept(padding))
        }
        Direction::Halve => graph.convolution(&convolution, x, inputs, Window::resized(0)),
        Direction::Double(surplus) => graph.transposed(&convolution, x, Window::resized(surplus)),
    };
    match norm {
        Normalization::Batch => graph.batch_norm(&format!("{name}.norm"), &x),
        Normalization::Instance => graph.instance_norm(&x, outputs),
        Normalization::None => x,
    }
}

/// Source images, and latent vectors where there are any.
pub fn unet(
    graph: &mut Graph,
    config: &UnetConfig,
    halvings: usize,
    latent: &Value,
    source: &Value,
) -> Value {
    let norm = config.normalization;
    let mut x = source.clone();
    if config.latent_size > 0 {
        let pixel = graph.with_axes(latent, &[2, 3]);
        let ones = graph.filled(&[config.height, config.width], 1.0);
        let everywhere = graph.node("Mul", &[&pixel, &ones], []);
        x = graph.concatenated(&[&x, &everywhere]);
    }
    let mut skipped = Vec::new();
    for level in 0..halvings {
        let is_innermost = level + 1 == halvings;
        let of_layer = if level == 0 || is_innermost {
            Normalization::None
        } else {
            norm
        };
        let name = format!("encoder.{level}");
        let y = normalized(graph, &name, &x, Direction::Halve, of_layer);
        if is_innermost {
            x = graph.activation(Activation::Relu, &y);
        } else {
            x = graph.activation(LEAKY_RELU, &y);
            skipped.push(graph.activation(Activation::Relu, &x));
        }
    }
    for index in 0..halvings {
        let is_last = index + 1 == halvings;
        let of_layer = if is_last { Normalization::None } else { norm };
        let name = format!("decoder.{index}");
        let y = normalized(graph, &name, &x, Direction::Double(0), of_layer);
        if is_last {
            return graph.activation(Activation::Tanh, &y);
        }
        x = graph.activation(Activation::Relu, &y);
        if let Some(skip) = skipped.pop() {
            x = graph.concatenated(&[&skip, &x]);
        }
    }
    x
}

/// Source images.
pub fn translator(graph: &mut Graph, config: &TranslatorConfig, source: &Value) -> Value {
    let (norm, relu) = (config.normalization, Activation::Relu);
    let reflects = config.padding == Padding::Reflection;
    let padding = |kernel: usize| if reflects { 0 } else { kernel / 2 };
    let pad = |graph: &mut Graph, x: &Value, kernel: usize| {
        if reflects {
            graph.reflection_pad(x, kernel / 2)
        } else {
            x.clone()
        }
    };
    let x = pad(graph, source, 7);
    let x = normalized(graph, "first", &x, Direction::Same(padding(7)), norm);
    let mut x = graph.activation(relu, &x);
    for level in 0..config.halvings {
        let y = normalized(graph, &format!("down.{level}"), &x, Direction::Halve, norm);
        x = graph.activation(relu, &y);
    }
    for index in 0..config.blocks() {
        let half = |graph: &mut Graph, part: &str, x: &Value| {
            let x = pad(graph, x, 3);
            let name = format!("blocks.{index}.{part}");
            normalized(graph, &name, &x, Direction::Same(padding(3)), norm)
        };
        let y = half(graph, "first", &x);
        let y = graph.activation(relu, &y);
        let y = half(graph, "second", &y);
        x = graph.node("Add", &[&x, &y], []);
    }
    for level in 0..config.halvings {
        let y = normalized(
            graph,
            &format!("up.{level}"),
            &x,
            Direction::Double(1),
            norm,
        );
        x = graph.activation(relu, &y);
    }
    let x = pad(graph, &x, 7);
    let x = graph.convolution("last", &x, config.filters, Window::kept(padding(7)));
    graph.activation(Activation::Tanh, &x)
}
