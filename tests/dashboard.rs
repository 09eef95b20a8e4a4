//! Burn's metrics renderers and metric loggers as observers: what they are told, and what their failures become.

use std::fs;
use std::sync::{Arc, Mutex};

use burn::tensor::{Device, Tensor};
use burn::train::Interrupter;
use burn::train::LearnerSummary;
use burn::train::logger::{
    EvaluationProgressLogger, FileMetricLogger, InMemoryMetricLogger, MetricLogger,
    TrainingProgressLogger,
};
use burn::train::metric::store::Split;
use burn::train::metric::{MetricDefinition, NumericEntry};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{Dashboard, Flow, MetricLog, ObserveError, Observer, Plan};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{GanError, StepReport};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;
type Calls = Arc<Mutex<Vec<String>>>;

/// Writes down what it is told.
struct Recorder {
    calls: Calls,
    interrupter: Interrupter,
    /// Presses "stop" after so many steps.
    stop_after: usize,
    /// Panics after so many steps, and when it is dropped after that.
    panic_after: usize,
    broken: bool,
}

impl Recorder {
    fn note(&self, call: impl ToString) {
        self.calls.lock().unwrap().push(call.to_string());
    }
}

impl MetricsRendererTraining for Recorder {
    fn update_train(&mut self, state: MetricState) {
        let MetricState::Numeric(entry, number) = state else {
            panic!("only numbers");
        };
        let drawn = match number {
            Some(NumericEntry::Value(value)) => format!("{value:.4}"),
            other => format!("{other:?}"),
        };
        self.note(format!(
            "{:?} {} {drawn}",
            entry.metric_id, entry.serialized_entry.formatted
        ));
    }
    fn update_valid(&mut self, _: MetricState) {
        panic!("nothing is validated");
    }
    fn on_train_end(
        &mut self,
        _: Option<LearnerSummary>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        self.note("on_train_end");
        Ok(())
    }
}

impl MetricsRendererEvaluation for Recorder {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl TrainingProgressLogger for Recorder {
    fn start(&mut self, epochs: usize, first: usize, items: Option<usize>, label: Option<&str>) {
        self.note(format!("start {epochs} {first} {items:?} {label:?}"));
    }
    fn update_epoch(&mut self, epoch: usize) {
        self.note(format!("update_epoch {epoch}"));
    }
    fn start_split(&mut self, split: &str, items: usize) {
        self.note(format!("start_split {split} {items}"));
    }
    fn update_split(&mut self, items: usize) {
        self.note(format!("update_split {items}"));
        if items == self.stop_after {
            self.interrupter.stop(Some("the user pressed q"));
        }
        if items == self.panic_after {
            self.broken = true;
            panic!("the terminal is gone");
        }
    }
    fn end_split(&mut self) {
        self.note("end_split");
    }
    fn end(&mut self) {
        self.note("end");
    }
    fn log_event_training(&mut self, event: String) {
        self.note(event);
    }
}

impl EvaluationProgressLogger for Recorder {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

impl MetricsRenderer for Recorder {
    fn manual_close(&mut self) {}
    fn register_metric(&mut self, definition: MetricDefinition) {
        self.note(format!("register {}", definition.name));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.note("drop");
        assert!(!self.broken, "the terminal is still gone");
    }
}

fn recorded(interval: usize, stop_after: usize, panic_after: usize) -> (Dashboard, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let dashboard = Dashboard::with_renderer(interval, move |interrupter| {
        Box::new(Recorder {
            calls: calls.clone(),
            interrupter,
            stop_after,
            panic_after,
            broken: false,
        })
    });
    (dashboard, kept)
}

/// A report whose discriminator loss is `loss`, with nothing else to show.
fn report(step: usize, loss: f32) -> StepReport {
    let scalar = |value: f32| Tensor::<1>::from_floats([value], &Device::flex());
    StepReport::new(step, scalar(loss), scalar(0.0), scalar(0.0))
}

fn train(steps: usize, observer: &mut impl Observer<Trainer>) -> Result<(usize, bool), GanError> {
    let device = Device::flex().autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init()?;
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let mut trainer: Trainer = GanTrainerConfig::new().init(
        networks.init_generator(&device)?,
        networks.init_discriminator(&device)?,
        &source.batch(0, &device)?,
    )?;
    let outcome = trainer
        .fit(&mut source)
        .until(steps)
        .observe(observer)
        .run()?;
    Ok((outcome.steps, outcome.stopped))
}

#[test]
fn a_renderer_is_told_of_a_run() {
    let (mut dashboard, calls) = recorded(2, 0, 0);
    assert_eq!(train(3, &mut dashboard).unwrap(), (3, false));

    let names: Vec<String> = calls
        .lock()
        .unwrap()
        .iter()
        .map(|call| call.split(" ").take(2).collect::<Vec<_>>().join(" "))
        .map(|call| {
            if call.starts_with("MetricId") {
                "value".to_string()
            } else {
                call
            }
        })
        .collect();
    // Numbers after the second step and the last; each metric is registered before its first value.
    let mut expected = vec!["start 1", "start_split train", "update_split 1"];
    expected.extend(["register Discriminator", "register Generator"]);
    expected.extend(["register Probability", "register Probability"]);
    expected.extend(["register Discriminator", "register Generator"]);
    expected.extend(["value"; 6]);
    expected.extend(["update_split 2", "update_split 3"]);
    expected.extend(["value"; 6]);
    expected.extend(["end_split", "update_epoch 1", "end"]);
    expected.extend(["on_train_end", "drop"]);
    assert_eq!(names, expected);
    assert_eq!(
        calls.lock().unwrap()[0],
        "start 1 1 None Some(\"steps 0 to 3\")"
    );

    // The dashboard opens again for the next run.
    assert_eq!(train(1, &mut dashboard).unwrap(), (1, false));
    assert_eq!(calls.lock().unwrap().last().unwrap(), "drop");
}

#[test]
fn its_user_stops_the_run() {
    let (mut dashboard, _) = recorded(100, 2, 0);
    assert_eq!(train(5, &mut dashboard).unwrap(), (2, true));
}

#[test]
fn bars_stand_still_after_a_return_to_a_checkpoint() {
    let (mut dashboard, calls) = recorded(100, 0, 0);
    let observer: &mut dyn Observer<()> = &mut dashboard;
    observer.start(Plan::new(10, 14)).unwrap();
    for step in [10, 11, 12] {
        observer.observe(&report(step, 1.0), &()).unwrap();
    }
    observer.start(Plan::new(11, 14)).unwrap();
    for step in [11, 12] {
        observer.observe(&report(step, 1.0), &()).unwrap();
    }
    // What is not finite is written, but no point in a plot.
    let last = report(13, f32::NAN);
    let flow = observer.observe(&last, &()).unwrap();
    assert_eq!(flow, Flow::Continue);
    observer.finish(Some(&last), &()).unwrap();

    let calls = calls.lock().unwrap();
    assert_eq!(calls[1], "start_split train 4");
    assert_eq!(
        calls[2..8],
        ["1", "2", "3", "Rolled back", "3", "3"].map(|call| match call.parse::<usize>() {
            Ok(items) => format!("update_split {items}"),
            Err(_) => call.to_string(),
        })
    );
    assert_eq!(calls[8], "update_split 4");
    assert!(calls[10].ends_with(" NaN None"), "{}", calls[10]);
}

#[test]
fn a_renderer_that_panics_is_an_error() {
    let (mut dashboard, calls) = recorded(1, 0, 2);
    let error = train(5, &mut dashboard).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the metrics renderer failed: the terminal is gone"
    );
    // It panics once more here.
    drop(dashboard);
    assert_eq!(calls.lock().unwrap().last().unwrap(), "drop");
}

#[test]
fn a_file_logger_writes_every_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = MetricLog::new(2, FileMetricLogger::new(folder.path()));
    train(5, &mut log).unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path().join("train/epoch-1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "Discriminator_Gradient_Norm.log",
            "Discriminator_Loss.log",
            "Generator_Gradient_Norm.log",
            "Generator_Loss.log",
            "Probability_Fake.log",
            "Probability_Real.log"
        ]
    );
    // After steps 2, 4 and the last.
    let losses = FileMetricLogger::new(folder.path())
        .read_numeric("Discriminator Loss", 1, &Split::Train)
        .unwrap();
    assert_eq!(losses.len(), 3);
    assert!(losses.iter().all(|loss| loss.current().is_finite()));
}

