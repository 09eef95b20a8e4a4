//! Spectral normalisation: the largest singular value is 1 by a full decomposition, stays 1 as weights move, and
//! its vectors are saved, kept and not trained.

use crate::common::{Shift, parameters, stream, values};
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor};
use burn_gan::nn::{
    Convolution, ConvolutionConfig, Head, HeadConfig, Initialization, Linear, LinearConfig,
    SpectralNorm, advance_spectral_norms, apply_spectral_norm, has_spectral_norm,
    initialize_normal,
};
use burn_gan::{Discriminator, Dual, load_weights, save_weights};

#[derive(Module, Debug)]
struct Network {
    linear: Linear,
    layers: Vec<Convolution>,
    head: Head,
    plain: Linear,
}

fn network(device: &Device) -> Network {
    let convolution = |groups, position| {
        ConvolutionConfig::new(4, 12, 3)
            .with_groups(groups)
            .with_spectral_norm(true)
            .with_initialization(Initialization::He { slope: 0.0 })
            .init(&mut stream(position), device)
            .unwrap()
    };
    Network {
        linear: LinearConfig::new(9, 14)
            .with_spectral_norm(true)
            .init(&mut stream(1), device)
            .unwrap(),
        layers: vec![convolution(1, 2), convolution(2, 3)],
        head: HeadConfig::new([2, 3, 4])
            .with_outputs(2)
            .with_spectral_norm(true)
            .init(&mut stream(4), device)
            .unwrap(),
        plain: LinearConfig::new(3, 3)
            .init(&mut stream(5), device)
            .unwrap(),
    }
}

/// The largest singular value by a full decomposition, of what a layer multiplies by: rows on the first axis.
pub fn largest_singular_value<const D: usize>(weight: &Param<Tensor<D>>) -> f64 {
    assert!(weight.reparameterization::<SpectralNorm>().is_some());
    let columns = weight.dims()[1..].iter().product();
    largest_of(&values(weight.val()), columns)
}

/// The vector that belongs to a weight.
fn vector(weight: &Param<Tensor<2>>) -> &Param<Tensor<1>> {
    &weight.reparameterization::<SpectralNorm>().unwrap().right
}

/// The largest singular value of a row-major matrix: all of them, by Jacobi's rotations of its columns
/// (Hestenes 1958), which share nothing with power iterations.
fn largest_of(matrix: &[f64], columns: usize) -> f64 {
    let column = |j: usize| matrix.iter().skip(j).step_by(columns).copied().collect();
    let mut vectors: Vec<Vec<f64>> = (0..columns).map(column).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Columns beyond the rank become 0; rounding keeps their angles from settling.
    let negligible = 1e-13 * dot(matrix, matrix);
    for _ in 0..60 {
        let mut settled = true;
        for i in 0..columns {
            for j in i + 1..columns {
                let (a, b) = (dot(&vectors[i], &vectors[i]), dot(&vectors[j], &vectors[j]));
                let c = dot(&vectors[i], &vectors[j]);
                if c.abs() <= negligible {
                    continue;
                }
                settled = false;
                let angle = 0.5 * (2.0 * c).atan2(a - b);
                let (sin, cos) = angle.sin_cos();
                for row in 0..vectors[i].len() {
                    let (x, y) = (vectors[i][row], vectors[j][row]);
                    vectors[i][row] = cos * x + sin * y;
                    vectors[j][row] = cos * y - sin * x;
                }
            }
        }
        if settled {
            let lengths = vectors.iter().map(|vector| dot(vector, vector).sqrt());
            return lengths.fold(0.0, f64::max);
        }
    }
    panic!("the rotations do not converge");
}

#[test]
fn the_full_decomposition_is_right() {
    // Orthogonal columns of length 5 and 2, turned by a rotation on the right.
    let (sin, cos) = 0.7_f64.sin_cos();
    let columns = [[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]];
    let matrix: Vec<f64> = (0..3)
        .flat_map(|row| {
            let (x, y) = (columns[0][row], columns[1][row]);
            [cos * x - sin * y, sin * x + cos * y]
        })
        .collect();
    assert!((largest_of(&matrix, 2) - 5.0).abs() < 1e-12);
}

