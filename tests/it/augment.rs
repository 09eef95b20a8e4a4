//! Augmentation: each change is what it says it is, linear up to a constant, and a part of the step like any other.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::augment::{AdaConfig, Augmentation, DiffAugmentConfig, Strength, Transformation};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization};
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainerConfig, PenaltyPlace};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, Dual, DualDiscriminator, GanError, TangentRule,
};

use crate::common::{assert_close, parameters, processors, relative_error, stream, values};

fn none() -> DiffAugmentConfig {
    DiffAugmentConfig::new()
        .with_color(false)
        .with_translation(0.0)
        .with_cutout(0.0)
}

fn images(count: usize, [channels, height, width]: [usize; 3], device: &Device) -> Tensor<4> {
    stream(1).normal([count, channels, height, width], device)
}

fn drawn(config: &DiffAugmentConfig, images: &Tensor<4>, step: u64) -> Transformation {
    let mut stream = Stream::new(7, Purpose::Augmentation, step);
    config.draw(images.dims(), &mut stream, &images.device())
}

fn changed(change: &Transformation, images: &Tensor<4>) -> Tensor<4> {
    change.apply(Dual::constant(images.clone())).value
}

/// The planes `[H][W]` of all images, channel by channel.
fn planes(images: &Tensor<4>) -> Vec<Vec<Vec<f64>>> {
    let [.., height, width] = images.dims();
    let values = values(images.clone());
    let planes = values.chunks(height * width);
    planes
        .map(|plane| plane.chunks(width).map(<[f64]>::to_vec).collect())
        .collect()
}

#[test]
fn a_translation_moves_whole_images_by_whole_pixels() {
    for device in processors() {
        let (channels, height, width) = (2, 12, 8);
        let before = images(40, [channels, height, width], &device);
        let config = none().with_translation(0.25);
        let after = planes(&changed(&drawn(&config, &before, 0), &before));
        let before = planes(&before);
        // A quarter of 12 and of 8.
        let shifts: Vec<(i64, i64)> = (-3..=3)
            .flat_map(|down| (-2..=2).map(move |right| (down, right)))
            .collect();
        let moved = |plane: &[Vec<f64>], (down, right): (i64, i64)| -> Vec<Vec<f64>> {
            let at = |row: i64, column: i64| {
                let row = usize::try_from(row - down).ok()?;
                let column = usize::try_from(column - right).ok()?;
                plane.get(row)?.get(column).copied()
            };
            let row = |row| (0..width as i64).map(move |column| (row, column));
            (0..height as i64)
                .map(|r| row(r).map(|(r, c)| at(r, c).unwrap_or(0.0)).collect())
                .collect()
        };
        let mut seen = std::collections::BTreeSet::new();
        for (before, after) in before.chunks(channels).zip(after.chunks(channels)) {
            let shift = shifts
                .iter()
                .find(|shift| {
                    let both = before.iter().zip(after);
                    both.into_iter()
                        .all(|(before, after)| moved(before, **shift) == *after)
                })
                .expect("every channel of an image moves by the same shift");
            seen.insert(*shift);
        }
        assert!(seen.len() > 20, "each image has its own: {seen:?}");
        let furthest = |axis: fn(&(i64, i64)) -> i64| seen.iter().map(axis).max();
        assert_eq!(
            (furthest(|s| s.0.abs()), furthest(|s| s.1.abs())),
            (Some(3), Some(2))
        );
    }
}

#[test]
fn a_cutout_is_a_rectangle_of_zeros() {
    let device = Device::flex();
    for (height, width, share) in [(8, 8, 0.5), (9, 6, 0.5), (7, 7, 1.0), (10, 4, 0.3)] {
        let before = images(30, [1, height, width], &device);
        let config = none().with_cutout(share);
        let after = planes(&changed(&drawn(&config, &before, 0), &before));
        let largest =
            [height, width].map(|side: usize| (share * side as f64 + 0.5).floor() as usize);
        let mut whole = 0;
        for (before, after) in planes(&before).iter().zip(&after) {
            let rows: Vec<usize> = (0..height).filter(|&r| after[r].contains(&0.0)).collect();
            let columns: Vec<usize> = (0..width)
                .filter(|&c| after.iter().any(|row| row[c] == 0.0))
                .collect();
            for row in 0..height {
                for column in 0..width {
                    let cut = rows.contains(&row) && columns.contains(&column);
                    let expected = if cut { 0.0 } else { before[row][column] };
                    assert_eq!(after[row][column], expected);
                }
            }
            assert!(rows.len() <= largest[0] && columns.len() <= largest[1]);
            assert!(
                rows.windows(2)
                    .chain(columns.windows(2))
                    .all(|pair| pair[1] == pair[0] + 1)
            );
            whole += usize::from([rows.len(), columns.len()] == largest);
        }
        assert!(whole > 0, "some rectangles lie inside the image");
    }
}

