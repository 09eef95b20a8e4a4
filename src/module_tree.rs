//! What is asked of any module: its device, and the paths of its parameters.

use burn::module::Module;
use burn::tensor::Device;

/// The device of a network's parameters.
pub(crate) fn module_device(module: &impl Module) -> Device {
    module.devices().into_iter().next().unwrap_or_default()
}

/// Where a visitor or mapper is in the module tree.
#[derive(Debug, Default)]
pub(crate) struct ModulePath(Vec<String>);

impl ModulePath {
    pub fn enter(&mut self, name: &str) {
        self.0.push(name.to_string());
    }

    pub fn exit(&mut self) {
        self.0.pop();
    }

    /// The path of the parameter there, such as `layers.0.weight`.
    pub fn key(&self) -> String {
        self.0.join(".")
    }
}

/// The methods of a visitor or mapper that keep its field `path`, a [`ModulePath`], up to date.
macro_rules! follow_path {
    () => {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.enter(name);
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
    };
}
pub(crate) use follow_path;
