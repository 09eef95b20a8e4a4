//! The layers of generators as ONNX operations, over images `[N, C, H, W]`.

use super::graph::{Graph, Value};
use super::proto::{AttributeProto, integer};
use crate::nn::Activation;

/// Added to a variance by every normalisation of the networks.
const EPSILON: f64 = 1e-5;

/// How a convolution goes over the image.
#[derive(Clone, Copy)]
pub struct Window {
    pub stride: usize,
    pub padding: usize,
    /// Rows and columns that a transposed convolution adds at the end.
    pub surplus: usize,
}

impl Window {
    /// Keeps the image, or makes it smaller by the kernel.
    pub const fn kept(padding: usize) -> Self {
        Self {
            stride: 1,
            padding,
            surplus: 0,
        }
    }

    /// Halves or doubles the image.
    pub const fn resized(surplus: usize) -> Self {
        Self {
            stride: 2,
            padding: 1,
            surplus,
        }
    }
}

/// What a network needs of ONNX; `name` is that of a layer in the state.
impl Graph<'_> {
    /// `x W^T + b`.
    pub fn linear(&mut self, name: &str, x: &Value) -> Value {
        let inputs = self.with_weights(name, x);
        let inputs: Vec<&Value> = inputs.iter().collect();
        self.node("Gemm", &inputs, [AttributeProto::int("transB", 1)])
    }

    /// A convolution of an image with this many channels.
    pub fn convolution(&mut self, name: &str, x: &Value, channels: usize, window: Window) -> Value {
        let shape = self.shape(&format!("{name}.weight"));
        let of_group = shape.get(1).copied().unwrap_or(channels).max(1);
        let attributes = [AttributeProto::int("group", channels / of_group)];
        self.windowed("Conv", name, x, window, attributes)
    }

    /// A 1x1 convolution.
    pub fn pointwise(&mut self, name: &str, x: &Value) -> Value {
        self.windowed("Conv", name, x, Window::kept(0), [])
    }

    /// A transposed convolution.
    pub fn transposed(&mut self, name: &str, x: &Value, window: Window) -> Value {
        let surplus = AttributeProto::ints("output_padding", &[window.surplus; 2]);
        self.windowed("ConvTranspose", name, x, window, [surplus])
    }

    fn windowed<const N: usize>(
        &mut self,
        operator: &str,
        name: &str,
        x: &Value,
        window: Window,
        attributes: [AttributeProto; N],
    ) -> Value {
        let inputs = self.with_weights(name, x);
        let inputs: Vec<&Value> = inputs.iter().collect();
        let of_window = [
            AttributeProto::ints("strides", &[window.stride; 2]),
            AttributeProto::ints("pads", &[window.padding; 4]),
        ];
        self.node(operator, &inputs, of_window.into_iter().chain(attributes))
    }

    /// The input, the layer's weight, and its bias where it has one.
    fn with_weights(&mut self, name: &str, x: &Value) -> Vec<Value> {
        let mut inputs = vec![x.clone(), self.weight(&format!("{name}.weight"))];
        let bias = format!("{name}.bias");
        if self.has(&bias) {
            inputs.push(self.weight(&bias));
        }
        inputs
    }

    /// Latent vectors `[N, z]` to the first image: a transposed convolution of one pixel.
    pub fn stem(&mut self, name: &str, latent: &Value) -> Value {
        let pixel = self.with_axes(latent, &[2, 3]);
        self.transposed(name, &pixel, Window::kept(0))
    }

    /// Further axes of size 1.
    pub fn with_axes(&mut self, x: &Value, axes: &[i64]) -> Value {
        let axes = self.numbers(axes);
        self.node("Unsqueeze", &[x, &axes], [])
    }

    /// Batch normalisation by the running statistics.
    pub fn batch_norm(&mut self, name: &str, x: &Value) -> Value {
        let [weight, bias] =
            ["weight", "bias"].map(|tensor| self.weight(&format!("{name}.{tensor}")));
        self.standardized(name, x, [&weight, &bias])
    }

    fn standardized(&mut self, name: &str, x: &Value, [weight, bias]: [&Value; 2]) -> Value {
        let [mean, variance] =
            ["running_mean", "running_var"].map(|tensor| self.weight(&format!("{name}.{tensor}")));
        let inputs = [x, weight, bias, &mean, &variance];
        self.node(
            "BatchNormalization",
            &inputs,
            [AttributeProto::float("epsilon", EPSILON)],
        )
    }

    /// Batch normalisation with a scale and a shift of each class.
    pub fn conditional_batch_norm(&mut self, name: &str, x: &Value, labels: &Value) -> Value {
        let channels = self.shape(&format!("{name}.running_mean"));
        let [one, zero] = [1.0, 0.0].map(|value| self.filled(&channels, value));
        let x = self.standardized(name, x, [&one, &zero]);
        let [scale, shift] = ["weight", "bias"].map(|tensor| {
            let rows = self.rows(&format!("{name}.{tensor}"), labels);
            self.with_axes(&rows, &[2, 3])
        });
        let x = self.node("Mul", &[&x, &scale], []);
        self.node("Add", &[&x, &shift], [])
    }

    /// `(1 + gamma) x + beta` with numbers of each class; an image where `axes` has its axes.
    pub fn modulated(&mut self, name: &str, x: &Value, labels: &Value, axes: &[i64]) -> Value {
        let [gamma, beta] = ["gamma", "beta"].map(|tensor| {
            let rows = self.rows(&format!("{name}.{tensor}"), labels);
            if axes.is_empty() {
                rows
            } else {
                self.with_axes(&rows, axes)
            }
        });
        let one = self.filled(&[1], 1.0);
        let scale = self.node("Add", &[&gamma, &one], []);
        let x = self.node("Mul", &[x, &scale], []);
        self.node("Add", &[&x, &beta], [])
    }

    /// The row of each label.
    pub fn rows(&mut self, name: &str, labels: &Value) -> Value {
        let table = self.weight(name);
        self.node("Gather", &[&table, labels], [])
    }

    /// Instance normalisation without scale and shift.
    pub fn instance_norm(&mut self, x: &Value, channels: usize) -> Value {
        let [one, zero] = [1.0, 0.0].map(|value| self.filled(&[channels], value));
        self.node(
            "InstanceNormalization",
            &[x, &one, &zero],
            [AttributeProto::float("epsilon", EPSILON)],
        )
    }

    /// An activation function.
    pub fn activation(&mut self, activation: Activation, x: &Value) -> Value {
        match activation {
            Activation::Identity => x.clone(),
            Activation::Relu => self.node("Relu", &[x], []),
            Activation::LeakyRelu { slope } => {
                self.node("LeakyRelu", &[x], [AttributeProto::float("alpha", slope)])
            }
            Activation::Tanh => self.node("Tanh", &[x], []),
            Activation::Silu => {
                let gate = self.node("Sigmoid", &[x], []);
                self.node("Mul", &[x, &gate], [])
            }
            Activation::Softplus => self.node("Softplus", &[x], []),
        }
    }

    /// Every pixel four times.
    pub fn upsample_nearest(&mut self, x: &Value) -> Value {
        let attributes = [
            AttributeProto::string("mode", "nearest"),
            AttributeProto::string("nearest_mode", "floor"),
            AttributeProto::string("coordinate_transformation_mode", "asymmetric"),
        ];
        self.doubled(x, attributes)
    }

    /// Bilinear interpolation at twice the size.
    pub fn upsample_bilinear(&mut self, x: &Value) -> Value {
        let attributes = [
            AttributeProto::string("mode", "linear"),
            AttributeProto::string("coordinate_transformation_mode", "half_pixel"),
        ];
        self.doubled(x, attributes)
    }

    fn doubled<const N: usize>(&mut self, x: &Value, attributes: [AttributeProto; N]) -> Value {
        let scales = self.floats(&[1.0, 1.0, 2.0, 2.0]);
        // The second input is a region of interest, which these modes do not have.
        self.node("Resize", &[x, &Value::input(""), &scales], attributes)
    }

    /// The image reflected at its edges.
    pub fn reflection_pad(&mut self, x: &Value, padding: usize) -> Value {
        let padding = integer(padding);
        let pads = self.numbers(&[0, 0, padding, padding, 0, 0, padding, padding]);
        let attributes = [AttributeProto::string("mode", "reflect")];
        self.node("Pad", &[x, &pads], attributes)
    }

    /// Self-attention over an image of this height and width.
    pub fn self_attention(&mut self, name: &str, x: &Value, [height, width]: [usize; 2]) -> Value {
        let [query, key, value] = ["query", "key", "value"].map(|part| {
            let projected = self.pointwise(&format!("{name}.{part}"), x);
            let is_pooled = part != "query";
            let sides = [height, width].map(|side| side.min(2));
            let attributes =
                || ["kernel_shape", "strides"].map(|of| AttributeProto::ints(of, &sides));
            let projected = if is_pooled {
                self.node("MaxPool", &[&projected], attributes())
            } else {
                projected
            };
            // The pixels of each channel in a row.
            let shape = self.numbers(&[0, 0, -1]);
            self.node("Reshape", &[&projected, &shape], [])
        });
        let swapped = || [AttributeProto::ints("perm", &[0, 2, 1])];
        let query = self.node("Transpose", &[&query], swapped());
        let scores = self.node("MatMul", &[&query, &key], []);
        let beta = self.node("Softmax", &[&scores], [AttributeProto::int("axis", 2)]);
        let beta = self.node("Transpose", &[&beta], swapped());
        let attended = self.node("MatMul", &[&value, &beta], []);
        let shape = self.numbers(&[0, 0, integer(height), integer(width)]);
        let attended = self.node("Reshape", &[&attended, &shape], []);
        let output = self.pointwise(&format!("{name}.output"), &attended);
        let gamma = self.weight(&format!("{name}.gamma"));
        let output = self.node("Mul", &[&output, &gamma], []);
        self.node("Add", &[x, &output], [])
    }

    /// Tensors one behind the other on the second axis.
    pub fn concatenated(&mut self, parts: &[&Value]) -> Value {
        self.node("Concat", parts, [AttributeProto::int("axis", 1)])
    }
}
