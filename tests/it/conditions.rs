//! Conditions are checked before training: the labels of a whole data set, and those of samples.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::data::{ClassFrequencies, DataError, Memory, Samples, ShuffleConfig, Source, idx};
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, ClassCondition, Condition, ConfigError, Discriminator, Dual,
    GanError, Generator, Labels, NetworkError, SamplerConfig,
};

use crate::common::picture::Picture;
use crate::common::places::DIGITS_8X8;
use crate::common::{parameters, stream, values};

fn device() -> Device {
    Device::flex().autodiff()
}

fn labels(labels: &[i64]) -> Labels {
    Tensor::from_data(labels, &Device::flex())
}

fn host(labels: Labels) -> Vec<i64> {
    labels.into_data().iter::<i64>().collect()
}

/// One layer, scaled by 1 + label where there are labels.
#[derive(Module, Debug)]
struct Scaled {
    layer: Linear,
    /// How many classes it has; none without labels.
    classes: Option<usize>,
    /// Whether it checks its labels itself.
    checks: bool,
}

impl Scaled {
    fn new(outputs: usize, classes: Option<usize>) -> Self {
        let layer = LinearConfig::new(2, outputs).init(&mut stream(1), &device());
        Self {
            layer: layer.unwrap(),
            classes,
            checks: true,
        }
    }

    fn unchecked(self) -> Self {
        Self {
            checks: false,
            ..self
        }
    }

    fn run<C: ClassCondition>(&self, x: Tensor<2>, condition: &C) -> Tensor<2> {
        let x = self.layer.propagate(Dual::constant(x)).value;
        match condition.labels() {
            Some(labels) => x * (labels.float().unsqueeze_dim(1) + 1.0),
            None => x,
        }
    }

    fn check<C: ClassCondition>(&self, condition: &C) -> Result<(), NetworkError> {
        match (condition.labels().filter(|_| self.checks), self.classes) {
            (Some(labels), Some(classes)) => {
                let bad = |label: &i64| !(0..classes as i64).contains(label);
                match host(labels).into_iter().find(bad) {
                    Some(label) => Err(NetworkError::LabelOutOfRange { label, classes }),
                    None => Ok(()),
                }
            }
            (None, Some(classes)) if self.checks => Err(NetworkError::LabelsMissing { classes }),
            (Some(_), None) => Err(NetworkError::LabelsUnused),
            _ => Ok(()),
        }
    }
}

impl<C: ClassCondition> Generator<2, C> for Scaled {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<2> {
        self.run(latent, condition)
    }
    fn classes(&self) -> Option<usize> {
        self.classes
    }
    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        self.check(condition)
    }
}

impl<C: ClassCondition> Discriminator<2, C> for Scaled {
    fn logits(&self, samples: Tensor<2>, condition: &C) -> Tensor<1> {
        self.run(samples, condition).squeeze_dim(1)
    }
    fn classes(&self) -> Option<usize> {
        self.classes
    }
    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        self.check(condition)
    }
}

type Trainer<C> = GanTrainer<2, Scaled, Scaled, C>;

fn init<C: ClassCondition>(
    generator: Scaled,
    discriminator: Scaled,
    condition: C,
) -> Result<Trainer<C>, GanError> {
    let samples = stream(2).normal([4, 2], &Device::flex());
    let example = Batch { samples, condition };
    GanTrainerConfig::new().init(generator, discriminator, &example)
}

/// A trainer whose networks take three classes.
fn trainer() -> Trainer<Labels> {
    let (generator, discriminator) = (Scaled::new(2, Some(3)), Scaled::new(1, Some(3)));
    init(generator, discriminator, labels(&[0, 1, 2, 0])).unwrap()
}

/// Shuffled samples with these labels.
fn data(of: &[i64]) -> impl Source<2, Labels> + use<> {
    let samples = stream(3).normal([of.len(), 2], &Device::flex());
    let memory = Memory::with_condition(samples, labels(of)).unwrap();
    ShuffleConfig::new(2).init(memory).unwrap()
}

/// What a run over data with these labels is refused for; nothing may have changed.
fn refused(mut trainer: Trainer<Labels>, of: &[i64]) -> GanError {
    let before = parameters(trainer.generator());
    let result = trainer.fit(&mut data(of)).until(1).run();
    assert_eq!(trainer.steps(), 0);
    assert_eq!(parameters(trainer.generator()), before);
    result.map(|_| ()).expect_err("an error")
}

