//! A test in a process of its own, for what one process has only once: the precision of a device, its memory.

use std::process::Command;

/// Environment variable of such a process.
const ALONE: &str = "BURN_GAN_TEST_ALONE";

/// Runs the body of a test in a child process, which is this binary with that one test.
///
/// To be called with a closure, directly in the test: the test's path is read off the closure's type.
#[track_caller]
pub fn alone<F: FnOnce()>(test: F) {
    if is_alone() {
        return test();
    }
    let path = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, name) = path.split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--include-ignored", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let [told, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    print!("{told}");
    assert!(
        output.status.success() && told.contains("1 passed"),
        "`{name}` in a process of its own: {}\n{errors}",
        output.status
    );
}

/// Whether this process runs one test alone.
pub fn is_alone() -> bool {
    std::env::var_os(ALONE).is_some()
}