fn largest_singular_values(network: &Network) -> Vec<f64> {
    let mut found = vec![
        largest_singular_value(&network.linear.weight),
        largest_singular_value(&network.head.weight),
    ];
    found.extend(
        network
            .layers
            .iter()
            .map(|layer| largest_singular_value(&layer.weight)),
    );
    found
}

#[track_caller]
fn assert_normalized(network: &Network, tolerance: f64) {
    let found = largest_singular_values(network);
    assert!(
        found.iter().all(|value| (value - 1.0).abs() < tolerance),
        "{found:?}"
    );
}

/// Power iterations converge with the ratio of the two largest singular values, which random matrices of this size
/// have close together: 20 iterations of a fresh layer leave some percent.
#[test]
fn the_largest_singular_value_is_1() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        let fresh = network(&device);
        assert_normalized(&fresh, 0.01);
        assert_normalized(&advance_spectral_norms(fresh, 100), 0.01);
    }
}

#[test]
fn a_layer_multiplies_by_the_normalized_weight() {
    let device = Device::flex();
    let linear = network(&device).linear;
    let weight = linear.weight.val();
    assert_ne!(values(weight.clone()), values(linear.weight.base()));
    let identity = Tensor::eye(9, &device);
    assert_eq!(
        values(linear.propagate(Dual::constant(identity)).value),
        values(weight)
    );
}

#[test]
fn it_follows_the_weights() {
    let device = Device::flex().autodiff();
    let start = advance_spectral_norms(network(&device), 100);
    // A step of 0.05 beside weights of 0.2 to 0.5.
    let moved = start.clone().map(&mut Shift::by(0.05));
    let unfollowed = largest_singular_values(&moved);
    assert!(
        unfollowed.iter().any(|value| (value - 1.0).abs() > 0.005),
        "{unfollowed:?}"
    );
    let before = parameters(&moved);
    let mut followed = moved;
    for _ in 0..10 {
        followed = advance_spectral_norms(followed, 1);
    }
    assert_normalized(&followed, 0.005);

    // Nothing but the vectors has moved, and they are what they were: constants of the same identity.
    for (path, value) in parameters(&followed) {
        assert_eq!(value != before[&path], path.contains("spectral"), "{path}");
    }
    let [old, new] = [&start, &followed].map(|network| vector(&network.linear.weight));
    assert_eq!(old.id, new.id);
    assert!(new.device().is_autodiff() && !new.is_require_grad());
    assert!(followed.linear.weight.is_require_grad());
}

#[test]
fn no_iterations_change_nothing() {
    let moved = network(&Device::flex().autodiff()).map(&mut Shift::by(0.5));
    let before = parameters(&moved);
    assert_eq!(parameters(&advance_spectral_norms(moved, 0)), before);
}

#[test]
fn a_forward_pass_moves_nothing() {
    let device = Device::flex().autodiff();
    let moved = network(&device).map(&mut Shift::by(0.5));
    let before = parameters(&moved);
    let x = stream(6).normal([3, 9], &device);
    let first = values(moved.linear.propagate(Dual::constant(x.clone())).value);
    let second = values(moved.linear.propagate(Dual::constant(x)).value);
    assert_eq!(first, second);
    assert_eq!(parameters(&moved), before);
}

/// A layer of a user's own, with a weight of another layout and fields of any name.
#[derive(Module, Debug)]
struct Own {
    kernel: Param<Tensor<4>>,
    scale: Param<Tensor<1>>,
    right: Param<Tensor<1>>,
}

