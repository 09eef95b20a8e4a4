//! What a run keeps, what it refuses to go on from, and what it goes on from years later.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::places::in_repository;
use crate::common::{parameters, values};
use burn::tensor::{Device, Tensor};
use burn_gan::checkpoint::{Checkpoint, CheckpointError, Checkpoints, Manifest};
use burn_gan::data::{Memory, Mixture, MixtureSourceConfig, ShuffleConfig, Source};
use burn_gan::loss::{AdversarialLoss, Hinge, Loss};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{Flow, Observer, Score};
use burn_gan::penalty::Penalty;
use burn_gan::run::{CheckpointConfig, Divergence, Fit};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{AdversarialTrainer, GanError, Identity, Kernels, StepReport, load_weights};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn device() -> Device {
    Device::flex().autodiff()
}

fn source(seed: u64) -> impl Source<2> {
    let config = MixtureSourceConfig::new(Mixture::ring(), 8).with_seed(seed);
    config.init().unwrap()
}

fn networks() -> MlpConfig {
    MlpConfig::new(2).with_hidden(vec![8])
}

fn trainer_of(config: &GanTrainerConfig, networks: &MlpConfig) -> Trainer {
    config
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &source(0).batch(0, &device()).unwrap(),
        )
        .unwrap()
}

fn trainer() -> Trainer {
    trainer_of(&GanTrainerConfig::new(), &networks())
}

fn every(folder: &Path, steps: usize) -> CheckpointConfig {
    CheckpointConfig::new(folder.to_path_buf()).with_every(steps)
}

fn steps(folder: &Path) -> Vec<usize> {
    Checkpoints::list(folder).unwrap().into_keys().collect()
}

#[test]
fn the_last_and_the_best_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    // The best are after 6 and after 14 steps.
    let distance = |trainer: &Trainer| {
        let steps = trainer.steps() as f64;
        Ok((steps - 6.0).abs().min((steps - 14.0).abs() + 0.5))
    };
    let mut source = source(0);
    let mut trainer = trainer();
    let outcome = trainer
        .fit(&mut source)
        .until(21)
        .checkpoints(every(folder.path(), 2).with_keep(2))
        .keep_best(Score::lowest("distance", distance))
        .run()
        .unwrap();
    assert_eq!(steps(folder.path()), [6, 20, 21]);
    assert!(outcome.checkpoint.unwrap().ends_with("step-000000021"));
    let best = Checkpoints::best(folder.path(), "distance", |value, best| value < best);
    let (path, value) = best.unwrap().unwrap();
    assert!(path.ends_with("step-000000006"));
    assert_eq!(value, 0.0);
    let other = Checkpoints::best(folder.path(), "another", |value, best| value < best);
    assert_eq!(other.unwrap(), None);
}

#[test]
fn a_manifest_says_what_the_checkpoint_is() {
    let folder = tempfile::tempdir().unwrap();
    let config = GanTrainerConfig::new().with_seed(42);
    trainer_of(&config, &networks())
        .fit(&mut source(7))
        .until(3)
        .checkpoints(every(folder.path(), 3))
        .run()
        .unwrap();
    let path = folder.path().join("step-000000003");
    let manifest = Manifest::read(&path).unwrap();
    assert_eq!((manifest.format, manifest.step, manifest.seed), (2, 3, 42));
    let package = fs::read_to_string(in_repository("Cargo.toml")).unwrap();
    let version = format!("\nversion = \"{}\"\n", manifest.burn_gan);
    assert!(package.contains(&version), "{version}");
    let configuration = &manifest.configuration;
    assert_eq!(configuration["trainer"]["seed"], 42);
    assert_eq!(configuration["source"]["settings"]["seed"], 7);
    assert_eq!(configuration["generator"]["name"], "mlp-generator");
    let shape = &configuration["generator"]["parameters"]["layers.0.weight"];
    assert_eq!(*shape, serde_json::json!([16, 8]));
    for (name, record) in &manifest.files {
        let bytes = fs::metadata(path.join(name)).unwrap().len();
        assert_eq!((bytes, record.sha256.len()), (record.bytes, 64));
    }
    // Each network is a weights file like any other.
    let generator = networks().init_generator(&Device::flex()).unwrap();
    load_weights(generator, path.join("generator.bpk")).unwrap();
}

