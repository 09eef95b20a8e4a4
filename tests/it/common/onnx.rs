//! ONNX files computed with plain loops, after the operators' specification (<https://onnx.ai/onnx/operators/>): the
//! operations that the library writes, with the attributes that it writes, and no others.

use std::collections::BTreeMap;

use burn_gan::exchange::StateDict;
use prost::Message;

#[path = "../../../src/exchange/onnx/proto.rs"]
mod proto;
use proto::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Values in row-major order.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The graph of a file.
pub struct Model(GraphProto);

impl Model {
    pub fn read(bytes: &[u8]) -> Self {
        Self(ModelProto::decode(bytes).unwrap().graph.unwrap())
    }

    /// The names of the inputs.
    pub fn inputs(&self) -> Vec<&str> {
        let inputs = self.0.input.iter();
        inputs.map(|input| input.name.as_str()).collect()
    }

    /// The output for these inputs.
    pub fn run(&self, inputs: &StateDict) -> Array {
        let mut known = BTreeMap::new();
        for tensor in &self.0.initializer {
            known.insert(tensor.name.clone(), constant(tensor));
        }
        for name in self.inputs() {
            let data = inputs.get(name).unwrap();
            let array = Array {
                shape: data.shape().to_vec(),
                values: data.iter().collect(),
            };
            known.insert(name.to_string(), array);
        }
        for node in &self.0.node {
            let result = compute(node, |index| known[&node.input[index]].clone());
            known.insert(node.output[0].clone(), result);
        }
        let output = &self.0.output[0];
        known.remove(&output.name).unwrap()
    }
}

fn constant(tensor: &TensorProto) -> Array {
    let bytes = &tensor.raw_data;
    Array {
        shape: tensor.dims.iter().map(|&size| size as usize).collect(),
        values: match tensor.data_type {
            proto::FLOAT => bytes
                .as_chunks()
                .0
                .iter()
                .map(|four| f64::from(f32::from_le_bytes(*four)))
                .collect(),
            _ => bytes
                .as_chunks()
                .0
                .iter()
                .map(|eight| i64::from_le_bytes(*eight) as f64)
                .collect(),
        },
    }
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> &'a AttributeProto {
    let mut attributes = node.attribute.iter();
    attributes.find(|attribute| attribute.name == name).unwrap()
}

fn ints(node: &NodeProto, name: &str) -> Vec<usize> {
    let values = attribute(node, name).ints.iter();
    values.map(|&value| value as usize).collect()
}

fn float(node: &NodeProto, name: &str) -> f64 {
    f64::from(attribute(node, name).f.unwrap())
}

fn text(node: &NodeProto, name: &str) -> String {
    String::from_utf8(attribute(node, name).s.clone().unwrap()).unwrap()
}

impl Array {
    fn of(shape: &[usize], value: impl Fn(&[usize]) -> f64) -> Self {
        let mut place = vec![0; shape.len()];
        let length: usize = shape.iter().product();
        let mut values = Vec::with_capacity(length);
        for _ in 0..length {
            values.push(value(&place));
            for axis in (0..shape.len()).rev() {
                place[axis] += 1;
                if place[axis] < shape[axis] {
                    break;
                }
                place[axis] = 0;
            }
        }
        Self {
            shape: shape.to_vec(),
            values,
        }
    }

    fn at(&self, place: &[usize]) -> f64 {
        let index = place.iter().zip(&self.shape);
        self.values[index.fold(0, |index, (place, size)| index * size + place)]
    }

    fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self {
            values: self.values.into_iter().map(function).collect(),
            ..self
        }
    }

    fn reshaped(self, shape: Vec<usize>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), self.values.len());
        Self { shape, ..self }
    }

    /// The value of a smaller array that is repeated along its axes of size 1.
    fn broadcast(&self, place: &[usize]) -> f64 {
        let behind = &place[place.len() - self.shape.len()..];
        let inside = behind.iter().zip(&self.shape);
        let place: Vec<usize> = inside
            .map(|(place, size)| place.min(&(size - 1)).to_owned())
            .collect();
        self.at(&place)
    }
}

