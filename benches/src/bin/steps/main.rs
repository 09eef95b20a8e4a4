//! Training steps on request, for comparisons with another program that takes turns with this one.
//!
//! Reads lines from standard input and answers each with one line: `run NAME COUNT` takes so many steps of a case, which
//! the first request sets up, and answers with their milliseconds; `parameters NAME` with how many numbers are trained in
//! the generator and in the discriminator; `memory` with the most memory that the process has had, in kB; `names` with
//! the cases. `benches/compare.sh` is what calls it.
//!
//! Beside those names, `dcgan:side=64,filters=32,batch=128` is the DCGAN `dcgan32` in other sizes; what is left out is 32,
//! 64 and 64. `small:dcgan32`, and so on, is the case with a small batch and few filters; `benches/guard` counts the
//! instructions of its steps.

mod cases;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Instant;

use burn_gan::GanError;

use crate::cases::{CASES, Case, case};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The most memory that this process has had, in kB.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap_or("unknown")
        .trim()
        .trim_end_matches(" kB")
        .into()
}

/// The cases that were asked for.
#[derive(Default)]
struct Cases(BTreeMap<String, Case>);

impl Cases {
    fn get(&mut self, name: &str) -> Result<Option<&mut Case>, GanError> {
        if !self.0.contains_key(name)
            && let Some(case) = case(name)?
        {
            self.0.insert(name.to_string(), case);
        }
        Ok(self.0.get_mut(name))
    }
}

/// A function of its own that is never inlined: Valgrind finds it by its name.
#[inline(never)]
fn take_step(case: &mut Case) -> Result<(), GanError> {
    (case.step)()
}

fn answer(words: &[&str], cases: &mut Cases) -> Result<String, GanError> {
    let unknown = || "unknown".to_string();
    Ok(match words {
        ["names"] => CASES.join(" "),
        ["memory"] => memory(),
        ["parameters", name] => cases.get(name)?.map_or_else(unknown, |case| {
            let [generator, discriminator] = case.parameters;
            format!("{generator} {discriminator}")
        }),
        ["run", name, count] => {
            let Some(case) = cases.get(name)? else {
                return Ok(unknown());
            };
            let start = Instant::now();
            for _ in 0..count.parse().unwrap_or(1) {
                take_step(case)?;
            }
            format!("{}", start.elapsed().as_secs_f64() * 1e3)
        }
        _ => unknown(),
    })
}

fn main() -> Result<(), GanError> {
    let mut cases = Cases::default();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        println!("{}", answer(&words, &mut cases)?);
    }
    Ok(())
}