#[test]
fn the_users_own_layers_advance_too() {
    let device = Device::flex().autodiff();
    let own = Own {
        kernel: Param::from_tensor(stream(7).normal([6, 2, 3, 3], &device)),
        scale: Param::from_tensor(Tensor::ones([6], &device)),
        right: Param::from_tensor(Tensor::ones([18], &device)),
    };
    assert!(!has_spectral_norm(&own));
    let own = apply_spectral_norm(own, &mut stream(8));
    assert!(has_spectral_norm(&own));
    let paths: Vec<String> = parameters(&own).into_keys().collect();
    assert_eq!(
        paths,
        ["kernel", "kernel.spectral_norm.right", "right", "scale"]
    );

    let moved = own.map(&mut Shift::by(0.5));
    let [scale, right] = [&moved.scale, &moved.right].map(|vector| values(vector.val()));
    let stale = largest_singular_value(&moved.kernel);
    assert!((stale - 1.0).abs() > 0.01, "{stale}");
    let own = advance_spectral_norms(moved, 20);
    let largest = largest_singular_value(&own.kernel);
    assert!((largest - 1.0).abs() < 0.01, "{largest}");
    assert_eq!(values(own.scale.val()), scale);
    assert_eq!(values(own.right.val()), right, "another `right`");
}

#[test]
fn layers_of_burns_take_it() {
    use burn::nn::{LinearConfig, conv::Conv2dConfig};
    let device = Device::flex().autodiff();
    let linear = apply_spectral_norm(LinearConfig::new(9, 14).init(&device), &mut stream(8));
    let convolution = apply_spectral_norm(
        Conv2dConfig::new([3, 5], [3, 3]).init(&device),
        &mut stream(8),
    );
    for largest in [
        largest_singular_value(&linear.weight),
        largest_singular_value(&convolution.weight),
    ] {
        assert!((largest - 1.0).abs() < 0.01, "{largest}");
    }
    // With its tangent rule as with its own forward pass, and with a gradient for what is trained alone.
    let x = stream(9).normal([4, 9], &device);
    let y = burn_gan::dual::linear(&linear, Dual::constant(x.clone())).value;
    assert_eq!(values(y.clone()), values(linear.forward(x)));
    let gradients = GradientsParams::from_grads(y.square().sum().backward(), &linear);
    assert_eq!(gradients.len(), 2, "weight and bias");
}

#[test]
fn a_replaced_weight_is_normalized() {
    let device = Device::flex().autodiff();
    let layer = network(&device).layers.remove(1);
    let standard = stream(9).normal([12, 2, 3, 3], &Device::flex());
    let layer = layer.with_standard_weight(standard.clone()).unwrap();
    let largest = largest_singular_value(&layer.weight);
    assert!((largest - 1.0).abs() < 0.01, "{largest}");
    // What goes in comes out: the trained weights, not the normalised ones.
    assert_eq!(values(layer.standard_weight()), values(standard));
}

/// Networks of a few seeds, with samples for them.
fn discriminators() -> impl Iterator<Item = (burn_gan::model::MlpDiscriminator, Tensor<2>)> {
    let device = Device::flex();
    (0..6).map(move |seed| {
        let network = burn_gan::model::MlpConfig::new(2)
            .with_hidden(vec![64, 64])
            .with_spectral_norm(true)
            .with_seed(seed)
            .init_discriminator(&device)
            .unwrap();
        (network, stream(seed).normal([32, 2], &device))
    })
}

fn largest_logit<N: Discriminator<2>>(network: &N, x: &Tensor<2>) -> f64 {
    let logits = values(network.logits(x.clone(), &()));
    logits.iter().fold(0.0, |largest, x| x.abs().max(largest))
}

/// A network whose layers stretch nothing by more than 1 gives no logit above the length of its sample.
#[test]
fn redrawn_weights_are_normalized() {
    for (seed, (network, x)) in discriminators().enumerate() {
        let redrawn = initialize_normal(network, 0.02, seed as u64);
        let longest = values(x.clone().square().sum_dim(1).sqrt())
            .into_iter()
            .fold(0.0, f64::max);
        let logit = largest_logit(&redrawn, &x);
        assert!(
            logit > 0.0 && logit < 1.05 * longest,
            "seed {seed}: {logit}"
        );
    }
    let device = Device::flex();
    assert_normalized(&initialize_normal(network(&device), 0.02, 1), 0.01);
}

