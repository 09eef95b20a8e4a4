//! CycleGAN (Zhu et al. 2017): two generators that translate unpaired images into each other, two discriminators.
//!
//! A trainer of its own, made of the parts that the library's is made of: [`Player`]s in a [`Transaction`], so that it has
//! checkpoints, bit-exact resuming and steps that are taken whole or not at all.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::data::{DataError, Samples, Shuffled, Source};
use burn_gan::loss::{AdversarialLoss, LeastSquares};
use burn_gan::model::{
    Normalization, PatchganConfig, PatchganDiscriminator, TranslatorConfig, TranslatorGenerator,
};
use burn_gan::trainer::{FiniteCheck, OptimizerConfig, PersistentParts, Player, Transaction, Turn};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, GanError, Generator, Identity, SamplerConfig,
    StepReport,
};
use serde_json::{Value, json};

/// Weight of the cycles (section 5.2).
const CYCLE: f64 = 10.0;

/// Sizes and rates.
#[derive(Debug, Clone)]
pub struct CycleConfig {
    /// Height and width of the grey images of both domains.
    pub size: [usize; 2],
    pub filters: usize,
    pub blocks: usize,
    pub learning_rate: f64,
    pub seed: u64,
}

/// Translates images of domain x into domain y and back. A batch is images of y, its condition as many of x, unpaired.
pub struct Cycle {
    config: CycleConfig,
    players: Transaction<Players>,
    device: Device,
}

/// All that a step changes.
#[derive(Clone)]
pub struct Players {
    to_y: Player<TranslatorGenerator>,
    to_x: Player<TranslatorGenerator>,
    judge_x: Player<PatchganDiscriminator>,
    judge_y: Player<PatchganDiscriminator>,
}

burn_gan::parts!(Players {
    "to-y": to_y,
    "to-x": to_x,
    "judge-x": judge_x,
    "judge-y": judge_y,
});

impl CycleConfig {
    /// The network of both generators.
    pub fn generator(&self) -> TranslatorConfig {
        let [height, width] = self.size;
        TranslatorConfig::new(1, 1, height, width)
            .with_filters(self.filters)
            .with_blocks(Some(self.blocks))
    }

    /// Builds the four networks and their optimisers.
    pub fn init(&self, device: &Device) -> Result<Cycle, GanError> {
        let [height, width] = self.size;
        let generator = |seed| player(self.generator().with_seed(seed).init(device)?);
        let judge = PatchganConfig::new(1, height, width)
            .with_filters(self.filters)
            .with_layers(2)
            .with_normalization(Normalization::Instance);
        let judge = |seed| player(judge.clone().with_seed(seed).init(device)?);
        let players = Players {
            to_y: generator(2 * self.seed)?,
            to_x: generator(2 * self.seed + 1)?,
            judge_x: judge(2 * self.seed)?,
            judge_y: judge(2 * self.seed + 1)?,
        };
        Ok(Cycle {
            config: self.clone(),
            players: Transaction::new(players, &FiniteCheck::EveryStep)?,
            device: device.clone(),
        })
    }
}

/// With the paper's momenta (appendix 7.1).
fn player<N: Module>(network: N) -> Result<Player<N>, GanError> {
    Ok(Player::new(network, OptimizerConfig::dcgan().init()?))
}

/// The translation of images; neither generator has noise.
pub fn translated(generator: &TranslatorGenerator, images: Tensor<4>) -> Tensor<4> {
    let latent = Tensor::zeros([images.dims()[0], 0], &images.device());
    generator.generate(latent, &images)
}

fn logits(judge: &PatchganDiscriminator, images: Tensor<4>) -> Tensor<1> {
    judge.logits(images, &())
}

/// The mean absolute difference (equation 2).
fn l1(a: Tensor<4>, b: Tensor<4>) -> Tensor<1> {
    (a - b).abs().mean()
}