#[test]
fn labels_of_the_data_without_a_class_are_refused_before_training() {
    for bad in [3, 300, -1, i64::from(i32::MIN)] {
        // Batches of two: the first need not have it.
        match refused(trainer(), &[0, 1, 2, 0, 1, bad, 2, 0]) {
            GanError::Network(NetworkError::LabelOutOfRange { label, classes: 3 }) => {
                assert_eq!(label, bad)
            }
            other => panic!("{other:?}"),
        }
        // Networks that say how many classes they have, and check nothing.
        let (generator, discriminator) = (Scaled::new(2, None), Scaled::new(1, Some(3)));
        let discriminator = discriminator.unchecked();
        let generator = Scaled {
            classes: Some(3),
            ..generator.unchecked()
        };
        let trainer = init(generator, discriminator, labels(&[0, 1, 2, 0])).unwrap();
        match refused(trainer, &[0, 1, 2, 0, bad, 1]) {
            GanError::Data(DataError::LabelOutOfRange { label, classes: 3 }) => {
                assert_eq!(label, bad)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_class_without_samples_is_refused_before_training() {
    let error = refused(trainer(), &[0, 2, 2, 0, 2]);
    assert!(
        error.to_string().contains("class 1 has no samples"),
        "{error}"
    );
    match error {
        GanError::Data(DataError::EmptyClass { class: 1, counts }) => {
            assert_eq!(counts, [2, 0, 3])
        }
        other => panic!("{other:?}"),
    }
    trainer().fit(&mut data(&[0, 2, 1])).until(2).run().unwrap();
}

/// Samples without end do not say what their conditions are.
struct Endless;

impl Source<2, Labels> for Endless {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2, Labels>, DataError> {
        let samples = stream(step as u64).normal([2, 2], device);
        Ok(Batch::with_condition(samples, labels(&[2, 2]))?)
    }
}

#[test]
fn samples_without_end_are_not_asked_for_all_classes() {
    assert!(Endless.conditions(&Device::flex()).unwrap().is_none());
    trainer().fit(&mut Endless).until(2).run().unwrap();
}

#[test]
fn a_resumed_run_checks_its_data_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = data(&[0, 1, 2, 0]);
    let run = trainer()
        .fit(&mut source)
        .until(2)
        .resume(folder.path())
        .run();
    assert_eq!(run.unwrap().steps, 2);
    let mut resumed = trainer();
    let mut source = data(&[0, 1, 2, 7]);
    match resumed
        .fit(&mut source)
        .until(4)
        .resume(folder.path())
        .run()
    {
        Err(GanError::Network(NetworkError::LabelOutOfRange {
            label: 7,
            classes: 3,
        })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(resumed.steps(), 2, "resumed, and no step after it");
}

#[test]
fn a_network_that_takes_no_labels_gets_none() {
    let with = || labels(&[0, 1, 2, 0]);
    for (generator, discriminator) in [(None, Some(3)), (Some(3), None)] {
        let (generator, discriminator) = (Scaled::new(2, generator), Scaled::new(1, discriminator));
        match init(generator.clone(), discriminator.clone(), with()).err() {
            Some(GanError::Network(NetworkError::LabelsUnused)) => {}
            other => panic!("{other:?}"),
        }
        match init(generator, discriminator, ()).err() {
            Some(GanError::Network(NetworkError::LabelsMissing { classes: 3 })) => {}
            other => panic!("{other:?}"),
        }
    }
    match init(
        Scaled::new(2, Some(3)),
        Scaled::new(1, Some(3)),
        labels(&[0, 1, 3, 0]),
    )
    .err()
    {
        Some(GanError::Network(NetworkError::LabelOutOfRange { label: 3, .. })) => {}
        other => panic!("{other:?}"),
    }
    // Without any labels everything is as it was.
    let mut trainer = init(Scaled::new(2, None), Scaled::new(1, None), ()).unwrap();
    let memory = Memory::new(stream(3).normal([4, 2], &Device::flex())).unwrap();
    let mut source = ShuffleConfig::new(2).init(memory).unwrap();
    trainer.fit(&mut source).until(1).run().unwrap();
}

#[test]
fn a_sampler_checks_its_conditions() {
    let generator = Scaled::new(2, Some(3));
    let sampler = SamplerConfig::new().with_chunk(2);
    let latent = || Tensor::<2>::ones([4, 2], &Device::flex());
    for bad in [3, -1] {
        let condition = labels(&[0, 1, 2, bad]);
        let errors: [Result<Tensor<2>, GanError>; 3] = [
            sampler.sample(&generator, 4, &condition),
            sampler.decode(&generator, latent(), &condition),
            trainer().sample(4, 0, &condition),
        ];
        for error in errors {
            match error {
                Err(GanError::Network(NetworkError::LabelOutOfRange { label, classes: 3 })) => {
                    assert_eq!(label, bad)
                }
                other => panic!("{other:?}"),
            }
        }
    }
    match sampler.sample::<2, (), _>(&generator, 4, &()) {
        Err(GanError::Network(NetworkError::LabelsMissing { classes: 3 })) => {}
        other => panic!("{other:?}"),
    }
    match sampler.sample::<2, Labels, _>(&Scaled::new(2, None), 1, &labels(&[0])) {
        Err(GanError::Network(NetworkError::LabelsUnused)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn sets_and_sources_pass_their_conditions_on() {
    let plain = Device::flex();
    let digits = idx::read_labelled_folder(DIGITS_8X8).unwrap();
    let expected: Vec<i64> = digits.labels().iter().map(|&label| label.into()).collect();
    let found = digits.all_conditions(&device()).unwrap().unwrap();
    assert!(!found.device().is_autodiff());
    assert_eq!(host(found), expected);

    let boxed: Box<dyn Samples<4, Labels>> = Box::new(&digits);
    let mut shuffled = ShuffleConfig::new(8).init(boxed).unwrap();
    let mut source: Box<dyn Source<4, Labels> + '_> = Box::new(&mut shuffled);
    let source = &mut source;
    assert_eq!(host(source.conditions(&plain).unwrap().unwrap()), expected);

    // Without labels there is nothing to pass on.
    assert!(digits.images().all_conditions(&plain).unwrap().is_none());
    let pairs = (labels(&[0, 1]), Tensor::<2>::ones([2, 3], &plain));
    let memory = Memory::with_condition(Tensor::<2>::ones([2, 2], &plain), pairs).unwrap();
    let found = memory.all_conditions(&plain).unwrap().unwrap();
    assert_eq!(host(found.labels().unwrap()), [0, 1]);
}

/// Panics where it is asked for its condition.
#[derive(Module, Debug)]
struct Panicking;

impl Generator<2> for Panicking {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
        latent
    }
    fn check_condition(&self, _: &()) -> Result<(), NetworkError> {
        panic!("no idea")
    }
}

#[test]
fn a_check_that_panics_is_an_error_of_its_network() {
    let example = Batch::new(Tensor::<2>::ones([4, 2], &Device::flex()));
    let discriminator = Scaled::new(1, None);
    match GanTrainerConfig::new()
        .init(Panicking, discriminator, &example)
        .err()
    {
        Some(GanError::NetworkFailed {
            network: "generator",
            message,
            ..
        }) => assert_eq!(message, "no idea"),
        other => panic!("{other:?}"),
    }
}

// Class frequencies.

#[test]
fn frequencies_are_those_of_the_labels() {
    let digits = idx::read_labelled_folder(DIGITS_8X8).unwrap();
    let all = digits.all_conditions(&Device::flex()).unwrap().unwrap();
    let frequencies = ClassFrequencies::of(&all, 12).unwrap();
    assert_eq!(frequencies.classes(), 12);
    for (class, &count) in frequencies.counts().iter().enumerate() {
        let of_class = |&&label: &&u8| usize::from(label) == class;
        assert_eq!(digits.labels().iter().filter(of_class).count(), count);
    }
    match frequencies.check_every_class() {
        Err(DataError::EmptyClass { class: 10, counts }) => {
            assert_eq!(counts, frequencies.counts())
        }
        other => panic!("{other:?}"),
    }
    assert!(
        ClassFrequencies::of(&all, 10)
            .unwrap()
            .check_every_class()
            .is_ok()
    );
    for (bad, classes) in [(9, 9), (-1, 10)] {
        let label = if bad < 0 {
            labels(&[4, bad])
        } else {
            all.clone()
        };
        match ClassFrequencies::of(&label, classes) {
            Err(DataError::LabelOutOfRange { label, .. }) => assert_eq!(label, bad),
            other => panic!("{other:?}"),
        }
    }
    for nothing in [vec![], vec![0, 0]] {
        let result = ClassFrequencies::new(nothing);
        assert!(matches!(result, Err(DataError::EmptyDataset)));
    }
    match ClassFrequencies::new(vec![usize::MAX, 1]) {
        Err(DataError::Config(ConfigError {
            field: "counts", ..
        })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn drawn_labels_have_the_frequencies_of_the_data() {
    let counts = vec![0, 5, 0, 30, 65, 0];
    let frequencies = ClassFrequencies::new(counts.clone()).unwrap();
    let draw = |count, seed| host(frequencies.draw(count, seed, &Device::flex()));
    let count = 20_000;
    let drawn = draw(count, 4);
    for (class, &samples) in counts.iter().enumerate() {
        let share = samples as f64 / 100.0;
        let found = drawn.iter().filter(|&&label| label == class as i64).count();
        let deviation = (share * (1.0 - share) * count as f64).sqrt();
        let expected = share * count as f64;
        assert!(
            (found as f64 - expected).abs() <= 4.0 * deviation,
            "{class}: {found}"
        );
    }
    assert_eq!(draw(100, 4), drawn[..100]);
    assert_ne!(draw(100, 5), drawn[..100]);
    assert!(draw(0, 4).is_empty());
    // As many random numbers as labels, of a stream that no latent vector comes from.
    let mut own = Stream::new(4, Purpose::Sampling, 1);
    let by_hand = (0..50).map(|_| match own.index(100) {
        0..5 => 1,
        5..35 => 3,
        _ => 4,
    });
    assert_eq!(draw(50, 4), by_hand.collect::<Vec<i64>>());
}

#[test]
fn proportional_labels_are_off_by_less_than_one_a_class() {
    let mut random = stream(5);
    for _ in 0..200 {
        let mut counts: Vec<usize> = (0..1 + random.index(8)).map(|_| random.index(50)).collect();
        counts[0] += 1;
        let total: usize = counts.iter().sum();
        let frequencies = ClassFrequencies::new(counts.clone()).unwrap();
        let shares = |count| {
            let labels = host(frequencies.proportional(count, &Device::flex()));
            assert!(labels.is_sorted() && labels.len() == count);
            let share = |class| labels.iter().filter(|&&label| label == class).count();
            (0..counts.len() as i64).map(share).collect::<Vec<_>>()
        };
        assert_eq!(shares(total), counts);
        assert_eq!(
            shares(3 * total),
            counts.iter().map(|n| 3 * n).collect::<Vec<_>>()
        );
        let count = random.index(300);
        for (&share, &samples) in shares(count).iter().zip(&counts) {
            let exact = (samples * count) as f64 / total as f64;
            assert!((share as f64 - exact).abs() < 1.0, "{share} for {exact}");
        }
    }
    // Equal remainders: the first classes are rounded up.
    let equal = ClassFrequencies::new(vec![7; 4]).unwrap();
    assert_eq!(
        host(equal.proportional(6, &Device::flex())),
        [0, 0, 1, 1, 2, 3]
    );
}

// Sample grids by class.

/// Images as bright as their label says.
#[derive(Module, Debug)]
struct Bright {
    weight: Linear,
}

impl Generator<4, Labels> for Bright {
    fn latent_size(&self) -> usize {
        1
    }
    fn generate(&self, latent: Tensor<2>, labels: &Labels) -> Tensor<4> {
        let moved = self.weight.propagate(Dual::constant(latent)).value * 0.0;
        let value = moved + labels.clone().float().unsqueeze_dim(1) * 0.5 - 1.0;
        value.reshape([-1, 1, 1, 1]).expand([-1, 1, 2, 2])
    }
}

impl Discriminator<4, Labels> for Bright {
    fn logits(&self, samples: Tensor<4>, _: &Labels) -> Tensor<1> {
        let mean = samples.mean_dim(2).mean_dim(3).flatten::<2>(1, 3);
        self.weight
            .propagate(Dual::constant(mean))
            .value
            .squeeze_dim(1)
    }
}

#[test]
fn a_grid_by_class_has_a_row_for_each() {
    use burn_gan::observe::SampleGrid;

    let folder = tempfile::tempdir().unwrap();
    let bright = || Bright {
        weight: LinearConfig::new(1, 1)
            .init(&mut stream(6), &device())
            .unwrap(),
    };
    let images = stream(7).normal([4, 1, 2, 2], &Device::flex());
    let example = Batch::with_condition(images, labels(&[0, 1, 2, 0])).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .init(bright(), bright(), &example)
        .unwrap();
    let memory = Memory::with_condition(example.samples, example.condition).unwrap();
    let mut source = ShuffleConfig::new(2).init(memory).unwrap();
    let grid = SampleGrid::by_class(folder.path(), 1, 4, 3, &Device::flex()).unwrap();
    trainer
        .fit(&mut source)
        .until(1)
        .observe(grid)
        .run()
        .unwrap();

    let picture = Picture::read(&folder.path().join("step-000001.png"));
    assert_eq!(picture.dimensions(), (3 * 2 + 2 * 2, 4 * 2 + 3 * 2));
    for row in 0..4 {
        let grey = ((row as f32 * 0.5) * 127.5).round() as u8;
        for column in 0..3 {
            assert_eq!(picture.pixel(column * 4, row * 4), [grey; 3], "class {row}");
        }
    }
    for (classes, per_class, expected) in [
        (0, 1, "classes"),
        (1, 0, "per_class"),
        (usize::MAX, 2, "classes * per_class"),
    ] {
        match SampleGrid::by_class(folder.path(), 1, classes, per_class, &Device::flex()) {
            Err(GanError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
            other => panic!("{other:?}"),
        }
    }
}

// A latent space of size 0: samples are made of their condition alone.

/// A linear translation of points.
#[derive(Module, Debug)]
struct Translation {
    layer: Linear,
}

impl Translation {
    fn new(outputs: usize) -> Self {
        let layer = LinearConfig::new(2, outputs).init(&mut stream(8), &device());
        Self {
            layer: layer.unwrap(),
        }
    }
}

impl Generator<2, Tensor<2>> for Translation {
    fn latent_size(&self) -> usize {
        0
    }
    fn generate(&self, latent: Tensor<2>, source: &Tensor<2>) -> Tensor<2> {
        assert_eq!(latent.dims(), [source.dims()[0], 0]);
        self.layer.propagate(Dual::constant(source.clone())).value
    }
}

impl Discriminator<2, Tensor<2>> for Translation {
    fn logits(&self, samples: Tensor<2>, source: &Tensor<2>) -> Tensor<1> {
        let x = samples + source.clone();
        self.layer.propagate(Dual::constant(x)).value.squeeze_dim(1)
    }
}

#[test]
fn a_generator_without_latents_is_trained_sampled_and_saved() {
    let plain = Device::flex();
    let condition = stream(9).normal([10, 2], &plain);
    let samples = condition.clone() * 2.0 + 1.0;
    let memory = Memory::with_condition(samples, condition.clone()).unwrap();
    let mut source = ShuffleConfig::new(4).init(memory).unwrap();
    let example = source.batch(0, &plain).unwrap();
    for config in [
        GanTrainerConfig::new(),
        GanTrainerConfig::new()
            .with_micro_batches(3)
            .with_critic_steps(2),
    ] {
        let trainer = || {
            let networks = (Translation::new(2), Translation::new(1));
            config.init(networks.0, networks.1, &example).unwrap()
        };
        let mut whole = trainer();
        let before = parameters(whole.generator());
        whole.fit(&mut source).until(4).run().unwrap();
        assert_ne!(parameters(whole.generator()), before);

        let folder = tempfile::tempdir().unwrap();
        let mut first = trainer();
        first
            .fit(&mut source)
            .until(2)
            .resume(folder.path())
            .run()
            .unwrap();
        let mut second = trainer();
        let outcome = second.fit(&mut source).until(4).resume(folder.path()).run();
        assert_eq!(outcome.unwrap().resumed, Some(2));
        assert_eq!(
            parameters(second.generator()),
            parameters(whole.generator())
        );

        let sampled = whole.sample(10, 5, &condition).unwrap();
        let sampler = SamplerConfig::new().with_chunk(3);
        let generator = whole.sampling_generator();
        let latent = Tensor::<2>::zeros([10, 0], &plain);
        let decoded = sampler.decode(&generator, latent, &condition).unwrap();
        assert_eq!(values(sampled), values(decoded));
        let wide = Tensor::<2>::zeros([10, 1], &plain);
        match sampler.decode(&generator, wide, &condition) {
            Err(GanError::Network(NetworkError::LatentSize {
                expected: 0,
                actual: 1,
            })) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_numbers_are_a_tensor_too() {
    for count in [0, 3] {
        let empty: Tensor<2> = Stream::new(0, Purpose::Latent, 0).normal([count, 0], &device());
        assert_eq!(empty.dims(), [count, 0]);
    }
}
