//! The watch over a run: what it finds, what a finding leads to, and what it remembers.

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::feature::FeatureError;
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{FindingKind, Flow, Observer, Plan, Watch, WatchAction, WatchConfig};
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, GanError, StepReport};
use burn_gan::{BatchError, ConfigError};
use serde_json::{Value, json};

/// A trainer whose samples are scripted: a fixed cloud, times a scale, at a place.
struct Script {
    generator: MlpGenerator,
    discriminator: MlpDiscriminator,
    cloud: Tensor<2>,
    scale: f64,
    place: f64,
}

impl Script {
    fn new() -> Self {
        let device = Device::flex();
        let networks = MlpConfig::new(2).with_hidden(vec![2]);
        Self {
            generator: networks.init_generator(&device).unwrap(),
            discriminator: networks.init_discriminator(&device).unwrap(),
            cloud: cloud(2),
            scale: 1.0,
            place: 0.0,
        }
    }
}

impl AdversarialTrainer<2> for Script {
    type Generator = MlpGenerator;
    type Discriminator = MlpDiscriminator;
    fn step(&mut self, _: Batch<2>) -> Result<StepReport, GanError> {
        Err(GanError::Batch(BatchError::Empty))
    }
    fn steps(&self) -> usize {
        0
    }
    fn generator(&self) -> &MlpGenerator {
        &self.generator
    }
    fn discriminator(&self) -> &MlpDiscriminator {
        &self.discriminator
    }
    fn sample(&self, count: usize, _: u64, _: &()) -> Result<Tensor<2>, GanError> {
        Ok(self.cloud.clone().narrow(0, 0, count) * self.scale + self.place)
    }
    fn device(&self) -> Device {
        Device::flex()
    }
}

fn cloud(step: u64) -> Tensor<2> {
    Stream::new(5, Purpose::Data, step).normal([32, 2], &Device::flex())
}

fn real() -> Batch<2> {
    Batch::new(cloud(1))
}

fn config() -> WatchConfig {
    WatchConfig::new().with_window(4)
}

/// A step with these logits: the same for all real samples, and for all generated ones but a share.
fn report(step: usize, real: f32, fake: [f32; 4]) -> StepReport {
    let device = Device::flex();
    let one = Tensor::ones([1], &device);
    let real = Tensor::from_floats([real; 4], &device);
    StepReport::new(step, one, real, Tensor::from_floats(fake, &device))
}

/// Observes steps of a calm discriminator and a generator that moves, changed by `script`.
fn watch_script(
    watch: &mut Watch<2>,
    steps: std::ops::Range<usize>,
    script: impl Fn(usize, &mut Script) -> StepReport,
) -> Vec<Flow> {
    let mut trainer = Script::new();
    steps
        .map(|step| {
            trainer.place = 0.1 * step as f64;
            let report = script(step, &mut trainer);
            watch.observe(&report, &trainer).unwrap()
        })
        .collect()
}

fn calm(step: usize) -> StepReport {
    report(step, 0.5, [-0.5; 4])
}

fn kinds(watch: &Watch<2>) -> Vec<(FindingKind, usize, usize)> {
    let findings = watch.findings().iter();
    findings
        .map(|found| (found.kind, found.first, found.last))
        .collect()
}

#[test]
fn a_calm_run_raises_no_alarm_and_is_measured() {
    let mut watch = config().init(&real()).unwrap();
    let flows = watch_script(&mut watch, 0..13, |step, _| calm(step));
    assert_eq!(flows, [Flow::Continue; 13]);
    assert!(watch.findings().is_empty(), "{:?}", watch.findings());
    let measures = watch.measures().unwrap();
    assert_eq!((measures.first, measures.last), (8, 11));
    assert_eq!((measures.logit_gap, measures.accuracy), (1.0, None));
    assert!(measures.movement.unwrap() > 0.05, "{measures:?}");
    assert!(
        (measures.diversity.unwrap() - 1.0).abs() < 0.4,
        "{measures:?}"
    );
}

