//! Event files: what is in them, what a resumed run takes back, and what TensorBoard itself reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::{Device, Tensor};
use burn_gan::observe::{Flow, Observer, Plan, TensorBoard};
use burn_gan::picture::PictureGrid;
use burn_gan::{GanError, StepReport};
use prost::Message;
use sha2::{Digest, Sha256};

/// The messages as the test reads them, with the numbers of TensorFlow's `event.proto` and `summary.proto`.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, tag = "3")]
    file_version: String,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
    #[prost(message, optional, tag = "4")]
    image: Option<Image>,
}

#[derive(Clone, PartialEq, Message)]
struct Image {
    #[prost(int32, tag = "1")]
    height: i32,
    #[prost(int32, tag = "2")]
    width: i32,
    #[prost(bytes = "vec", tag = "4")]
    encoded_image_string: Vec<u8>,
}

/// CRC-32C bit by bit, masked as TFRecord files have it.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    let crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The events of a file, whose checksums must be right.
fn events(path: &Path) -> Vec<Event> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let length = number(0) as usize;
        assert_eq!((number(4), number(8)), (0, checksum(&rest[..8])));
        let event = &rest[12..12 + length];
        assert_eq!(number(12 + length), checksum(event));
        events.push(Event::decode(event).unwrap());
        rest = &rest[16 + length..];
    }
    events
}

/// The files of a folder in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn scalar(value: f32) -> Tensor<1> {
    Tensor::from_floats([value], &Device::flex())
}

/// A step with a term of an objective, and without a generator's half in every second one.
fn report(step: usize) -> StepReport {
    let loss = 1.0 / (step as f32 + 3.0);
    let report = StepReport::new(step, scalar(loss), scalar(0.5), scalar(-0.25))
        .with_terms_generator(vec![("l1.weighted".to_string(), scalar(2.0 * loss))]);
    match step % 2 {
        0 => report.with_loss_generator(scalar(-loss)),
        _ => report,
    }
}

/// A run over these steps.
fn run(board: &mut TensorBoard, from: usize, to: usize) -> Result<(), GanError> {
    Observer::<()>::start(board, Plan::new(from, to))?;
    for step in from..to {
        assert_eq!(board.observe(&report(step), &())?, Flow::Continue);
    }
    let last = (from..to).last().map(report);
    Observer::<()>::finish(board, last.as_ref(), &())
}

/// The numbers of all events, as (step, tag, value).
fn numbers(events: &[Event]) -> Vec<(i64, String, f32)> {
    let of_event = |event: &Event| {
        let step = event.step;
        let values = event.summary.clone().unwrap_or_default().value.into_iter();
        let values = values.filter(|value| value.image.is_none());
        values.map(move |value| (step, value.tag, value.simple_value))
    };
    events.iter().flat_map(of_event).collect()
}

#[test]
fn a_file_has_the_numbers_of_the_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("board");
    run(&mut TensorBoard::new(&path, 2), 0, 5).unwrap();
    let [file] = files(&path).try_into().unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("events.out.tfevents."), "{name}");

    let events = events(&file);
    assert_eq!(events[0].file_version, "brain.Event:2");
    let start = SessionLog { status: 1 };
    assert_eq!((events[1].step, &events[1].session_log), (1, &Some(start)));
    assert!(events.iter().all(|event| event.wall_time > 1.7e9));
    // The steps that the interval asks for, and the last one.
    let steps: Vec<i64> = events[2..].iter().map(|event| event.step).collect();
    assert_eq!(steps, [2, 4, 5]);
    let values = report(4).read().unwrap();
    let of_last: Vec<(String, f32)> = numbers(&events)
        .into_iter()
        .filter_map(|(step, tag, value)| (step == 5).then_some((tag, value)))
        .collect();
    let expected = [
        ("loss/discriminator", values.loss_discriminator),
        ("loss/generator", values.loss_generator.unwrap()),
        ("logit/real", 0.5),
        ("logit/fake", -0.25),
        ("generator/l1.weighted", 2.0 / 7.0),
    ];
    let expected = expected.map(|(tag, value)| (tag.to_string(), value));
    assert_eq!(of_last, expected);
    let has_generator = |step| {
        let mut numbers = numbers(&events).into_iter();
        numbers.any(|(of, tag, _)| of == step && tag == "loss/generator")
    };
    assert_eq!([2, 5].map(has_generator), [false, true]);
}

#[test]
fn numbers_that_are_not_finite_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::new(folder.path(), 1);
    Observer::<()>::start(&mut board, Plan::new(0, 1)).unwrap();
    let report = StepReport::new(0, scalar(f32::NAN), scalar(f32::INFINITY), scalar(1.0));
    board.observe(&report, &()).unwrap();
    let events = events(&files(folder.path())[0]);
    assert_eq!(numbers(&events), [(1, "logit/fake".to_string(), 1.0)]);
}

#[test]
fn a_resumed_run_has_a_file_of_its_own_that_takes_back_later_steps() {
    let folder = tempfile::tempdir().unwrap();
    run(&mut TensorBoard::new(folder.path(), 1), 0, 4).unwrap();
    run(&mut TensorBoard::new(folder.path(), 1), 2, 6).unwrap();
    let files = files(folder.path());
    let [_, second] = files.as_slice() else {
        panic!("{files:?}");
    };
    let events = events(second);
    let start = SessionLog { status: 1 };
    assert_eq!((events[1].step, &events[1].session_log), (3, &Some(start)));
    assert_eq!(events[2].step, 3);
}

