//! The history of a run: every whole row comes back to the bit, whatever was torn, doubled or cut off.

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::FileError;
use burn_gan::observe::{Flow, History, ObserveError, Observer, Plan, read_history};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{GanError, StepReport, StepValues};

const FORMATS: [fn(&Path) -> History; 2] = [
    |path| History::csv(path, 1),
    |path| History::json_lines(path, 1),
];

fn scalar(value: f32) -> Tensor<1> {
    Tensor::from_floats([value], &Device::flex())
}

/// A step with some numbers missing in every second row.
fn report(step: usize, loss: f32) -> StepReport {
    let report = StepReport::new(step, scalar(loss), scalar(0.5), scalar(-0.25));
    if !step.is_multiple_of(2) {
        return report;
    }
    report
        .with_loss_generator(scalar(-loss))
        .with_penalty(scalar(loss / 3.0))
        .with_logits_are_log_odds(true)
}

fn start(history: &mut History, from: usize, to: usize) -> Result<(), GanError> {
    Observer::<()>::start(history, Plan::new(from, to))
}

/// A run over these steps.
fn run(history: &mut History, from: usize, to: usize) -> Result<(), GanError> {
    start(history, from, to)?;
    for step in from..to {
        let flow = history.observe(&report(step, 1.0 / (step as f32 + 3.0)), &())?;
        assert_eq!(flow, Flow::Continue);
    }
    let last = (from..to)
        .last()
        .map(|step| report(step, 1.0 / (step as f32 + 3.0)));
    Observer::<()>::finish(history, last.as_ref(), &())
}

fn steps(path: &Path) -> Vec<usize> {
    let rows = read_history(path).unwrap();
    rows.iter().map(|row| row.step).collect()
}

/// The line of the error that reading these bytes ends in.
fn damaged_line(path: &Path, contents: impl AsRef<[u8]>) -> usize {
    fs::write(path, contents).unwrap();
    match read_history(path) {
        Err(ObserveError::History {
            line,
            path: named,
            message,
        }) => {
            assert_eq!(named, path);
            assert!(!message.is_empty());
            line
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn floats_come_back_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let mut stream = Stream::new(1, Purpose::Data, 0);
    let edges = [
        0.0,
        -0.0,
        0.1,
        16_777_217.0,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
        f32::EPSILON,
    ];
    let random = std::iter::repeat_with(|| f32::from_bits(stream.index(1 << 32) as u32));
    let values: Vec<f32> = edges
        .into_iter()
        .chain(random.filter(|value| value.is_finite()).take(2000))
        .collect();
    for format in FORMATS {
        let mut history = format(&path);
        start(&mut history, 0, values.len()).unwrap();
        let mut expected = Vec::new();
        for (step, &value) in values.iter().enumerate() {
            let report = report(step, value);
            history.observe(&report, &()).unwrap();
            expected.push(report.read().unwrap());
        }
        let rows = read_history(&path).unwrap();
        assert_eq!(rows, expected);
        for (row, value) in rows.iter().zip(&values) {
            assert_eq!(row.loss_discriminator.to_bits(), value.to_bits());
        }
    }
}

#[test]
fn a_run_cut_off_at_any_byte_is_resumed_to_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    for format in FORMATS {
        run(&mut format(&path), 0, 3).unwrap();
        let whole = fs::read(&path).unwrap();
        let rows = read_history(&path).unwrap();
        assert_eq!(rows.len(), 3);
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let kept = read_history(&path).unwrap();
            assert_eq!(kept, rows[..kept.len()], "{length} bytes");
            // A checkpoint is never ahead of the rows: memory() brings them to the disk first.
            run(&mut format(&path), kept.len(), 3).unwrap();
            assert!(fs::read(&path).unwrap() == whole, "{length} bytes");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn nothing_is_lost_before_a_run_starts_and_a_new_run_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    for format in FORMATS {
        fs::write(&path, "an older file").unwrap();
        let mut history = format(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "an older file");
        run(&mut history, 0, 3).unwrap();
        assert_eq!(steps(&path), [0, 1, 2]);
        run(&mut history, 0, 2).unwrap();
        assert_eq!(steps(&path), [0, 1]);
    }
}

#[test]
fn going_back_drops_the_rows_of_the_steps_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    for format in FORMATS {
        let mut history = format(&path);
        run(&mut history, 0, 6).unwrap();
        assert!(Observer::<()>::memory(&mut history).unwrap().is_null());
        start(&mut history, 3, 6).unwrap();
        assert_eq!(steps(&path), [0, 1, 2]);
        history.observe(&report(3, 7.0), &()).unwrap();
        let rows = read_history(&path).unwrap();
        assert_eq!((rows.len(), rows[3].loss_discriminator), (4, 7.0));
    }
}

#[test]
fn a_history_can_begin_in_the_middle_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    run(&mut History::csv(&path, 2), 3, 8).unwrap();
    // Every second step and the last.
    assert_eq!(steps(&path), [3, 5, 7]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("step,loss_discriminator,"), "{text}");
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn of_several_rows_of_a_step_the_last_counts_and_the_order_is_that_of_the_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let line = |step: usize, loss: f32| format!("{step},{loss}\n");
    let csv = ["step,loss_discriminator\n".to_string()]
        .into_iter()
        .chain([line(4, 1.0), line(0, 2.0), line(4, 3.0), line(2, 4.0)]);
    fs::write(&path, csv.collect::<String>()).unwrap();
    let rows = read_history(&path).unwrap();
    let pairs: Vec<(usize, f32)> = rows
        .iter()
        .map(|row| (row.step, row.loss_discriminator))
        .collect();
    assert_eq!(pairs, [(0, 2.0), (2, 4.0), (4, 3.0)]);
    // On resume the file itself is put in order, in either format, with all columns.
    let mut history = History::json_lines(&path, 1);
    start(&mut history, 4, 9).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.starts_with(r#"{"step":0,"loss_discriminator":2.0,"#),
        "{text}"
    );
    assert_eq!(steps(&path), [0, 2]);
}