fn both(a: &Array, b: &Array, function: impl Fn(f64, f64) -> f64) -> Array {
    let rank = a.shape.len().max(b.shape.len());
    let size = |array: &Array, axis: usize| {
        let missing = rank - array.shape.len();
        if axis < missing {
            1
        } else {
            array.shape[axis - missing]
        }
    };
    let shape: Vec<usize> = (0..rank)
        .map(|axis| size(a, axis).max(size(b, axis)))
        .collect();
    Array::of(&shape, |place| {
        function(a.broadcast(place), b.broadcast(place))
    })
}

fn compute(node: &NodeProto, input: impl Fn(usize) -> Array) -> Array {
    let bias = |channel: usize| {
        if node.input.len() > 2 {
            input(2).values[channel]
        } else {
            0.0
        }
    };
    match node.op_type.as_str() {
        "Identity" => input(0),
        "Relu" => input(0).map(|x| x.max(0.0)),
        "LeakyRelu" => {
            let slope = float(node, "alpha");
            input(0).map(|x| if x < 0.0 { slope * x } else { x })
        }
        "Tanh" => input(0).map(f64::tanh),
        "Add" => both(&input(0), &input(1), |a, b| a + b),
        "Mul" => both(&input(0), &input(1), |a, b| a * b),
        "Gemm" => {
            assert_eq!(attribute(node, "transB").i, Some(1));
            let (x, weight) = (input(0), input(1));
            let biases: Vec<f64> = (0..weight.shape[0]).map(bias).collect();
            Array::of(&[x.shape[0], weight.shape[0]], |place| {
                let inner = 0..x.shape[1];
                let sum: f64 = inner
                    .map(|k| x.at(&[place[0], k]) * weight.at(&[place[1], k]))
                    .sum();
                sum + biases[place[1]]
            })
        }
        "MatMul" => {
            let (a, b) = (input(0), input(1));
            Array::of(&[a.shape[0], a.shape[1], b.shape[2]], |p| {
                (0..a.shape[2])
                    .map(|k| a.at(&[p[0], p[1], k]) * b.at(&[p[0], k, p[2]]))
                    .sum()
            })
        }
        "Softmax" => {
            let x = input(0).map(f64::exp);
            let last = x.shape[2];
            Array::of(&x.shape, |p| {
                let sum: f64 = (0..last).map(|k| x.at(&[p[0], p[1], k])).sum();
                x.at(p) / sum
            })
        }
        "Unsqueeze" => {
            let x = input(0);
            let mut shape = x.shape.clone();
            for axis in input(1).values {
                shape.insert(axis as usize, 1);
            }
            x.reshaped(shape)
        }
        "Reshape" => {
            let x = input(0);
            let given = input(1).values;
            let mut shape: Vec<usize> = given
                .iter()
                .enumerate()
                .map(|(axis, &size)| {
                    if size == 0.0 {
                        x.shape[axis]
                    } else {
                        size.max(1.0) as usize
                    }
                })
                .collect();
            if let Some(axis) = given.iter().position(|&size| size < 0.0) {
                shape[axis] = x.values.len() / shape.iter().product::<usize>();
            }
            x.reshaped(shape)
        }
        "Transpose" => {
            let (x, order) = (input(0), ints(node, "perm"));
            let shape: Vec<usize> = order.iter().map(|&axis| x.shape[axis]).collect();
            Array::of(&shape, |place| {
                let mut from = vec![0; place.len()];
                order
                    .iter()
                    .zip(place)
                    .for_each(|(&axis, &index)| from[axis] = index);
                x.at(&from)
            })
        }
        "Gather" => {
            let (table, rows) = (input(0), input(1));
            Array::of(&[rows.values.len(), table.shape[1]], |place| {
                table.at(&[rows.values[place[0]] as usize, place[1]])
            })
        }
        "Concat" => concatenated(&(0..node.input.len()).map(&input).collect::<Vec<_>>()),
        "Slice" => {
            let [from, to] = [1, 2].map(|index| input(index).values[0] as usize);
            let x = input(0);
            Array::of(&[x.shape[0], to - from], |place| {
                x.at(&[place[0], from + place[1]])
            })
        }
        "ArgMax" => {
            let x = input(0);
            Array::of(&[x.shape[0]], |place| {
                let row: Vec<f64> = (0..x.shape[1]).map(|k| x.at(&[place[0], k])).collect();
                let largest = row.iter().copied().fold(f64::MIN, f64::max);
                row.iter().position(|&value| value == largest).unwrap() as f64
            })
        }
        "OneHot" => {
            let (indices, depth, values) = (input(0), input(1), input(2).values);
            Array::of(&[indices.values.len(), depth.values[0] as usize], |place| {
                values[usize::from(indices.values[place[0]] as usize == place[1])]
            })
        }
        "BatchNormalization" => {
            let [x, scale, shift, mean, variance] = [0, 1, 2, 3, 4].map(&input);
            let epsilon = float(node, "epsilon");
            Array::of(&x.shape, |place| {
                let of = |array: &Array| array.values[place[1]];
                (x.at(place) - of(&mean)) / (of(&variance) + epsilon).sqrt() * of(&scale)
                    + of(&shift)
            })
        }
        "InstanceNormalization" => {
            let [x, scale, shift] = [0, 1, 2].map(&input);
            instance_norm(&x, &scale, &shift, float(node, "epsilon"))
        }
        "Conv" => {
            let (x, weight) = (input(0), input(1));
            let biases: Vec<f64> = (0..weight.shape[0]).map(bias).collect();
            convolution(&x, &weight, &biases, node)
        }
        "ConvTranspose" => {
            let (x, weight) = (input(0), input(1));
            let biases: Vec<f64> = (0..weight.shape[1]).map(bias).collect();
            transposed(&x, &weight, &biases, node)
        }
        "MaxPool" => {
            let (x, sides) = (input(0), ints(node, "kernel_shape"));
            assert_eq!(sides, ints(node, "strides"));
            let shape = [
                x.shape[0],
                x.shape[1],
                x.shape[2] / sides[0],
                x.shape[3] / sides[1],
            ];
            Array::of(&shape, |p| {
                let window = (0..sides[0]).flat_map(|i| (0..sides[1]).map(move |j| (i, j)));
                window
                    .map(|(i, j)| x.at(&[p[0], p[1], p[2] * sides[0] + i, p[3] * sides[1] + j]))
                    .fold(f64::MIN, f64::max)
            })
        }
        "Pad" => {
            assert_eq!(text(node, "mode"), "reflect");
            let (x, pads) = (input(0), input(1).values);
            let shape: Vec<usize> = (0..4)
                .map(|axis| x.shape[axis] + (pads[axis] + pads[axis + 4]) as usize)
                .collect();
            Array::of(&shape, |place| {
                let from: Vec<usize> = (0..4)
                    .map(|axis| {
                        let last = x.shape[axis] as i64 - 1;
                        let place = (place[axis] as i64 - pads[axis] as i64).abs();
                        (last - (last - place).abs()) as usize
                    })
                    .collect();
                x.at(&from)
            })
        }
        "Resize" => resized(&input(0), &input(2).values, node),
        other => panic!("the library has not written {other} when this was made"),
    }
}