/// The fields in which a changed run differs from one that was saved.
fn refused(change: impl FnOnce() -> (Trainer, u64)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    trainer()
        .fit(&mut source(0))
        .until(2)
        .resume(&folder)
        .run()
        .unwrap();
    let (mut changed, seed) = change();
    let error = changed
        .fit(&mut source(seed))
        .until(4)
        .resume(&folder)
        .run()
        .unwrap_err();
    assert_eq!(changed.steps(), 0);
    let GanError::Checkpoint(CheckpointError::Mismatch { differences, .. }) = &error else {
        panic!("{error}")
    };
    let field = |difference: &String| difference.split(':').next().unwrap().to_string();
    differences.iter().map(field).collect()
}

#[test]
fn another_run_is_refused_with_the_fields_that_differ() {
    let config = GanTrainerConfig::new;
    let of = |config: GanTrainerConfig| move || (trainer_of(&config, &networks()), 0);
    assert_eq!(refused(of(config().with_seed(1))), ["trainer.seed"]);
    assert_eq!(
        refused(of(config().with_learning_rates(1e-3))),
        [
            "trainer.discriminator_learning_rate",
            "trainer.generator_learning_rate"
        ]
    );
    assert_eq!(
        refused(of(config().with_loss(Loss::Hinge))),
        ["loss.name", "loss.settings.fields", "trainer.loss"]
    );
    let penalties = vec![Penalty::R1 { gamma: 1.0 }];
    assert_eq!(
        refused(of(config().with_penalties(penalties))),
        ["penalties", "trainer.penalties"]
    );
    let sgd = OptimizerConfig::Sgd(burn::optim::SgdConfig::new());
    let fields = refused(of(config().with_generator_optimizer(sgd)));
    assert!(fields.contains(&"generator_optimizer".to_string()));
    let wider = networks().with_hidden(vec![9]);
    let fields = refused(|| (trainer_of(&config(), &wider), 0));
    assert!(fields.contains(&"generator.parameters.layers.0.weight".to_string()));
    assert!(fields.contains(&"discriminator.parameters.layers.1.weight".to_string()));
    let steeper = networks().with_slope(0.1);
    assert_eq!(
        refused(|| (trainer_of(&config(), &steeper), 0)),
        ["discriminator.settings.slope", "generator.settings.slope"]
    );
    assert_eq!(refused(|| (trainer(), 1)), ["source.settings.seed"]);
}

/// A loss of the user's own.
#[derive(Debug)]
struct Mine {
    version: u32,
}

impl AdversarialLoss for Mine {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        Hinge.discriminator(real, fake)
    }
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        Hinge.generator(fake, real)
    }
    fn identity(&self) -> Identity {
        Identity::new("mine", self.version)
    }
}

#[test]
fn a_loss_of_the_users_own_counts_by_name_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let run = |version, steps| {
        let mut trainer = trainer().with_loss(Mine { version });
        trainer
            .fit(&mut source(0))
            .until(steps)
            .resume(&folder)
            .run()
    };
    run(1, 2).unwrap();
    assert_eq!(run(1, 3).unwrap().resumed, Some(2));
    let error = run(2, 4).unwrap_err().to_string();
    assert!(error.contains("loss.version: 1 then, 2 now"), "{error}");
}

#[test]
fn another_data_set_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |last: f32| {
        let points = Tensor::<2>::from_floats([[0.0, 1.0], [2.0, last]], &Device::flex());
        let mut source = ShuffleConfig::new(2)
            .init(Memory::new(points).unwrap())
            .unwrap();
        trainer().fit(&mut source).until(2).resume(&folder).run()
    };
    run(3.0).unwrap();
    run(3.0).unwrap();
    let error = run(4.0).unwrap_err().to_string();
    assert!(
        error.contains("source.settings.samples.settings.sha256"),
        "{error}"
    );
}