impl Players {
    fn step(&mut self, x: Tensor<4>, y: Tensor<4>, learning_rate: f64, turn: Turn) -> StepReport {
        let rate = learning_rate * turn.learning_rate_factor;
        let (to_y, to_x) = (self.to_y.network(), self.to_x.network());
        let fake_y = translated(to_y, x.clone());
        let fake_x = translated(to_x, y.clone());
        let cycle = l1(translated(to_x, fake_y.clone()), x.clone())
            + l1(translated(to_y, fake_x.clone()), y.clone());

        // Each discriminator learns from the translations as they are now; the paper keeps a pool of older ones.
        let loss = |judge: &Player<_>, real: Tensor<4>, fake: &Tensor<4>| {
            let real = logits(judge.network(), real);
            let fake = logits(judge.network(), fake.clone().detach());
            let loss = LeastSquares::default().discriminator(real.clone(), fake.clone());
            (loss.mean(), real, fake)
        };
        let (loss_x, ..) = loss(&self.judge_x, x, &fake_x);
        let (loss_y, real, fake) = loss(&self.judge_y, y, &fake_y);
        self.judge_x.learn(loss_x.clone(), rate);
        let norm = self.judge_y.learn(loss_y.clone(), rate);
        let report = StepReport::new(turn.step, loss_x + loss_y, real, fake)
            .with_gradient_norm_discriminator(norm);

        let fooled = |judge: &Player<_>, fake: Tensor<4>| {
            let logits = logits(&judge.frozen(), fake);
            let never = || unreachable!("this loss does not look at real samples");
            LeastSquares::default().generator(logits, &never).mean()
        };
        let adversarial = fooled(&self.judge_x, fake_x) + fooled(&self.judge_y, fake_y);
        let loss = adversarial.clone() + cycle.clone() * CYCLE;
        // One backward pass for both generators: a cycle goes through the two of them.
        let mut gradients = loss.backward();
        let norm = self.to_y.step(&mut gradients, rate);
        self.to_x.step(&mut gradients, rate);
        let terms = [("adversarial", adversarial), ("cycle", cycle)];
        let terms = terms.map(|(name, term)| (name.to_string(), term));
        report
            .with_loss_generator(loss)
            .with_gradient_norm_generator(norm)
            .with_terms_generator(terms.into())
    }
}

impl AdversarialTrainer<4, Tensor<4>> for Cycle {
    type Generator = TranslatorGenerator;
    type Discriminator = PatchganDiscriminator;

    fn step(&mut self, batch: Batch<4, Tensor<4>>) -> Result<StepReport, GanError> {
        let rate = self.config.learning_rate;
        let on_device = |images: Tensor<4>| {
            images
                .to_device(&self.device.clone().without_autodiff())
                .autodiff()
        };
        let (x, y) = (on_device(batch.condition), on_device(batch.samples));
        self.players
            .step(|players, turn| Ok(players.step(x, y, rate, turn)))
    }

    fn check_finite(&mut self) -> Result<(), GanError> {
        self.players.check()
    }

    fn steps(&self) -> usize {
        self.players.steps()
    }

    fn generator(&self) -> &TranslatorGenerator {
        self.players.parts().to_y.network()
    }

    fn discriminator(&self) -> &PatchganDiscriminator {
        self.players.parts().judge_y.network()
    }

    /// The translations of the images `condition` of x into y.
    fn sample(
        &self,
        count: usize,
        seed: u64,
        condition: &Tensor<4>,
    ) -> Result<Tensor<4>, GanError> {
        let sampler = SamplerConfig::new().with_seed(seed);
        sampler.sample(self.generator(), count, condition)
    }

    fn device(&self) -> Device {
        self.device.clone()
    }
}

impl Cycle {
    /// The generator of the other direction, from y to x.
    pub fn back(&self) -> &TranslatorGenerator {
        self.players.parts().to_x.network()
    }
}

impl PersistentParts for Cycle {
    type Parts = Players;

    fn transaction(&self) -> &Transaction<Players> {
        &self.players
    }

    fn transaction_mut(&mut self) -> &mut Transaction<Players> {
        &mut self.players
    }

    fn settings(&self) -> Result<Value, GanError> {
        Ok(
            json!({ "learning_rate": self.config.learning_rate, "cycle": CYCLE, "seed": self.config.seed }),
        )
    }

    fn seed(&self) -> u64 {
        self.config.seed
    }
}

/// Images of two domains in an order of their own each: batches of y under as many of x.
pub struct Unpaired<X, Y> {
    pub x: Shuffled<X>,
    pub y: Shuffled<Y>,
}

impl<X: Samples<4>, Y: Samples<4>> Source<4, Tensor<4>> for Unpaired<X, Y> {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<4, Tensor<4>>, DataError> {
        let x = self.x.batch(step, device)?.samples;
        let y = self.y.batch(step, device)?.samples;
        Ok(Batch::with_condition(y, x)?)
    }

    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("unpaired", 1)
            .with("x", Source::identity(&self.x)?.to_value())
            .with("y", Source::identity(&self.y)?.to_value()))
    }
}