/// Draws new weights and leaves the vectors behind.
struct Redraw(u64);

impl ModuleMapper for Redraw {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D < 2 {
            return param;
        }
        self.0 += 1;
        let seed = self.0;
        param.map(|weight| stream(seed).normal(weight.dims(), &weight.device()) * 0.02)
    }
}

/// Where a mapper has moved the weights away from their vectors, each layer is bounded all the same, and following
/// the weights repairs it.
#[test]
fn weights_mapped_by_hand_stay_bounded_and_recover() {
    for (seed, (network, x)) in discriminators().enumerate() {
        let stale = network.map(&mut Redraw(1000 * seed as u64));
        let logit = largest_logit(&stale, &x);
        // sqrt(min(rows, columns)) a layer: sqrt(2) * sqrt(64) * 1, for samples no longer than 5.
        assert!(logit < 5.0 * 2f64.sqrt() * 8.0, "seed {seed}: {logit}");
        let followed = advance_spectral_norms(stale, 100);
        assert!(largest_logit(&followed, &x) < 5.0, "seed {seed}");
    }
    let device = Device::flex();
    let stale = network(&device).map(&mut Redraw(1));
    for (largest, bound) in largest_singular_values(&stale)
        .into_iter()
        .zip([9f64, 2.0, 12.0, 12.0])
    {
        assert!(largest < bound.sqrt() * 1.001, "{largest} above {bound}");
    }
    // Two singular values of a random matrix may be close: some need hundreds of iterations.
    assert_normalized(&advance_spectral_norms(stale, 500), 0.01);
}

/// The worst vector that there can be, orthogonal to all that the weight stretches.
#[test]
fn the_norm_is_a_bound_whatever_the_vector() {
    let device = Device::flex();
    let only = |tensor: Tensor<2>| apply_spectral_norm(Param::from_tensor(tensor), &mut stream(1));
    let along_first = only(Tensor::from_floats([[3.0, 0.0], [0.0, 0.0]], &device));
    assert_eq!(values(along_first.val())[0], 1.0);
    let weight: Tensor<2> = Tensor::from_floats([[0.0, 0.0], [0.0, 5.0]], &device);
    let turned = along_first.map_with(weight);
    assert!((values(turned.val())[3] - 2f64.sqrt()).abs() < 1e-6);
}

/// Puts a value into a parameter as a mapper does: what is attached to it stays.
trait MapWith {
    fn map_with(self, value: Tensor<2>) -> Self;
}

impl MapWith for Param<Tensor<2>> {
    fn map_with(self, value: Tensor<2>) -> Self {
        Module::map(self, &mut Put(value))
    }
}

struct Put(Tensor<2>);

impl ModuleMapper for Put {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 2 {
            return param;
        }
        let value = self.0.clone();
        param.map(|old| value.reshape(old.dims()))
    }
}

#[test]
fn weights_of_zero_stay_zero_and_recover() {
    let device = Device::flex();
    let mut layer = network(&device).linear;
    let weight = layer.weight.base();
    layer.weight = layer.weight.map_with(weight.zeros_like());
    let mut layer = advance_spectral_norms(layer, 3);
    let x = Tensor::ones([1, 9], &device);
    let y = layer.propagate(Dual::constant(x)).value;
    assert_eq!(values(y), [0.0; 14]);
    layer.weight = layer.weight.map_with(weight);
    let layer = advance_spectral_norms(layer, 20);
    let largest = largest_singular_value(&layer.weight);
    assert!((largest - 1.0).abs() < 0.01, "{largest}");
}