#[test]
fn a_saturated_discriminator_is_found_once_a_window() {
    let mut watch = config().init(&real()).unwrap();
    // 20 apart in steps 4 to 7 and far more on average in 8 to 11, calm otherwise.
    watch_script(&mut watch, 0..16, |step, _| match step {
        4..8 => report(step, 15.0, [-5.0; 4]),
        8 => report(step, 400.0, [-400.0; 4]),
        _ => calm(step),
    });
    let saturated = FindingKind::Saturation;
    assert_eq!(kinds(&watch), [(saturated, 4, 7), (saturated, 8, 11)]);
    let message = watch.findings()[0].to_string();
    for part in [
        "discriminator saturated",
        "steps 4..7",
        "20.0",
        "threshold 15",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn log_odds_have_to_be_on_their_sides_too() {
    let look = |fake: [f32; 4]| {
        let mut watch = config().init(&real()).unwrap();
        watch_script(&mut watch, 0..4, |step, _| {
            report(step, 30.0, fake).with_logits_are_log_odds(true)
        });
        (watch.findings().len(), watch.measures().unwrap().accuracy)
    };
    assert_eq!(look([-30.0; 4]), (1, Some(1.0)));
    assert_eq!(look([-30.0, -30.0, -30.0, 1.0]), (0, Some(0.875)));
}

#[test]
fn a_generator_that_stands_still_is_found() {
    let mut watch = config().init(&real()).unwrap();
    watch_script(&mut watch, 0..12, |step, trainer| {
        // Moves, stands, moves.
        trainer.place = if (4..8).contains(&step) {
            3.0
        } else {
            0.1 * step as f64
        };
        if step == 3 {
            trainer.place = 3.0;
        }
        calm(step)
    });
    assert_eq!(kinds(&watch), [(FindingKind::Stall, 4, 7)]);
    let message = watch.findings()[0].to_string();
    assert!(
        message.contains("generator stalled: over steps 4..7"),
        "{message}"
    );
    assert!(message.contains("0.0e0"), "{message}");
}

#[test]
fn a_collapse_is_found() {
    let mut watch = config().init(&real()).unwrap();
    watch_script(&mut watch, 0..8, |step, trainer| {
        trainer.scale = if step < 4 { 0.01 } else { 1.0 };
        calm(step)
    });
    assert_eq!(kinds(&watch), [(FindingKind::Collapse, 0, 3)]);
    let message = watch.findings()[0].to_string();
    assert!(
        message.contains("mode collapse: after steps 0..3"),
        "{message}"
    );
}

/// Everything is wrong in every step.
fn sick(step: usize, trainer: &mut Script) -> StepReport {
    (trainer.scale, trainer.place) = (0.0, 1.0);
    report(step, 30.0, [-30.0; 4])
}

#[test]
fn checks_can_be_switched_off() {
    let all = [
        FindingKind::Saturation,
        FindingKind::Stall,
        FindingKind::Collapse,
    ];
    for (config, off) in [
        (config(), None),
        (config().with_maximum_logit_gap(None), Some(0)),
        (config().with_minimum_movement(None), Some(1)),
        (config().with_minimum_diversity(None), Some(2)),
    ] {
        let mut watch = config.init(&real()).unwrap();
        watch_script(&mut watch, 0..4, sick);
        let found: Vec<FindingKind> = watch.findings().iter().map(|found| found.kind).collect();
        let expected = all
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != off);
        assert_eq!(found, expected.map(|(_, &kind)| kind).collect::<Vec<_>>());
    }
    // Without the two that look at samples nothing is generated.
    let config = config()
        .with_minimum_movement(None)
        .with_minimum_diversity(None);
    let mut watch = config.init(&real()).unwrap();
    watch_script(&mut watch, 0..4, sick);
    let measures = watch.measures().unwrap();
    assert_eq!((measures.movement, measures.diversity), (None, None));
}

#[test]
fn the_action_is_taken_at_the_end_of_the_window() {
    for (action, flow) in [
        (WatchAction::Warn, Flow::Continue),
        (WatchAction::Stop, Flow::Stop),
        (WatchAction::RollBack, Flow::RollBack),
    ] {
        let mut watch = config().with_action(action).init(&real()).unwrap();
        let flows = watch_script(&mut watch, 0..5, sick);
        let go = Flow::Continue;
        assert_eq!(flows, [go, go, go, flow, go]);
    }
}

/// Numbers that do not add up to round ones.
fn uneven(step: usize, trainer: &mut Script) -> StepReport {
    trainer.scale = 1.0;
    if step % 8 > 5 {
        return sick(step, trainer);
    }
    let logit = 17.0 / (step as f32 + 1.7);
    report(step, logit, [-logit, 0.1, 0.2, -0.3]).with_logits_are_log_odds(true)
}

#[test]
fn a_resumed_watch_says_the_same() {
    let steps = 14;
    let mut whole = config().init(&real()).unwrap();
    let flows = watch_script(&mut whole, 0..steps, uneven);
    assert!(!whole.findings().is_empty());
    let memory = |watch: &mut Watch<2>| Observer::<Script>::memory(watch).unwrap();
    for pause in 1..steps {
        let mut first = config().init(&real()).unwrap();
        watch_script(&mut first, 0..pause, uneven);
        // As a checkpoint does: through text.
        let text = memory(&mut first).to_string();
        let mut second = config().init(&real()).unwrap();
        let recalled: Value = serde_json::from_str(&text).unwrap();
        Observer::<Script>::recall(&mut second, &recalled).unwrap();
        Observer::<Script>::start(&mut second, Plan::new(pause, steps)).unwrap();
        assert_eq!(memory(&mut second), memory(&mut first));
        let rest = watch_script(&mut second, pause..steps, uneven);
        assert_eq!(rest, flows[pause..], "paused at {pause}");
        assert_eq!(second.findings(), whole.findings());
        if pause < 12 {
            assert_eq!(second.measures(), whole.measures());
        }
        assert_eq!(memory(&mut second), memory(&mut whole));
    }
}

#[test]
fn going_back_keeps_what_was_found_and_a_new_run_forgets_the_window() {
    let mut watch = config().init(&real()).unwrap();
    watch_script(&mut watch, 0..2, sick);
    let checkpoint = Observer::<Script>::memory(&mut watch).unwrap();
    watch_script(&mut watch, 2..4, sick);
    assert_eq!(watch.findings().len(), 3);
    Observer::<Script>::recall(&mut watch, &checkpoint).unwrap();
    Observer::<Script>::start(&mut watch, Plan::new(2, 9)).unwrap();
    assert_eq!(watch.findings().len(), 3);
    watch_script(&mut watch, 2..4, |step, _| calm(step));
    assert_eq!(watch.measures().map(|measures| measures.first), Some(0));

    watch_script(&mut watch, 4..6, |step, _| calm(step));
    Observer::<Script>::start(&mut watch, Plan::new(0, 9)).unwrap();
    assert!(watch.measures().is_none());
    watch_script(&mut watch, 0..4, |step, _| calm(step));
    assert_eq!(watch.measures().map(|measures| measures.last), Some(3));
}

#[test]
fn samples_that_are_not_finite_do_not_end_the_run() {
    let mut watch = config().init(&real()).unwrap();
    let flows = watch_script(&mut watch, 0..8, |step, trainer| {
        if step >= 3 {
            trainer.scale = f64::NAN;
        }
        calm(step)
    });
    assert_eq!(flows, [Flow::Continue; 8]);
    let measures = watch.measures().unwrap();
    assert_eq!((measures.movement, measures.diversity), (None, None));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let device = Device::flex();
    let field = |config: WatchConfig, real: Batch<2>| match config.init(&real) {
        Err(
            GanError::Config(ConfigError { field, .. })
            | GanError::Feature(FeatureError::Config(ConfigError { field, .. })),
        ) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(config().with_window(0), real()), "window");
    let negative = config().with_minimum_diversity(Some(-1.0));
    assert_eq!(field(negative, real()), "minimum_diversity");
    let nan = config().with_maximum_logit_gap(Some(f64::NAN));
    assert_eq!(field(nan, real()), "maximum_logit_gap");
    for same in [
        Tensor::ones([8, 2], &device),
        Tensor::ones([1, 2], &device),
        Tensor::full([8, 2], f32::NAN, &device),
        Tensor::ones([8, 0], &device),
        Tensor::ones([0, 2], &device),
    ] {
        assert!(field(config(), Batch::new(same)).starts_with("real_example"));
    }

    let mut trainer = Script::new();
    trainer.cloud = Tensor::ones([32, 3], &device);
    let mut watch = config().init(&real()).unwrap();
    let error = watch.observe(&calm(0), &trainer);
    assert!(
        matches!(error, Err(GanError::Feature(FeatureError::Shape(_)))),
        "{error:?}"
    );
    for foreign in [json!(null), json!([1]), json!({"steps": 1})] {
        let error = Observer::<Script>::recall(&mut watch, &foreign);
        assert!(matches!(error, Err(GanError::State { .. })), "{error:?}");
    }
    let mut memory = Observer::<Script>::memory(&mut watch).unwrap();
    for foreign in [
        json!([1, 2, 3]),
        json!([[1.0, 2.0]]),
        json!([[]]),
        json!([]),
    ] {
        memory["followed"] = foreign;
        let error = Observer::<Script>::recall(&mut watch, &memory);
        assert!(matches!(error, Err(GanError::State { .. })), "{error:?}");
    }
}

#[test]
fn a_real_run_of_a_generator_that_does_not_learn_is_ended() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 16)
        .init()
        .unwrap();
    let real = source.batch(0, &device).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .with_generator_learning_rate(1e-9)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &real,
        )
        .unwrap();
    let mut watch = WatchConfig::new()
        .with_window(10)
        .with_action(WatchAction::Stop)
        .init(&real)
        .unwrap();
    let outcome = trainer
        .fit(&mut source)
        .until(50)
        .observe(&mut watch)
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (10, true));
    assert_eq!(kinds(&watch), [(FindingKind::Stall, 0, 9)]);
}