#[test]
fn a_damaged_line_that_is_not_the_last_is_an_error_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let csv = |lines: &[&str]| format!("step,loss_discriminator,penalty\n{}\n", lines.join("\n"));
    for damaged in [
        "",
        "1,0.5",
        "1,0.5,,",
        "1,x,",
        "1,,",
        "-1,0.5,",
        "1,0.5,NaN",
        "1,inf,",
        "1,1e39,",
        "1.5,0.5,",
        "1,0.5,\r2,0.5,",
        "\0\0\0\0",
    ] {
        assert_eq!(
            damaged_line(&path, csv(&["0,1,", damaged, "2,1,"])),
            3,
            "{damaged:?}"
        );
        // As the last line it is what a crash leaves.
        fs::write(&path, csv(&["0,1,", damaged])).unwrap();
        assert_eq!(steps(&path), [0], "{damaged:?}");
    }
    let json = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    let good = r#"{"step":0,"loss_discriminator":1}"#;
    for damaged in [
        "",
        "{",
        "[]",
        "null",
        r#"{"step":1}"#,
        r#"{"step":1,"loss_discriminator":null}"#,
        r#"{"step":1,"loss_discriminator":1e39}"#,
        r#"{"step":1,"loss_discriminator":1e999}"#,
        r#"{"step":1,"loss_discriminator":0.5,"other":1}"#,
        r#"{"step":1,"loss_discriminator":0.5}{"step":2}"#,
        r#"{"step":-1,"loss_discriminator":0.5}"#,
    ] {
        assert_eq!(
            damaged_line(&path, json(&[good, good, damaged, good])),
            3,
            "{damaged:?}"
        );
        fs::write(&path, json(&[good, damaged])).unwrap();
        assert_eq!(steps(&path), [0], "{damaged:?}");
    }
    // A resumed run does not start over a damaged file.
    fs::write(&path, json(&[good, "{", good])).unwrap();
    let before = fs::read(&path).unwrap();
    let error = start(&mut History::json_lines(&path, 1), 1, 2);
    assert!(
        matches!(
            error,
            Err(GanError::Observe(ObserveError::History { line: 2, .. }))
        ),
        "{error:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn other_columns_are_an_error_and_missing_optional_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    for header in [
        "step,loss_discriminator,other\n",
        "step\n",
        "loss_discriminator\n",
        "step,step,loss_discriminator\n",
        "hello\n",
        "\n",
    ] {
        assert_eq!(damaged_line(&path, header), 1, "{header:?}");
    }
    // Not the beginning of a header.
    assert_eq!(damaged_line(&path, "no history at all"), 1);
    assert_eq!(damaged_line(&path, [0xff, 0x00, 0x80]), 1);
    for few in [
        "",
        "st",
        "step,",
        "step,loss_discriminator",
        "step,loss_discriminator\n",
    ] {
        fs::write(&path, few).unwrap();
        assert_eq!(steps(&path), [0; 0], "{few:?}");
    }
    fs::write(&path, "penalty,loss_discriminator,step\r\n0.5,2,7\r\n").unwrap();
    let rows = read_history(&path).unwrap();
    assert_eq!((rows[0].step, rows[0].penalty), (7, Some(0.5)));
}

