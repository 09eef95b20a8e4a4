//! The reader of PyTorch's files, which needs the library's feature `pytorch`.

use std::fs;

use burn_gan::exchange::{read_pytorch, read_safetensors, write_safetensors};

/// A state dict of PyTorch's; what is read also has to be written and read again.
pub fn pytorch(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("the folder for temporary files is writable");
    let (path, copy) = (folder.path().join("file"), folder.path().join("copy"));
    fs::write(&path, bytes).expect("the temporary file is writable");
    if let Ok(state) = read_pytorch(&path, None) {
        write_safetensors(&state, &copy).expect("all of its element types can be written");
        let again = read_safetensors(&copy).expect("the library reads what it has written");
        assert!(again == state);
    }
}
