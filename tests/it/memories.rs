//! What observers remember from one part of a run to the next: any amount, and by their names.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_gan::checkpoint::{Checkpoint, Checkpoints, Manifest};
use burn_gan::data::{Mixture, MixtureSource, MixtureSourceConfig, Source};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{EarlyStoppingConfig, Flow, Named, Observer, Score};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, GanError, StepReport};
use serde_json::{Value, json};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn parts() -> (Trainer, MixtureSource) {
    let device = Device::flex().autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap();
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    (trainer, source)
}

/// Has something to remember, and keeps what it is reminded of.
#[derive(Default)]
struct Remembers {
    memory: Value,
    recalled: Option<Value>,
}

impl Remembers {
    fn new(memory: impl Into<Value>) -> Self {
        Self {
            memory: memory.into(),
            recalled: None,
        }
    }
}

impl<T> Observer<T> for Remembers {
    fn observe(&mut self, _: &StepReport, _: &T) -> Result<Flow, GanError> {
        Ok(Flow::Continue)
    }
    fn memory(&mut self) -> Result<Value, GanError> {
        Ok(self.memory.clone())
    }
    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.recalled = Some(memory.clone());
        Ok(())
    }
}

/// A run that starts or goes on in a folder, under these observers.
fn run(folder: &Path, steps: usize, observers: Vec<&mut dyn Observer<Trainer>>) {
    let (mut trainer, mut source) = parts();
    let run = trainer.fit(&mut source).until(steps).resume(folder);
    let run = observers
        .into_iter()
        .fold(run, |run, observer| run.observe(observer));
    assert_eq!(run.run().unwrap().steps, steps);
}

#[test]
fn a_large_memory_is_still_there_after_resuming() {
    let folder = tempfile::tempdir().unwrap();
    let large = "m".repeat(17 << 20);
    run(folder.path(), 2, vec![&mut Remembers::new(large.clone())]);
    let mut second = Remembers::default();
    run(folder.path(), 3, vec![&mut second]);
    assert!(second.recalled == Some(large.into()));
}

#[test]
fn observers_are_found_by_name_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    // Best after 2 steps.
    let stopping = || {
        let distance = |trainer: &Trainer| Ok((trainer.steps() as f64 - 2.0).abs());
        EarlyStoppingConfig::new()
            .with_interval(1)
            .init(Score::lowest("distance", distance))
            .unwrap()
    };
    let mut first = stopping();
    run(folder.path(), 4, vec![&mut first, &mut Remembers::new(7)]);
    assert_eq!(first.best_step(), Some(1));

    // One more, and another order.
    let (mut new, mut old, mut same) = (Remembers::new(1), Remembers::new(2), stopping());
    let mut new_one = Named::new("new", &mut new);
    run(folder.path(), 6, vec![&mut new_one, &mut old, &mut same]);
    assert_eq!((same.best_step(), same.best_value()), (Some(1), Some(0.0)));
    assert_eq!((new.recalled, old.recalled), (None, Some(json!(7))));

    // One less.
    let mut left = Remembers::default();
    run(folder.path(), 7, vec![&mut left]);
    assert_eq!(left.recalled, Some(json!(2)));
}

#[test]
fn observers_of_the_same_name_are_told_apart_by_their_order() {
    let folder = tempfile::tempdir().unwrap();
    run(
        folder.path(),
        2,
        vec![&mut Remembers::new(1), &mut Remembers::new(2)],
    );
    let (mut one, mut two, mut three) = Default::default();
    run(folder.path(), 3, vec![&mut one, &mut two, &mut three]);
    let recalled = [one, two, three].map(|observer: Remembers| observer.recalled);
    assert_eq!(recalled, [Some(json!(1)), Some(json!(2)), None]);
}

#[test]
fn the_names_are_those_of_the_types() {
    let name = |observer: &dyn Observer<()>| observer.name();
    assert_eq!(name(&Remembers::default()), "Remembers");
    assert_eq!(name(&Named::new("mine", Remembers::default())), "mine");
    assert_eq!(name(&Box::new(&mut Remembers::default())), "Remembers");
}

#[test]
fn what_the_observers_of_format_1_remembered_is_taken_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 2, vec![&mut Remembers::new(1)]);
    let checkpoints = Checkpoints::open(folder.path()).unwrap();
    let path = folder.path().join("step-000000002");
    let Checkpoint {
        manifest,
        mut files,
        ..
    } = Checkpoint::read(&path).unwrap();
    files.remove("observers.json").unwrap();
    let mut old = Manifest {
        format: 1,
        ..manifest
    };
    old.run["observers"] = json!([null, "old"]);
    checkpoints.write(old.clone(), &files).unwrap();
    drop(checkpoints);
    let (mut first, mut second) = (Remembers::default(), Remembers::default());
    run(folder.path(), 3, vec![&mut first, &mut second]);
    assert_eq!(second.recalled, Some(json!("old")));
    assert_eq!(first.recalled, Some(Value::Null));

    // Where the list is another one, they start afresh.
    fs::remove_dir_all(folder.path().join("step-000000003")).unwrap();
    let mut alone = Remembers::default();
    run(folder.path(), 3, vec![&mut alone]);
    assert_eq!(alone.recalled, None);
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::open(folder.path()).unwrap();
    let files = || [("file".to_string(), vec![1])].into();
    let mut manifest = Manifest::new(1, 0);
    let whole = checkpoints.write(manifest.clone(), &files()).unwrap();

    let refused = |manifest: &Manifest, files| {
        let error = checkpoints.write(manifest.clone(), &files).unwrap_err();
        // The older one of that step is untouched, and nothing is left over.
        assert_eq!(
            Checkpoint::read(&whole).unwrap().manifest.configuration,
            Value::Null
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        error.to_string()
    };
    manifest.configuration = "c".repeat(17 << 20).into();
    let error = refused(&manifest, files());
    assert!(error.contains("no more than 16777216"), "{error}");
    manifest.configuration = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let error = refused(&manifest, files());
    assert!(error.contains("recursion limit"), "{error}");
    manifest.configuration = Value::Null;
    for name in ["manifest.json", "manifest.sha256", "../file", "", "a/b"] {
        let error = refused(&manifest, [(name.to_string(), vec![1])].into());
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }

    // The same for what observers remember.
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let (mut trainer, mut source) = parts();
    let error = trainer
        .fit(&mut source)
        .until(2)
        .observe(Remembers::new(deep))
        .resume(folder.path().join("run"))
        .run()
        .unwrap_err();
    assert!(error.to_string().starts_with("observers.json"), "{error}");
}