#[test]
fn a_change_is_taken_where_it_is_allowed_field_by_field() {
    let folder = tempfile::tempdir().unwrap();
    trainer()
        .fit(&mut source(0))
        .until(2)
        .resume(&folder)
        .run()
        .unwrap();
    let config = GanTrainerConfig::new()
        .with_learning_rates(1e-3)
        .with_seed(1);
    let run = |allowed: &[&str]| {
        let mut trainer = trainer_of(&config, &networks());
        let mut source = source(0);
        let run = trainer.fit(&mut source).until(4).resume(&folder);
        let run = allowed
            .iter()
            .fold(run, |run, field| run.allow_change(*field));
        run.run()
    };
    let rates = [
        "trainer.generator_learning_rate",
        "trainer.discriminator_learning_rate",
    ];
    let error = run(&rates).unwrap_err().to_string();
    assert!(error.contains("trainer.seed: 0 then, 1 now"), "{error}");
    assert!(!error.contains("learning_rate"), "{error}");
    // `trainer.se` is no field that `trainer.seed` is below.
    assert!(run(&[&rates[..], &["trainer.se"]].concat()).is_err());
    assert_eq!(run(&["trainer"]).unwrap().resumed, Some(2));
}

#[test]
fn other_kernels_are_refused_unless_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |kernels: Kernels, steps, allowed: &[&str]| {
        let config = GanTrainerConfig::new().with_kernels(kernels);
        let mut trainer = trainer_of(&config, &networks());
        let mut source = source(0);
        let run = trainer.fit(&mut source).until(steps).resume(&folder);
        let run = allowed
            .iter()
            .fold(run, |run, field| run.allow_change(*field));
        run.run()
    };
    run(Kernels::Fast, 2, &[]).unwrap();
    let error = run(Kernels::Off, 4, &[]).unwrap_err().to_string();
    assert!(
        error.contains("kernels: \"Fast\" then, \"Off\" now"),
        "{error}"
    );
    assert_eq!(run(Kernels::Off, 4, &["kernels"]).unwrap().resumed, Some(2));
    // A checkpoint that says nothing of kernels is of a run without.
    let error = {
        let (config, networks) = old_run();
        let config = config.with_kernels(Kernels::Plain);
        let mut trainer = trainer_of(&config, &networks);
        let mut source = source(5);
        let run = trainer.fit(&mut source).until(12);
        let other = tempfile::tempdir().unwrap();
        let run = run.checkpoints(every(other.path(), 100)).resume(OLD);
        run.run().unwrap_err().to_string()
    };
    assert!(
        error.contains("kernels: \"Off\" then, \"Plain\" now"),
        "{error}"
    );
}

#[test]
fn a_new_run_does_not_mix_with_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = || {
        trainer()
            .fit(&mut source(0))
            .until(2)
            .checkpoints(every(folder.path(), 1))
            .run()
    };
    fresh().unwrap();
    let error = fresh().unwrap_err();
    assert!(
        matches!(
            error,
            GanError::Checkpoint(CheckpointError::Exist { step: 2, .. })
        ),
        "{error}"
    );
    // From one folder into another is no mix.
    let other = tempfile::tempdir().unwrap();
    let outcome = trainer()
        .fit(&mut source(0))
        .until(4)
        .checkpoints(every(other.path(), 1))
        .resume(&folder)
        .run()
        .unwrap();
    assert_eq!(outcome.resumed, Some(2));
    assert_eq!(steps(other.path()), [2 + 1, 4]);
    assert_eq!(steps(folder.path()), [1, 2]);
}