fn concatenated(parts: &[Array]) -> Array {
    let mut shape = parts[0].shape.clone();
    shape[1] = parts.iter().map(|part| part.shape[1]).sum();
    Array::of(&shape, |place| {
        let mut place = place.to_vec();
        for part in parts {
            if place[1] < part.shape[1] {
                return part.at(&place);
            }
            place[1] -= part.shape[1];
        }
        unreachable!()
    })
}

fn instance_norm(x: &Array, scale: &Array, shift: &Array, epsilon: f64) -> Array {
    let positions = x.shape[2] * x.shape[3];
    let statistics: Vec<(f64, f64)> = x
        .values
        .chunks(positions)
        .map(|channel| {
            let mean = channel.iter().sum::<f64>() / positions as f64;
            let squares = channel.iter().map(|value| (value - mean).powi(2));
            (mean, squares.sum::<f64>() / positions as f64)
        })
        .collect();
    Array::of(&x.shape, |place| {
        let (mean, variance) = statistics[place[0] * x.shape[1] + place[1]];
        let standard = (x.at(place) - mean) / (variance + epsilon).sqrt();
        standard * scale.values[place[1]] + shift.values[place[1]]
    })
}

fn convolution(x: &Array, weight: &Array, biases: &[f64], node: &NodeProto) -> Array {
    let (strides, pads) = (ints(node, "strides"), ints(node, "pads"));
    let group = node
        .attribute
        .iter()
        .find(|attribute| attribute.name == "group");
    let groups = group.map_or(1, |attribute| attribute.i.unwrap() as usize);
    let [outputs, inputs, height, width] = weight.shape[..] else {
        panic!("a weight of {:?}", weight.shape)
    };
    let side = |axis: usize, kernel: usize| {
        (x.shape[axis] + pads[axis - 2] + pads[axis] - kernel) / strides[axis - 2] + 1
    };
    let shape = [x.shape[0], outputs, side(2, height), side(3, width)];
    Array::of(&shape, |p| {
        let first = p[1] / (outputs / groups) * inputs;
        let mut sum = biases[p[1]];
        for channel in 0..inputs {
            for i in 0..height {
                for j in 0..width {
                    let (row, column) = (p[2] * strides[0] + i, p[3] * strides[1] + j);
                    let (row, column) = (row.wrapping_sub(pads[0]), column.wrapping_sub(pads[1]));
                    if row < x.shape[2] && column < x.shape[3] {
                        sum += x.at(&[p[0], first + channel, row, column])
                            * weight.at(&[p[1], channel, i, j]);
                    }
                }
            }
        }
        sum
    })
}