#[test]
fn a_run_that_goes_back_says_so_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::new(folder.path(), 1);
    run(&mut board, 0, 4).unwrap();
    run(&mut board, 1, 3).unwrap();
    let events = events(&files(folder.path())[0]);
    let starts: Vec<i64> = events
        .iter()
        .filter_map(|event| event.session_log.as_ref().map(|_| event.step))
        .collect();
    assert_eq!(starts, [1, 2]);
}

/// Grids of three steps, and the scores of two.
fn write_files(folder: &Path) {
    for step in [1, 2, 3] {
        let images = Tensor::<4>::full([4, 1, 5, 6], step as f32 / 4.0, &Device::flex());
        let path = folder.join(format!("step-{step:06}.png"));
        PictureGrid::new(4).save(images, path).unwrap();
    }
    let scores =
        "step,score,samples,value\n0,Frechet distance,50,3.5\n2,Frechet distance,50,2.25\n";
    fs::write(folder.join("scores.csv"), scores).unwrap();
}

fn board_of(folder: &Path) -> TensorBoard {
    TensorBoard::new(folder.join("board"), 1)
        .with_sample_grids(folder)
        .with_scores(folder.join("scores.csv"))
}

#[test]
fn grids_and_scores_come_once_and_of_steps_that_were_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = board_of(folder.path());
    Observer::<()>::start(&mut board, Plan::new(0, 9)).unwrap();
    write_files(folder.path());
    for step in 0..2 {
        board.observe(&report(step), &()).unwrap();
    }
    // The grid of step 3 is of an earlier run as yet.
    let file = &files(&folder.path().join("board"))[0];
    let grids = |events: &[Event]| {
        let images = events.iter().filter_map(|event| {
            let value = event.summary.as_ref()?.value.first()?;
            Some((event.step, value.tag.clone(), value.image.clone()?))
        });
        images.collect::<Vec<_>>()
    };
    let steps = |events: &[Event]| grids(events).iter().map(|grid| grid.0).collect::<Vec<_>>();
    assert_eq!(steps(&events(file)), [1, 2]);
    for step in 2..4 {
        board.observe(&report(step), &()).unwrap();
    }
    Observer::<()>::memory(&mut board).unwrap();
    let events = events(file);
    assert_eq!(steps(&events), [1, 2, 3]);
    let (_, tag, image) = &grids(&events)[2];
    // Four images of 6 pixels and three gaps of 2.
    assert_eq!(
        (tag.as_str(), image.width, image.height),
        ("samples", 30, 5)
    );
    let path = folder.path().join("step-000003.png");
    assert_eq!(image.encoded_image_string, fs::read(path).unwrap());
    let scores: Vec<(i64, f32)> = numbers(&events)
        .into_iter()
        .filter_map(|(step, tag, value)| (tag == "score/Frechet distance").then_some((step, value)))
        .collect();
    assert_eq!(scores, [(1, 3.5), (3, 2.25)]);
}

#[test]
fn a_grid_that_is_no_picture_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-000001.png");
    for bytes in [b"".as_slice(), b"\x89PNG\r\n\x1a\n", &[b'x'; 40]] {
        fs::write(&path, bytes).unwrap();
        let mut board = board_of(folder.path());
        let error = run(&mut board, 0, 1).unwrap_err().to_string();
        assert!(error.contains("step-000001.png"), "{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let mut board = TensorBoard::new(path.join("board"), 1);
    let error = Observer::<()>::start(&mut board, Plan::new(0, 1)).unwrap_err();
    assert!(matches!(error, GanError::File(_)), "{error:?}");
}

#[test]
fn tensorboard_itself_reads_a_run() {
    let python = std::env::var("BURN_GAN_PYTHON").unwrap_or("python3".to_string());
    let has_tensorboard = Command::new(&python)
        .args(["-c", "import tensorboard"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_tensorboard {
        eprintln!("skipped: {python} has no tensorboard (BURN_GAN_PYTHON names another)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    run(&mut board_of(folder.path()), 0, 5).unwrap();
    // It resumes from step 2: what the first run says of 3 to 5 is forgotten.
    run(&mut board_of(folder.path()), 2, 4).unwrap();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/event_files.py");
    let output = Command::new(&python)
        .arg(script)
        .arg(folder.path().join("board"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps_of = |kind: &str, tag: &str| -> Vec<i64> {
        let rows = read[kind][tag].as_array().unwrap();
        rows.iter().map(|row| row[0].as_i64().unwrap()).collect()
    };
    assert_eq!(steps_of("scalars", "loss/discriminator"), [1, 2, 3, 4]);
    assert_eq!(steps_of("scalars", "loss/generator"), [1, 3]);
    assert_eq!(steps_of("scalars", "score/Frechet distance"), [1, 3]);
    assert_eq!(steps_of("images", "samples"), [1, 2, 3]);
    let loss = read["scalars"]["loss/discriminator"][3][1]
        .as_f64()
        .unwrap();
    assert_eq!(loss as f32, report(3).read().unwrap().loss_discriminator);
    let picture = fs::read(folder.path().join("step-000002.png")).unwrap();
    let hash: String = Sha256::digest(picture)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        read["images"]["samples"][1],
        serde_json::json!([2, 30, 5, hash])
    );
}