/// Brightness moves the mean alone; saturation and contrast scale what is left, each by one number an image.
#[test]
fn color_is_three_numbers_an_image() {
    let device = Device::flex();
    let (height, width) = (5, 6);
    let before = images(60, [3, height, width], &device);
    let config = none().with_color(true);
    let after = changed(&drawn(&config, &before, 0), &before);
    let (mut brightness, mut saturation, mut contrast) = (vec![], vec![], vec![]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let pixels = height * width;
    for (before, after) in values(before)
        .chunks(3 * pixels)
        .zip(values(after).chunks(3 * pixels))
    {
        let grey = |image: &[f64]| -> Vec<f64> {
            (0..pixels)
                .map(|p| (image[p] + image[p + pixels] + image[p + 2 * pixels]) / 3.0)
                .collect()
        };
        let (grey_before, grey_after) = (grey(before), grey(after));
        let (mean_before, mean_after) = (mean(before), mean(after));
        brightness.push(mean_after - mean_before);
        // Grey has no saturation: what scales its differences is contrast.
        let factor = (grey_after[0] - mean_after) / (grey_before[0] - mean_before);
        let color = (after[0] - grey_after[0]) / (before[0] - grey_before[0]) / factor;
        for p in 0..3 * pixels {
            let grey = grey_before[p % pixels];
            let expected = mean_after + factor * (grey - mean_before + color * (before[p] - grey));
            assert!((after[p] - expected).abs() < 2e-5);
        }
        contrast.push(factor);
        saturation.push(color);
    }
    let spread = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most)
    };
    for (values, from, to) in [
        (&brightness, -0.5, 0.5),
        (&saturation, 0.0, 2.0),
        (&contrast, 0.5, 1.5),
    ] {
        let (least, most) = spread(values);
        assert!(least > from - 1e-4 && most < to + 1e-4, "{least} {most}");
        assert!(most - least > 0.8 * (to - from), "{least} {most}");
    }
}

/// The tangent is the difference of two values, and a gradient its transpose.
#[test]
fn changes_are_linear_and_differentiable() {
    for device in processors() {
        let before = images(6, [3, 8, 10], &device);
        let change = drawn(&DiffAugmentConfig::new(), &before, 0);
        let direction = stream(2).normal(before.dims(), &device);
        let moving = Dual::with_tangent(before.clone(), direction.clone()).unwrap();
        let moved = change.apply(moving);
        assert!(!moved.is_curved() && !moved.is_coupled());
        let difference =
            changed(&change, &(before.clone() + direction.clone())) - changed(&change, &before);
        assert_close(moved.tangent.unwrap(), difference.clone(), 1e-5);

        let weights = stream(3).normal(before.dims(), &device);
        let leaf = before.clone().autodiff().require_grad();
        let product = changed(&change, &leaf) * weights.clone().autodiff();
        let gradients = product.sum().backward();
        let gradient = leaf.grad(&gradients).unwrap();
        assert_close(
            (gradient.without_autodiff() * direction).sum(),
            (difference * weights).sum(),
            1e-4,
        );
    }
}

#[test]
fn draws_depend_on_seed_and_step_alone() {
    let before = images(4, [1, 8, 8], &Device::flex());
    let config = DiffAugmentConfig::new();
    let values = |step| values(changed(&drawn(&config, &before, step), &before));
    assert_eq!(values(3), values(3));
    assert_ne!(values(3), values(4));
}

fn diff_augment() -> Option<Augmentation> {
    Some(Augmentation::DiffAugment(DiffAugmentConfig::new()))
}

fn networks() -> DcganConfig {
    DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None)
}

/// The weights of both networks after some steps of R3GAN's losses.
fn trained(config: &GanTrainerConfig, steps: usize, count: usize) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let data = images(40, [1, 8, 8], &Device::flex()).tanh();
    let mut source = ShuffleConfig::new(count)
        .init(Memory::new(data).unwrap())
        .unwrap();
    let example = source.batch(0, &device).unwrap();
    let mut trainer = config
        .init(
            networks().init_generator(&device).unwrap(),
            networks().init_discriminator(&device).unwrap(),
            &example,
        )
        .unwrap();
    trainer.fit(&mut source).until(steps).run().unwrap();
    let both = [
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    ];
    both.into_iter().flat_map(BTreeMapValues::flat).collect()
}