#[test]
fn a_run_goes_on_from_a_history_without_logits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let old = "step,loss_discriminator,loss_generator,penalty,probability_real,probability_fake,\
               gradient_norm_discriminator,gradient_norm_generator\n\
               0,1.5,0.5,,0.75,0.25,2,3\n";
    fs::write(&path, old).unwrap();
    run(&mut History::csv(&path, 1), 1, 3).unwrap();
    let rows = read_history(&path).unwrap();
    let logits: Vec<_> = rows
        .iter()
        .map(|row| (row.logit_real, row.logit_fake))
        .collect();
    let new = (Some(0.5), Some(-0.25));
    assert_eq!(logits, [(None, None), new, new]);
    assert_eq!(rows[0].gradient_norm_generator, Some(3.0));
}

#[test]
fn long_lines_and_noise_are_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let good = r#"{"step":0,"loss_discriminator":1}"#;
    let long = " ".repeat(64 * 1024);
    assert_eq!(
        damaged_line(&path, format!("{good}\n{long}{good}\n{good}\n")),
        2
    );
    assert_eq!(damaged_line(&path, format!("{long}\n{good}\n")), 1);
    // A tail of zeros is what some file systems leave after a loss of power.
    fs::write(&path, format!("{good}\n{}", "\0".repeat(300_000))).unwrap();
    assert_eq!(steps(&path), [0]);
    let deep = format!("{{\"step\":{}\n{good}\n", "[".repeat(30_000));
    assert_eq!(damaged_line(&path, deep), 1);

    // Whatever the bytes are: rows or a typed error.
    for format in FORMATS {
        run(&mut format(&path), 0, 3).unwrap();
        let whole = fs::read(&path).unwrap();
        let mut stream = Stream::new(7, Purpose::Data, 1);
        for _ in 0..500 {
            let mut bytes = whole.clone();
            for _ in 0..1 + stream.index(4) {
                let place = stream.index(bytes.len());
                bytes[place] = stream.index(256) as u8;
            }
            bytes.truncate(1 + stream.index(bytes.len()));
            fs::write(&path, &bytes).unwrap();
            match read_history(&path) {
                Ok(rows) => assert!(rows.len() <= 3),
                Err(ObserveError::History { line, .. }) => assert!((1..=5).contains(&line)),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn steps_that_are_not_finite_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    for format in FORMATS {
        let mut history = format(&path);
        start(&mut history, 0, 9).unwrap();
        history.observe(&report(0, 1.0), &()).unwrap();
        for (step, value) in [(1, f32::NAN), (2, f32::INFINITY), (3, f32::NEG_INFINITY)] {
            history.observe(&report(step, value), &()).unwrap();
        }
        let penalty = report(4, 1.0).with_penalty(scalar(f32::NAN));
        history.observe(&penalty, &()).unwrap();
        history.observe(&report(5, 1.0), &()).unwrap();
        assert_eq!(steps(&path), [0, 5]);
    }
}

#[test]
fn places_that_cannot_be_written_to_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("none/history.csv");
    for path in [nowhere.as_path(), folder.path()] {
        for from in [0, 1] {
            let started = start(&mut History::csv(path, 1), from, 2);
            assert!(
                matches!(started, Err(GanError::File(FileError { .. }))),
                "{started:?}"
            );
        }
        assert!(matches!(
            read_history(path),
            Err(ObserveError::File(FileError { .. }))
        ));
    }
}

#[test]
fn the_columns_are_the_fields_of_the_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    run(&mut History::csv(&path, 1), 0, 1).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let values: StepValues = report(0, 1.0).read().unwrap();
    let fields = serde_json::to_value(values).unwrap();
    let mut names: Vec<&str> = fields
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut sorted = header.clone();
    sorted.sort_unstable();
    names.sort_unstable();
    assert_eq!(sorted, names);
    assert_eq!(header[0], "step");
}
