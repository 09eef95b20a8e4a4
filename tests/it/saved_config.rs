//! Configurations that version 0.1.0 wrote.

use burn_gan::Schedule;
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::loss::{LabelledLoss, Loss};
use burn_gan::trainer::GanTrainerConfig;
use serde_json::{Value, json};

fn old() -> Value {
    serde_json::from_str(include_str!("../data/trainer-0.1.0.json")).unwrap()
}

fn read(config: Value) -> Result<GanTrainerConfig, String> {
    // Through text, as files are.
    serde_json::from_str(&config.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_configuration_of_version_0_1_0_is_read() {
    let config = read(old()).unwrap();
    let expected = GanTrainerConfig::new()
        .with_loss(Loss::Smoothed {
            loss: LabelledLoss::LeastSquares,
            real_label: 0.9,
        })
        .with_ema(Some(EmaConfig::new().with_decay(EmaDecay::Constant(0.998))))
        .with_critic_steps(2)
        .with_gradient_clip(Some(10.0))
        .with_seed(5);
    assert_eq!(config.to_string(), expected.to_string());
}

#[test]
fn each_old_average_is_what_it_was() {
    let average = |ema: Value| {
        let mut config = old();
        config["ema"] = ema;
        read(config).map(|config| config.ema.unwrap().decay)
    };
    let half_life = json!({ "Constant": 7.0 });
    let warm_up = average(json!({ "decay": 0.99, "warm_up": true, "half_life": null }));
    assert_eq!(warm_up, Ok(EmaDecay::WarmUp(0.99)));
    let by_half_life = average(json!({ "decay": 0.999, "warm_up": true, "half_life": half_life }));
    assert_eq!(
        by_half_life,
        Ok(EmaDecay::HalfLife(Schedule::Constant(7.0)))
    );
    for (decay, warm_up) in [(0.9, true), (0.999, false)] {
        let both = average(json!({ "decay": decay, "warm_up": warm_up, "half_life": half_life }));
        assert!(both.unwrap_err().contains("contradict each other"));
    }
}

#[test]
fn a_label_beside_a_loss_without_labels_is_refused() {
    let with = |loss: &str, label: f64| {
        let mut config = old();
        config["loss"] = json!(loss);
        config["real_label"] = json!(label);
        read(config).map(|config| config.loss)
    };
    assert_eq!(with("Hinge", 1.0), Ok(Loss::Hinge));
    assert_eq!(with("NonSaturating", 1.0), Ok(Loss::NonSaturating));
    let refused = with("Hinge", 0.9).unwrap_err();
    assert!(
        refused.contains("real_label 0.9 stands beside the loss \"Hinge\""),
        "{refused}"
    );
}

#[test]
fn a_field_left_out_has_its_default() {
    let config = read(json!({ "critic_steps": 3 })).unwrap();
    let expected = GanTrainerConfig::new().with_critic_steps(3);
    assert_eq!(config.to_string(), expected.to_string());
}

#[test]
fn the_configuration_of_the_old_checkpoint_is_todays() {
    let manifest = include_str!("../data/checkpoint-0.1.0/step-000000010/manifest.json");
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    let config = read(manifest["configuration"]["trainer"].clone()).unwrap();
    let expected = GanTrainerConfig::r3gan()
        .with_burn_in(20)
        .with_critic_steps(2)
        .with_gradient_clip(Some(10.0))
        .with_seed(5);
    assert_eq!(config.to_string(), expected.to_string());
}