trait BTreeMapValues {
    fn flat(self) -> Vec<f64>;
}

impl BTreeMapValues for std::collections::BTreeMap<String, Vec<f64>> {
    fn flat(self) -> Vec<f64> {
        self.into_values().flatten().collect()
    }
}

fn config(place: PenaltyPlace) -> GanTrainerConfig {
    crate::accumulation::plain(GanTrainerConfig::new())
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }])
        .with_augmentation(diff_augment())
        .with_penalty_place(place)
}

#[test]
fn a_step_in_parts_changes_the_same_images() {
    for place in [PenaltyPlace::Changed, PenaltyPlace::Unchanged] {
        let whole = trained(&config(place), 2, 8);
        let parts = trained(&config(place).with_micro_batches(3), 2, 8);
        let error = relative_error(&parts, &whole);
        assert!(error < 1e-5, "{place:?}: {error}");
    }
}

#[test]
fn the_augmentation_and_the_place_of_penalties_count() {
    let changed = trained(&config(PenaltyPlace::Changed), 2, 8);
    assert_eq!(changed, trained(&config(PenaltyPlace::Changed), 2, 8));
    assert_ne!(changed, trained(&config(PenaltyPlace::Unchanged), 2, 8));
    let without = config(PenaltyPlace::Changed).with_augmentation(None);
    assert_ne!(changed, trained(&without, 2, 8));
}

/// Logits that are a product with weights: the gradient in an image is the weights, wherever it is.
#[derive(Module, Debug)]
pub struct Product {
    pub linear: Linear,
}

impl Discriminator<4> for Product {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<4> for Product {
    fn logits_dual(&self, samples: Dual<4>, _: &()) -> Dual<1> {
        let [count, ..] = samples.value.dims();
        let rows = samples.linear(move |x| x.reshape([count as i32, -1]));
        self.linear
            .propagate(rows)
            .linear(move |x: Tensor<2>| x.reshape([count]))
    }
}

/// R1 at changed images is half the squared weights; through a cutout only the weights outside it count.
#[test]
fn penalties_are_where_they_are_said_to_be() {
    let device = Device::flex().autodiff();
    let count = 5;
    let real = images(count, [1, 8, 8], &Device::flex()).tanh();
    let cutout = none().with_cutout(0.5);
    for (method, tolerance) in [
        (PenaltyMethod::Exact, 1e-5),
        (PenaltyMethod::CentralDifference { step: 0.1 }, 1e-5),
    ] {
        for place in [PenaltyPlace::Changed, PenaltyPlace::Unchanged] {
            let discriminator = Product {
                linear: LinearConfig::new(64, 1)
                    .init(&mut stream(5), &device)
                    .unwrap(),
            };
            let weights: Vec<f64> = parameters(&discriminator)["linear.weight"].clone();
            let mut trainer = GanTrainerConfig::new()
                .with_penalties(vec![Penalty::R1 { gamma: 1.0 }])
                .with_penalty_method(method)
                .with_augmentation(Some(Augmentation::DiffAugment(cutout.clone())))
                .with_penalty_place(place)
                .with_seed(3)
                .init(
                    networks().init_generator(&device).unwrap(),
                    discriminator,
                    &Batch::new(real.clone()),
                )
                .unwrap();
            let report = trainer.step(Batch::new(real.clone())).unwrap();
            let penalty = values(report.penalty().unwrap().clone())[0];

            // The numbers of the first step's first half; a cutout of ones is its mask.
            let mut random = Stream::new(3, Purpose::Augmentation, 0);
            let ones = Tensor::<4>::ones([count, 1, 8, 8], &Device::flex());
            let mask = values(changed(
                &cutout.draw(ones.dims(), &mut random, &Device::flex()),
                &ones,
            ));
            let squares = mask.chunks(64).map(|mask| {
                let kept = mask.iter().zip(&weights);
                kept.map(|(mask, weight)| match place {
                    PenaltyPlace::Unchanged => (mask * weight).powi(2),
                    _ => weight.powi(2),
                })
                .sum::<f64>()
            });
            let expected = squares.sum::<f64>() / count as f64 / 2.0;
            let error = (penalty - expected).abs() / expected;
            assert!(
                error < tolerance,
                "{method:?}, {place:?}: {penalty}, expected {expected}"
            );
        }
    }
}

/// Through all of ADA's changes the gradient at an image is that of the changed image's product with the weights.
#[test]
fn a_penalty_goes_through_the_changes_of_ada() {
    let device = Device::flex().autodiff();
    let count = 5;
    let real = images(count, [1, 8, 8], &Device::flex()).tanh();
    let ada = AdaConfig::new().with_strength(Strength::fixed(0.8));
    let discriminator = Product {
        linear: LinearConfig::new(64, 1)
            .init(&mut stream(5), &device)
            .unwrap(),
    };
    let weights = discriminator.linear.weight.val().without_autodiff();
    let mut trainer = GanTrainerConfig::new()
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }])
        .with_augmentation(Some(Augmentation::Ada(ada.clone())))
        .with_penalty_place(PenaltyPlace::Unchanged)
        .with_seed(3)
        .init(
            networks().init_generator(&device).unwrap(),
            discriminator,
            &Batch::new(real.clone()),
        )
        .unwrap();
    let report = trainer.step(Batch::new(real.clone())).unwrap();
    let penalty = values(report.penalty().unwrap().clone())[0];

    let mut random = Stream::new(3, Purpose::Augmentation, 0);
    let change = ada.draw(0.8, real.dims(), &mut random, &Device::flex());
    // What each pixel adds to the product: images of a single pixel, one pixel after the other.
    let zero = changed(&change, &real.zeros_like());
    let mut squares = 0.0;
    for pixel in 0..64 {
        let mut one = vec![0.0_f32; 64];
        one[pixel] = 1.0;
        let one = Tensor::<1>::from_floats(one.as_slice(), &Device::flex());
        let one = one.reshape([1, 1, 8, 8]).repeat_dim(0, count);
        let added = (changed(&change, &one) - zero.clone()).reshape([count, 64]);
        let slopes = values(added.matmul(weights.clone()));
        squares += slopes.iter().map(|slope| slope * slope).sum::<f64>();
    }
    let expected = squares / count as f64 / 2.0;
    assert!(
        (penalty - expected).abs() < 1e-5 * expected,
        "{penalty}, expected {expected}"
    );
}