#[test]
fn a_log_goes_on_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let log_of = |losses: &[f32], log: &mut dyn Observer<()>| {
        for &loss in losses {
            log.observe(&report(0, loss), &()).unwrap();
        }
    };
    let logger = || MetricLog::new(1, FileMetricLogger::new(folder.path()));
    let mut first = logger();
    let observer: &mut dyn Observer<()> = &mut first;
    observer.start(Plan::new(0, 9)).unwrap();
    log_of(&[1.0, 2.0], observer);
    let memory = observer.memory().unwrap();
    assert_eq!(memory, 2);
    // Nothing is in the epoch yet: it is still the one that begins.
    assert_eq!(observer.memory().unwrap(), 2);
    // These steps are lost, and taken again.
    log_of(&[8.0, 9.0], observer);
    drop(first);

    let mut second = logger();
    let observer: &mut dyn Observer<()> = &mut second;
    observer.recall(&memory).unwrap();
    observer.start(Plan::new(2, 9)).unwrap();
    log_of(&[3.0], observer);
    // So are these, in the same process.
    observer.recall(&memory).unwrap();
    observer.start(Plan::new(2, 9)).unwrap();
    log_of(&[4.0], observer);
    observer.finish(None, &()).unwrap();

    let mut file = FileMetricLogger::new(folder.path());
    let mut read = |epoch| -> Vec<f64> {
        file.read_numeric("Discriminator Loss", epoch, &Split::Train)
            .unwrap()
            .iter()
            .map(NumericEntry::current)
            .collect()
    };
    assert_eq!(read(1), [1.0, 2.0]);
    assert_eq!(read(2), [4.0]);
    assert!(read(3).is_empty());

    let nonsense = Observer::<()>::recall(&mut second, &"two".into());
    assert!(matches!(nonsense, Err(GanError::State { .. })));
}

#[test]
fn a_log_takes_any_logger_and_a_folder_that_is_none_is_an_error() {
    train(2, &mut MetricLog::new(1, InMemoryMetricLogger::new())).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "no folder").unwrap();
    let mut log = MetricLog::new(1, FileMetricLogger::new(&path));
    let error = train(2, &mut log).unwrap_err();
    assert!(
        matches!(
            error,
            GanError::Observe(ObserveError::MetricsReceiver { .. })
        ),
        "{error}"
    );
}