#[test]
fn a_resumed_run_with_nothing_left_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = || trainer().fit(&mut source(0)).until(2).resume(&folder).run();
    run().unwrap();
    let manifest = folder.path().join("step-000000002/manifest.json");
    let written = fs::metadata(&manifest).unwrap().modified().unwrap();
    let outcome = run().unwrap();
    assert_eq!((outcome.resumed, outcome.steps), (Some(2), 2));
    assert!(outcome.last.is_none());
    assert_eq!(
        fs::metadata(&manifest).unwrap().modified().unwrap(),
        written
    );
}

/// Fails, or sets a flag, after a step.
struct At<'a> {
    step: usize,
    flag: Option<&'a AtomicBool>,
}

impl<T> Observer<T> for At<'_> {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        if report.step == self.step {
            match self.flag {
                Some(flag) => flag.store(true, Ordering::Relaxed),
                None => return Err(GanError::user("the disk is full")),
            }
        }
        Ok(Flow::Continue)
    }
}

/// Counts the steps that it sees.
#[derive(Default)]
struct Count(usize);

impl<T> Observer<T> for Count {
    fn observe(&mut self, _: &StepReport, _: &T) -> Result<Flow, GanError> {
        self.0 += 1;
        Ok(Flow::Continue)
    }
}

#[test]
fn an_observers_error_ends_the_run_with_its_state_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = Count::default();
    let mut failing = trainer();
    let error = failing
        .fit(&mut source(0))
        .until(9)
        .observe(&mut At {
            step: 4,
            flag: None,
        })
        .observe(&mut count)
        .resume(&folder)
        .run()
        .unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    assert_eq!(count.0, 5, "the other observers saw the step all the same");
    let mut resumed = trainer();
    let outcome = resumed
        .fit(&mut source(0))
        .until(9)
        .resume(&folder)
        .run()
        .unwrap();
    assert_eq!(outcome.resumed, Some(5));
    let mut whole = trainer();
    whole.fit(&mut source(0)).until(9).run().unwrap();
    assert_eq!(
        parameters(resumed.generator()),
        parameters(whole.generator())
    );
}

#[test]
fn a_score_that_fails_ends_the_run_with_its_state_saved() {
    let folder = tempfile::tempdir().unwrap();
    let score = |trainer: &Trainer| match trainer.steps() {
        4 => Err(GanError::user("no metric today")),
        steps => Ok(steps as f64),
    };
    let error = trainer()
        .fit(&mut source(0))
        .until(9)
        .checkpoints(every(folder.path(), 2))
        .keep_best(Score::highest("steps", score))
        .run()
        .unwrap_err();
    assert_eq!(error.to_string(), "no metric today");
    assert_eq!(steps(folder.path()), [2, 4]);
    let last = Manifest::read(folder.path().join("step-000000004")).unwrap();
    assert_eq!(last.score, None);
}

#[test]
fn a_request_to_stop_finishes_the_step_and_saves_it() {
    let folder = tempfile::tempdir().unwrap();
    let flag = AtomicBool::new(false);
    let mut asks = At {
        step: 4,
        flag: Some(&flag),
    };
    let outcome = trainer()
        .fit(&mut source(0))
        .until(9)
        .observe(&mut asks)
        .resume(&folder)
        .stop_flag(&flag)
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (5, true));
    assert_eq!(steps(folder.path()), [5]);
}

#[test]
fn keeping_is_checked_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let mut fresh = trainer();
    for (config, field) in [
        (every(folder.path(), 0), "checkpoints.every"),
        (every(folder.path(), 1).with_keep(0), "checkpoints.keep"),
    ] {
        let error = fresh.fit(&mut source(0)).until(9).checkpoints(config).run();
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
    }
    let score = Score::lowest("zero", |_: &Trainer| Ok(0.0));
    let error = fresh
        .fit(&mut source(0))
        .until(9)
        .on_divergence(Divergence::Stop)
        .keep_best(score)
        .run();
    assert!(error.unwrap_err().to_string().starts_with("keep_best"));
    assert_eq!(fresh.steps(), 0);
}

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/checkpoint-0.1.0");