#[test]
fn a_run_in_two_parts_is_a_run_in_one() {
    let run = |steps: &[usize], folder: &std::path::Path| {
        let mut weights = Vec::new();
        for &steps in steps {
            let device = Device::flex().autodiff();
            let data = images(20, [1, 8, 8], &Device::flex()).tanh();
            let mut source = ShuffleConfig::new(4)
                .init(Memory::new(data).unwrap())
                .unwrap();
            let mut trainer = config(PenaltyPlace::Unchanged)
                .init(
                    networks().init_generator(&device).unwrap(),
                    networks().init_discriminator(&device).unwrap(),
                    &source.batch(0, &device).unwrap(),
                )
                .unwrap();
            let run = trainer.fit(&mut source).until(steps).resume(folder);
            run.run().unwrap();
            weights = parameters(trainer.discriminator()).flat();
        }
        weights
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&[7], &folder.path().join("whole"));
    assert_eq!(run(&[3, 7], &folder.path().join("parts")), whole);
}

#[test]
fn what_cannot_be_augmented_is_refused() {
    let device = Device::flex().autodiff();
    let perceptrons = MlpConfig::new(2);
    let points = Batch::new(stream(0).normal([4, 2], &Device::flex()));
    let error = GanTrainerConfig::new()
        .with_augmentation(diff_augment())
        .init(
            perceptrons.init_generator(&device).unwrap(),
            perceptrons.init_discriminator(&device).unwrap(),
            &points,
        )
        .err()
        .unwrap();
    assert!(matches!(error, GanError::Config(_)), "{error}");
    assert!(error.to_string().contains("images"), "{error}");

    for wrong in [none().with_cutout(1.5), none().with_translation(-0.1)] {
        let config =
            GanTrainerConfig::new().with_augmentation(Some(Augmentation::DiffAugment(wrong)));
        let error = config.init(
            networks().init_generator(&device).unwrap(),
            networks().init_discriminator(&device).unwrap(),
            &Batch::new(Tensor::zeros([2, 1, 8, 8], &device)),
        );
        assert!(matches!(error.err(), Some(GanError::Config(_))));
    }
}
