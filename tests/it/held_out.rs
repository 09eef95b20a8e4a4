//! The discriminator's logits of samples that it does not learn from, beside those of its training samples.

use std::cell::RefCell;
use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{DataError, Memory, ShuffleConfig, Source};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{Flow, HeldOutLogits, History, Observer, Plan, read_history};
use burn_gan::plot::{Chart, logit_chart};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Discriminator, GanError, Labels, StepReport};
use serde_json::{Value, json};

use crate::common::{stream, values};

const TRAINING: &str = "evaluation.logit_training";
const HELD_OUT: &str = "evaluation.logit_held_out";
const WIDTH: usize = 16;

type Trainer<C> = GanTrainer<2, MlpGenerator, MlpDiscriminator, C>;

fn points(step: u64, count: usize) -> Tensor<2> {
    stream(step).normal([count, WIDTH], &Device::flex())
}

fn trainer(config: &GanTrainerConfig) -> Trainer<()> {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(WIDTH).with_hidden(vec![32]);
    config
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &burn_gan::Batch::new(points(0, 1)),
        )
        .unwrap()
}

/// The mean logits of both sets after each step.
struct Oracle<'a> {
    sets: [Tensor<2>; 2],
    found: &'a RefCell<BTreeMap<usize, [f64; 2]>>,
}

impl Observer<Trainer<()>> for Oracle<'_> {
    fn observe(&mut self, report: &StepReport, trainer: &Trainer<()>) -> Result<Flow, GanError> {
        let discriminator = trainer.discriminator().valid();
        let mean = |samples: &Tensor<2>| {
            let logits = values(discriminator.logits(samples.clone(), &()));
            logits.iter().sum::<f64>() / logits.len() as f64
        };
        let means = self.sets.each_ref().map(mean);
        self.found.borrow_mut().insert(report.step, means);
        Ok(Flow::Continue)
    }
}

#[test]
fn a_history_has_the_mean_logits_of_both_sets() {
    let folder = tempfile::tempdir().unwrap();
    for (name, jsonl) in [("history.csv", false), ("history.jsonl", true)] {
        let path = folder.path().join(name);
        // More than goes through the discriminator at once.
        let [training, held_out] = [points(1, 200), points(2, 200)];
        let sets = || [&training, &held_out].map(|set| Memory::new(set.clone()).unwrap());
        let [of_training, of_held_out] = sets();
        let mut source = ShuffleConfig::new(20).init(of_training.clone()).unwrap();
        let found = RefCell::new(BTreeMap::new());
        let oracle = Oracle {
            sets: [training.clone(), held_out.clone()],
            found: &found,
        };
        let history = if jsonl {
            History::json_lines(&path, 2)
        } else {
            History::csv(&path, 2)
        };
        trainer(&GanTrainerConfig::new())
            .fit(&mut source)
            .until(11)
            .observe(HeldOutLogits::new(of_training, of_held_out, 4, history))
            .observe(oracle)
            .run()
            .unwrap();
        let rows = read_history(&path).unwrap();
        let steps: Vec<usize> = rows.iter().map(|row| row.step).collect();
        assert_eq!(steps, [1, 3, 5, 7, 9, 10]);
        for row in &rows {
            let evaluated = [TRAINING, HELD_OUT].map(|name| row.terms.get(name).copied());
            if [3, 7, 10].contains(&row.step) {
                let expected = found.borrow()[&row.step];
                for (actual, expected) in evaluated.into_iter().zip(expected) {
                    assert!((f64::from(actual.unwrap()) - expected).abs() < 1e-5);
                }
            } else {
                assert_eq!(evaluated, [None; 2]);
            }
        }
        let plain: Vec<_> = rows
            .iter()
            .cloned()
            .map(|mut row| {
                row.terms.clear();
                row
            })
            .collect();
        let (with, without): (Chart, Chart) = (logit_chart(&rows), logit_chart(&plain));
        assert_ne!(with, without);
    }
}

