//! The shortest way from pictures to a generator: pixel-art faces in colour, in about a minute on two CPU cores.
//!
//! cargo run --example faces

use burn::tensor::Device;
use burn_gan::data::{SheetConfig, ShuffleConfig, Source};
use burn_gan::ema::EmaConfig;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::observe::SampleGrid;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{GanError, save_generator};

fn main() -> Result<(), GanError> {
    let device = Device::flex().autodiff();
    let sheet = concat!(env!("CARGO_MANIFEST_DIR"), "/data/faces/faces.png");
    let faces = SheetConfig::new(sheet.into(), 32, 32).init()?;
    let mut source = ShuffleConfig::new(64).init(faces)?;

    let networks = DcganConfig::new(3, 32, 32)
        .with_filters(32)
        .with_discriminator_normalization(Normalization::None);
    let mut trainer = GanTrainerConfig::small_images(500)
        .with_ema(Some(EmaConfig::new().with_decay(0.99)))
        .init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
    let grids = SampleGrid::create("out/faces", 100, 64)?;
    trainer.fit(&mut source).until(500).observe(grids).run()?;
    save_generator(
        networks,
        &trainer.sampling_generator(),
        "out/faces/generator.bpk",
    )?;
    println!("look at out/faces/step-000500.png");
    Ok(())
}
