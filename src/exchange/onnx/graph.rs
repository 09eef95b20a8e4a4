//! [`Graph`]: nodes and their weights, in the order in which they are computed.

use std::collections::BTreeSet;

use super::proto::{AttributeProto, FLOAT, GraphProto, INT64, NodeProto, TensorProto, integer};
use crate::state_dict::StateDict;

/// The name of a tensor in the graph.
#[derive(Debug, Clone)]
pub struct Value(String);

impl Value {
    /// An input of the graph.
    pub fn input(name: &str) -> Self {
        Self(name.to_string())
    }
}

/// A graph that is being made, of weights by PyTorch's names.
pub struct Graph<'a> {
    state: &'a StateDict,
    graph: GraphProto,
    weights: BTreeSet<String>,
    /// Names of weights that the state does not have.
    missing: Vec<String>,
}

impl<'a> Graph<'a> {
    pub fn new(state: &'a StateDict) -> Self {
        Self {
            state,
            graph: GraphProto::default(),
            weights: BTreeSet::new(),
            missing: Vec::new(),
        }
    }

    /// The finished graph, with its last tensor under another name; or the names of missing weights.
    pub fn finish(mut self, output: &Value, name: &str) -> Result<GraphProto, Vec<String>> {
        if !self.missing.is_empty() {
            return Err(self.missing);
        }
        let node = NodeProto {
            input: vec![output.0.clone()],
            output: vec![name.to_string()],
            name: name.to_string(),
            op_type: "Identity".to_string(),
            attribute: Vec::new(),
        };
        self.graph.node.push(node);
        Ok(self.graph)
    }

    /// An operation with one result.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attributes: impl IntoIterator<Item = AttributeProto>,
    ) -> Value {
        let name = format!("{}_{}", operator, self.graph.node.len());
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_string(),
            attribute: attributes.into_iter().collect(),
        });
        Value(name)
    }

    /// Whether the state has a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.state.get(name).is_some()
    }

    /// The shape of a tensor of the state; empty where there is none.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        let tensor = self.state.get(name);
        tensor.map_or_else(Vec::new, |tensor| tensor.shape().to_vec())
    }

    /// A tensor of the state, in single precision.
    pub fn weight(&mut self, name: &str) -> Value {
        if self.weights.insert(name.to_string()) {
            match self.state.get(name) {
                Some(tensor) => {
                    let values = tensor.iter::<f32>();
                    self.initializer(name, FLOAT, tensor.shape(), values.map(f32::to_le_bytes));
                }
                None => self.missing.push(name.to_string()),
            }
        }
        Value(name.to_string())
    }

    /// The same value in a tensor of this shape.
    pub fn filled(&mut self, shape: &[usize], value: f32) -> Value {
        let name = self.constant();
        let values = std::iter::repeat_n(value.to_le_bytes(), shape.iter().product());
        self.initializer(&name, FLOAT, shape, values);
        Value(name)
    }

    /// Numbers, such as a shape.
    pub fn numbers(&mut self, values: &[i64]) -> Value {
        let name = self.constant();
        let bytes = values.iter().map(|value| value.to_le_bytes());
        self.initializer(&name, INT64, &[values.len()], bytes);
        Value(name)
    }

    /// A list of floats.
    pub fn floats(&mut self, values: &[f32]) -> Value {
        let name = self.constant();
        let bytes = values.iter().map(|value| value.to_le_bytes());
        self.initializer(&name, FLOAT, &[values.len()], bytes);
        Value(name)
    }

    fn constant(&self) -> String {
        format!("constant_{}", self.graph.initializer.len())
    }

    fn initializer<const N: usize>(
        &mut self,
        name: &str,
        data_type: i32,
        shape: &[usize],
        values: impl Iterator<Item = [u8; N]>,
    ) {
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().copied().map(integer).collect(),
            data_type,
            name: name.to_string(),
            raw_data: values.flatten().collect(),
        });
    }
}