/// The run that the committed checkpoint is of.
fn old_run() -> (GanTrainerConfig, MlpConfig) {
    let networks = MlpConfig::new(2)
        .with_latent_size(3)
        .with_hidden(vec![4])
        .with_seed(5);
    (
        GanTrainerConfig::r3gan()
            .with_burn_in(20)
            .with_critic_steps(2)
            .with_gradient_clip(Some(10.0))
            // That version had none, and the samples are its to the bit.
            .with_kernels(Kernels::Off)
            .with_seed(5),
        networks,
    )
}

#[test]
fn a_checkpoint_of_version_0_1_0_is_still_loaded() {
    let whole = Checkpoint::read(Path::new(OLD).join("step-000000010")).unwrap();
    assert_eq!(whole.manifest.burn_gan, "0.1.0");
    let folder = tempfile::tempdir().unwrap();
    let (config, networks) = old_run();
    let mut trainer = trainer_of(&config, &networks);
    let outcome = trainer
        .fit(&mut source(5))
        .until(10)
        .checkpoints(every(folder.path(), 100))
        .resume(OLD)
        .run()
        .unwrap();
    assert_eq!(outcome.resumed, Some(10));
    let samples: Vec<f32> = trainer
        .sample(4, 0, &())
        .unwrap()
        .into_data()
        .iter()
        .collect();
    let expected: Vec<f32> =
        serde_json::from_slice(&fs::read(Path::new(OLD).join("samples.json")).unwrap()).unwrap();
    assert_eq!(samples, expected);
    // And training goes on: what the optimisers remember is there too.
    trainer.fit(&mut source(5)).until(12).run().unwrap();
    assert_eq!(trainer.steps(), 12);
}

#[test]
#[ignore = "makes the committed checkpoint; run it under version 0.1.0 only"]
fn make_the_checkpoint_of_version_0_1_0() {
    let (config, networks) = old_run();
    let mut trainer = trainer_of(&config, &networks);
    fs::remove_dir_all(OLD).ok();
    trainer
        .fit(&mut source(5))
        .until(10)
        .checkpoints(every(Path::new(OLD), 10))
        .run()
        .unwrap();
    fs::remove_file(Path::new(OLD).join(".lock")).unwrap();
    let samples = values(trainer.sample(4, 0, &()).unwrap());
    let text = serde_json::to_string(&samples).unwrap();
    fs::write(Path::new(OLD).join("samples.json"), text).unwrap();
}

#[test]
fn a_folder_is_the_same_by_any_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    let (run, other_name) = (folder.path().join("a"), folder.path().join("b/../a"));
    let go_on = |steps| {
        trainer()
            .fit(&mut source(0))
            .until(steps)
            .checkpoints(every(&run, 1))
            .resume(&other_name)
            .run()
    };
    assert_eq!(go_on(2).unwrap().resumed, None);
    let outcome = go_on(3).unwrap();
    assert_eq!(outcome.resumed, Some(2));
    // And with nothing left to do the last checkpoint is that of the folder.
    let outcome = go_on(3).unwrap();
    assert!(outcome.checkpoint.unwrap().ends_with("step-000000003"));
}

#[test]
fn what_an_earlier_format_did_not_know_of_is_no_difference() {
    for (format, differs) in [(1, false), (2, true)] {
        let folder = tempfile::tempdir().unwrap();
        let go_on = |steps| {
            trainer()
                .fit(&mut source(0))
                .until(steps)
                .resume(&folder)
                .run()
        };
        let saved = Checkpoint::read(go_on(2).unwrap().checkpoint.unwrap()).unwrap();
        let mut manifest = Manifest {
            format,
            ..saved.manifest
        };
        let settings = &mut manifest.configuration["generator"]["settings"];
        settings.as_object_mut().unwrap().remove("slope").unwrap();
        let checkpoints = Checkpoints::open(&folder).unwrap();
        checkpoints.write(manifest, &saved.files).unwrap();
        drop(checkpoints);
        let resumed = go_on(3);
        assert_eq!(resumed.is_err(), differs, "format {format}: {resumed:?}");
    }
}
