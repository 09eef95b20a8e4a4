//! Gaussians in the plane, by PacGAN's protocol (Lin et al. 2018, section 4.1).

use std::time::Instant;

use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::metric::{Features, modes};
use burn_gan::run::Fit;
use burn_gan::{AdversarialTrainer, GanError};
use serde_json::json;

use crate::common::points::{Recipe, SAMPLES};
use crate::suite::{Case, Column, Job, Reference, Scores, Suite, scores, summary};

const BATCH_SIZE: usize = 128;

pub struct Mixtures;

/// Name on the command line, label, recipe, steps, seeds.
const RECIPES: [(&str, &str, Recipe, usize, usize); 4] = [
    (
        "gan",
        "GAN (untuned, half the steps)",
        Recipe::Dcgan,
        20_000,
        5,
    ),
    (
        "wgan-gp",
        "WGAN-GP (its weight tuned, half the steps)",
        Recipe::WganGp,
        20_000,
        5,
    ),
    (
        "sngan",
        "SNGAN (untuned, half the steps)",
        Recipe::Sngan,
        20_000,
        5,
    ),
    ("rpgan-r1-r2", "RpGAN + R1 + R2", Recipe::R3gan, 40_000, 10),
];

const DATA: [&str; 2] = ["ring", "grid"];

fn mixture(data: &str) -> Mixture {
    match data {
        // `Mixture::ring` is twice as large, as in the paper on unrolled GANs.
        "ring" => Mixture::Ring {
            modes: 8,
            radius: 1.0,
            sigma: 0.01,
        },
        _ => Mixture::grid(),
    }
}

fn recipe(case: &Case) -> Result<Recipe, GanError> {
    RECIPES
        .iter()
        .find(|(name, ..)| *name == case.recipe)
        .map(|(_, _, recipe, ..)| *recipe)
        .ok_or_else(|| GanError::user(format!("no recipe {}", case.recipe)))
}

impl Suite for Mixtures {
    fn name(&self) -> &'static str {
        "mixtures"
    }

    fn protocol(&self) -> &'static str {
        "PacGAN's protocol (Lin et al. 2018, section 4.1): the ring has 8 modes on a circle of radius 1 with a standard\n\
         deviation of 0.01, the grid 25 at {-4, -2, 0, 2, 4}^2 with 0.05. Of 2,500 samples, those within three standard\n\
         deviations of a mode are of high quality (98.9% of the real ones are), and a mode with one of them counts as\n\
         found. The reverse KL divergence is over the nearest modes of all samples.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        const COLUMNS: [Column; 3] = [
            Column::new("modes", "modes", 1),
            Column::new("high_quality", "high quality, %", 1).scaled(100.0),
            Column::new("reverse_kl", "reverse KL", 4),
        ];
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let mut cases = Vec::new();
        for data in DATA {
            for (name, label, recipe, usual, seeds) in RECIPES {
                let steps = steps.unwrap_or(usual);
                let trainer = recipe.config(mixture(data), steps);
                cases.push(Case {
                    data,
                    recipe: name.to_string(),
                    label: label.to_string(),
                    seeds,
                    steps,
                    summary: summary(&trainer, steps, BATCH_SIZE),
                    settings: json!({"trainer": trainer, "networks": recipe.networks(0), "batch_size": BATCH_SIZE}),
                });
            }
        }
        cases
    }

    fn references(&self, data: &str) -> Result<Vec<Reference>, GanError> {
        // Lin et al. 2018, tables 1 and 2, which have the figures of VEEGAN (Srivastava et al. 2017) and of unrolled
        // GANs (Metz et al. 2017) as well.
        let rows: &[(&str, [&str; 3])] = match data {
            "ring" => &[
                ("PacGAN4, published", ["7.8 ± 0.1", "95.9", ""]),
                ("VEEGAN, published", ["8", "52.9", ""]),
                ("unrolled GAN, published", ["7.6", "35.6", ""]),
            ],
            _ => &[
                ("PacGAN4, published", ["24.8 ± 0.2", "93.6", "0.04"]),
                ("VEEGAN, published", ["24.6", "40", ""]),
                ("unrolled GAN, published", ["23.6", "16", ""]),
            ],
        };
        let references = rows.iter().map(|(label, cells)| Reference {
            label: label.to_string(),
            cells: cells.map(str::to_string).to_vec(),
        });
        Ok(references.collect())
    }

    fn one_thread_each(&self) -> bool {
        true
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let Job { case, seed, .. } = job;
        let device = job.device.clone().autodiff();
        let mixture = mixture(case.data);
        let recipe = recipe(case)?;
        let mut source = MixtureSourceConfig::new(mixture, BATCH_SIZE)
            .with_seed(*seed)
            .init()?;
        let networks = recipe.networks(*seed);
        let mut trainer = recipe.config(mixture, case.steps).with_seed(*seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        let start = Instant::now();
        trainer.fit(&mut source).until(case.steps).run()?;
        let seconds = start.elapsed().as_secs_f64();

        let samples = Features::from_tensor(trainer.sample(SAMPLES, *seed, &())?)?;
        let found = modes(&samples, &mixture.centers(), mixture.sigma())?;
        let scores = scores([
            ("modes", found.modes as f64),
            ("high_quality", found.high_quality),
            ("reverse_kl", found.reverse_kl),
        ]);
        Ok((seconds, scores))
    }
}