#[test]
fn optimisers_leave_the_vectors_alone() {
    let device = Device::flex().autodiff();
    let layer = network(&device).linear;
    let x = stream(10).normal([5, 9], &device);
    let loss = layer.propagate(Dual::constant(x)).value.square().sum();
    let grads = GradientsParams::from_grads(loss.backward(), &layer);
    assert_eq!(grads.len(), 2, "weight and bias");
    let before = parameters(&layer);
    let layer = AdamConfig::new().init().step(0.1, layer, grads);
    for (path, value) in parameters(&layer) {
        assert_eq!(value == before[&path], path.contains("spectral"), "{path}");
    }
}

#[test]
fn the_vectors_survive_files_and_evaluation() {
    let device = Device::flex().autodiff();
    let moved = network(&device).map(&mut Shift::by(0.5));
    let moved = advance_spectral_norms(moved, 3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.bpk");
    save_weights(&moved, &path).unwrap();
    let loaded = load_weights(network(&device), &path).unwrap();
    assert_eq!(parameters(&loaded), parameters(&moved));
    let again = moved.valid().train();
    assert_eq!(parameters(&again), parameters(&moved));
    for network in [loaded, again] {
        assert!(!vector(&network.linear.weight).is_require_grad());
        assert!(network.linear.weight.is_require_grad());
    }
}

#[test]
fn without_it_records_are_as_they_were() {
    let plain = network(&Device::flex()).plain;
    let paths: Vec<String> = parameters(&plain).into_keys().collect();
    assert_eq!(paths, ["bias", "weight"]);
}

#[test]
fn the_trainer_follows_with_one_iteration_a_step() {
    let device = Device::flex().autodiff();
    let config = burn_gan::model::ResnetConfig::new(1, 8, 8)
        .with_filters(8)
        .with_spectral_norm(true);
    let batch = burn_gan::Batch::new(stream(50).normal([4, 1, 8, 8], &device).tanh());
    let mut trainer = burn_gan::trainer::GanTrainerConfig::sngan()
        .with_critic_steps(1)
        .init(
            config.init_generator(&device).unwrap(),
            config.init_discriminator(&device).unwrap(),
            &batch,
        )
        .unwrap();
    let vectors = |trainer: &burn_gan::trainer::GanTrainer<4, _, _>| -> Vec<Vec<f64>> {
        parameters(burn_gan::AdversarialTrainer::discriminator(trainer))
            .into_iter()
            .filter(|(path, _)| path.ends_with(".spectral_norm.right"))
            .map(|(_, values)| values)
            .collect()
    };
    let before = vectors(&trainer);
    assert!(!before.is_empty());
    burn_gan::AdversarialTrainer::step(&mut trainer, batch).unwrap();
    // All but those of a single column, which have one direction only.
    for (before, after) in before.iter().zip(vectors(&trainer)) {
        assert!(before.len() == 1 || before != &after);
    }
}

#[test]
fn a_perceptron_with_it_has_slopes_of_at_most_1() {
    let device = Device::flex();
    let config = burn_gan::model::MlpConfig::new(3).with_hidden(vec![16, 16]);
    let plain = config.init_discriminator(&device).unwrap();
    assert!(!has_spectral_norm(&plain));

    let config = config.with_spectral_norm(true);
    let discriminator = config.init_discriminator(&device).unwrap();
    let from: Tensor<2> = stream(60).normal([64, 3], &device);
    let to: Tensor<2> = stream(61).normal([64, 3], &device);
    let logits = |x: Tensor<2>| values(burn_gan::Discriminator::logits(&discriminator, x, &()));
    let distances = values((from.clone() - to.clone()).powi_scalar(2).sum_dim(1).sqrt());
    let pairs = logits(from).into_iter().zip(logits(to));
    let slopes: Vec<f64> = pairs
        .zip(distances)
        .map(|((a, b), distance)| (a - b).abs() / distance)
        .collect();
    assert!(slopes.iter().all(|slope| *slope < 1.01), "{slopes:?}");
    assert!(slopes.iter().any(|slope| *slope > 0.0));

    let generator = config.init_generator(&device).unwrap();
    assert!(!has_spectral_norm(&generator));
}