/// Eight samples in sixteen dimensions are learnt by heart, and others of the same distribution are not.
#[test]
fn overfitting_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    let training = Memory::new(points(1, 8)).unwrap();
    let held_out = Memory::new(points(2, 300)).unwrap();
    let mut source = ShuffleConfig::new(8).init(training.clone()).unwrap();
    let history = History::csv(&path, 200);
    let observer = HeldOutLogits::new(training, held_out, 200, history).with_samples(8);
    trainer(&GanTrainerConfig::new().with_discriminator_learning_rate(2e-3))
        .fit(&mut source)
        .until(400)
        .observe(observer)
        .run()
        .unwrap();
    let last = read_history(&path).unwrap().pop().unwrap();
    let gap = last.terms[TRAINING] - last.terms[HELD_OUT];
    assert!(gap > 1.0, "{gap}");
}

#[test]
fn samples_come_with_their_conditions() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(WIDTH)
        .with_hidden(vec![8])
        .with_classes(Some(3));
    let labels = Tensor::<1, Int>::from_ints([0, 1, 2, 2], &Device::flex());
    let set = |step| Memory::with_condition(points(step, 4), labels.clone()).unwrap();
    let mut source = ShuffleConfig::new(4).init(set(1)).unwrap();
    let mut trainer: Trainer<Labels> = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    let history = History::csv(&path, 1);
    trainer
        .fit(&mut source)
        .until(1)
        .observe(HeldOutLogits::new(set(1), set(2), 1, history))
        .run()
        .unwrap();
    let logits = trainer
        .discriminator()
        .valid()
        .logits(points(2, 4), &labels);
    let row = read_history(&path).unwrap().pop().unwrap();
    let expected = values(logits.mean())[0];
    assert!((f64::from(row.terms[HELD_OUT]) - expected).abs() < 1e-5);
}

/// Remembers, and says what it was told.
#[derive(Debug, Default)]
struct Inner {
    recalled: Value,
}

impl<T> Observer<T> for Inner {
    fn observe(&mut self, _: &StepReport, _: &T) -> Result<Flow, GanError> {
        Ok(Flow::Stop)
    }
    fn memory(&mut self) -> Result<Value, GanError> {
        Ok(json!({ "was": self.recalled }))
    }
    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.recalled = memory.clone();
        Ok(())
    }
}

#[test]
fn the_observer_behind_it_is_heard() {
    let set = || Memory::new(points(1, 4)).unwrap();
    let mut observer = HeldOutLogits::new(set(), set(), 1, Inner::default());
    let observer: &mut dyn Observer<Trainer<()>> = &mut observer;
    assert_eq!(observer.name(), "Inner");
    observer.recall(&json!(7)).unwrap();
    assert_eq!(observer.memory().unwrap(), json!({ "was": 7 }));
    let mut trainer = trainer(&GanTrainerConfig::new());
    let report = trainer.step(burn_gan::Batch::new(points(0, 4))).unwrap();
    observer.start(Plan::new(0, 1)).unwrap();
    assert_eq!(observer.observe(&report, &trainer).unwrap(), Flow::Stop);
}

#[test]
fn a_run_without_samples_to_look_at_does_not_start() {
    let mut source = ShuffleConfig::new(4)
        .init(Memory::new(points(1, 4)).unwrap())
        .unwrap();
    let set = || Memory::new(points(1, 4)).unwrap();
    let mut start = |interval, samples| {
        let observer = HeldOutLogits::new(set(), set(), interval, ()).with_samples(samples);
        let mut trainer = trainer(&GanTrainerConfig::new());
        trainer.fit(&mut source).until(1).observe(observer).run()
    };
    assert!(matches!(start(0, 4), Err(GanError::Config(_))));
    assert!(matches!(start(1, 0), Err(GanError::Config(_))));
    assert!(start(1, 4).is_ok());

    let none: [&dyn burn_gan::data::Samples<2>; 2] = [&Nothing, &set()];
    for (training, held_out) in [(none[0], none[1]), (none[1], none[0])] {
        let mut observer = HeldOutLogits::new(training, held_out, 1, ());
        let started = Observer::<Trainer<()>>::start(&mut observer, Plan::new(0, 1));
        assert!(matches!(
            started,
            Err(GanError::Data(DataError::EmptyDataset))
        ));
    }
}

struct Nothing;

impl burn_gan::data::Samples<2> for Nothing {
    fn len(&self) -> usize {
        0
    }
    fn select(&self, _: &[usize], _: &Device) -> Result<burn_gan::Batch<2>, DataError> {
        Err(DataError::EmptyDataset)
    }
}
