//! A program that carries its generator: digits in the terminal, without a file beside it and without training code.
//!
//! cargo run --example embedded -- 7

use burn::tensor::Device;
use burn_gan::{GanError, SamplerConfig, SavedGenerator};

/// What `cargo run --example digits` has written, as a part of the program.
const GENERATOR: &[u8] = include_bytes!("data/digits-generator/generator.bpk");
const COUNT: usize = 5;

fn main() -> Result<(), GanError> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse());
    let seed: u64 = seed.map_err(|error| GanError::user(format!("the seed: {error}")))?;
    let device = Device::flex();
    let generator = SavedGenerator::from_bytes(GENERATOR, &device)?.images()?;

    // One of the clusters for each digit, as often as they occur in the data.
    let frequencies = SavedGenerator::class_frequencies_from_bytes(GENERATOR)?;
    let sampler = SamplerConfig::new().with_seed(seed);
    let digits = match frequencies {
        Some(frequencies) => {
            let labels = frequencies.draw(COUNT, seed, &device);
            sampler.sample(&generator, COUNT, &labels)?
        }
        None => sampler.sample(&generator, COUNT, &())?,
    };

    let [count, _, height, width] = digits.dims();
    let values = digits
        .to_data()
        .try_to_vec::<f32>()
        .map_err(GanError::user)?;
    for y in (0..height).step_by(2) {
        let row = |digit| (0..width).map(move |x| (digit * height + y) * width + x);
        let line = (0..count).flat_map(row).map(|pixel| shade(values[pixel]));
        println!("{}", line.collect::<String>());
    }
    Ok(())
}

/// A character as bright as a value in [-1, 1].
fn shade(value: f32) -> char {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    SHADES[((value + 1.0) / 2.0 * 4.0).round().clamp(0.0, 4.0) as usize]
}