fn transposed(x: &Array, weight: &Array, biases: &[f64], node: &NodeProto) -> Array {
    let [strides, pads, further] =
        ["strides", "pads", "output_padding"].map(|name| ints(node, name));
    let [inputs, outputs, height, width] = weight.shape[..] else {
        panic!("a weight of {:?}", weight.shape)
    };
    let side = |axis: usize, kernel: usize| {
        (x.shape[axis] - 1) * strides[axis - 2] + kernel + further[axis - 2]
            - pads[axis - 2]
            - pads[axis]
    };
    let shape = [x.shape[0], outputs, side(2, height), side(3, width)];
    Array::of(&shape, |p| {
        let mut sum = biases[p[1]];
        for i in 0..height {
            for j in 0..width {
                let (row, column) = (p[2] + pads[0], p[3] + pads[1]);
                let (Some(row), Some(column)) = (row.checked_sub(i), column.checked_sub(j)) else {
                    continue;
                };
                if row % strides[0] != 0 || column % strides[1] != 0 {
                    continue;
                }
                let (row, column) = (row / strides[0], column / strides[1]);
                if row < x.shape[2] && column < x.shape[3] {
                    for channel in 0..inputs {
                        sum +=
                            x.at(&[p[0], channel, row, column]) * weight.at(&[channel, p[1], i, j]);
                    }
                }
            }
        }
        sum
    })
}

fn resized(x: &Array, scales: &[f64], node: &NodeProto) -> Array {
    let shape: Vec<usize> = (0..4)
        .map(|axis| x.shape[axis] * scales[axis] as usize)
        .collect();
    let coordinates = text(node, "coordinate_transformation_mode");
    match text(node, "mode").as_str() {
        "nearest" => {
            assert_eq!(
                (coordinates.as_str(), text(node, "nearest_mode").as_str()),
                ("asymmetric", "floor")
            );
            Array::of(&shape, |p| x.at(&[p[0], p[1], p[2] / 2, p[3] / 2]))
        }
        mode => {
            assert_eq!((coordinates.as_str(), mode), ("half_pixel", "linear"));
            // Places and weights of the two old pixels around a new one.
            let around = |place: usize, size: usize| {
                let at = ((place as f64 + 0.5) / 2.0 - 0.5).clamp(0.0, size as f64 - 1.0);
                let below = at.floor() as usize;
                let above = (below + 1).min(size - 1);
                [(below, 1.0 - at.fract()), (above, at.fract())]
            };
            Array::of(&shape, |p| {
                let columns = around(p[3], x.shape[3]);
                let rows = around(p[2], x.shape[2]).into_iter();
                let of_row = |(row, weight): (usize, f64)| {
                    let of_columns = columns
                        .iter()
                        .map(|&(column, by)| by * x.at(&[p[0], p[1], row, column]));
                    weight * of_columns.sum::<f64>()
                };
                rows.map(of_row).sum()
            })
        }
    }
}
