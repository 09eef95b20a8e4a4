//! Animated PNG files: their frames, their order and their time, and what no animation is made of.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::picture::{PictureAnimation, PictureError, PictureGrid};
use burn_gan::{BatchError, ConfigError, ShapeError};

use crate::common::picture::Picture;

/// `count` grey images of 2x3 pixels, each of one value, from -1 upwards by 0.4.
fn images(count: usize) -> Tensor<4> {
    let values = Tensor::<1, burn::tensor::Int>::arange(0..count as i64, &Device::flex()).float();
    (values * 0.4 - 1.0)
        .reshape([count, 1, 1, 1])
        .repeat_dim(2, 2)
        .repeat_dim(3, 3)
}

/// Every frame as red values, and its delay in seconds.
fn frames(path: &Path) -> (Vec<(Vec<u8>, f64)>, u32) {
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let control = *reader.info().animation_control().unwrap();
    let mut frames = Vec::new();
    for _ in 0..control.num_frames {
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        let frame = reader.info().frame_control().unwrap();
        let delay = f64::from(frame.delay_num) / f64::from(frame.delay_den);
        frames.push((bytes.into_iter().step_by(3).collect(), delay));
    }
    (frames, control.num_plays)
}

#[test]
fn frames_come_in_order_for_their_time_and_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.png");
    let animation = PictureAnimation::new(PictureGrid::new(1)).with_delay(1500);
    animation.save(images(5).iter_dim(0), &path).unwrap();
    let (frames, plays) = frames(&path);
    assert_eq!(plays, 0, "endless");
    let expected = [0, 51, 102, 153, 204].map(|value| (vec![value; 6], 1.5));
    assert_eq!(frames, expected);
    // A viewer that knows PNG alone shows the first.
    let picture = Picture::read(&path);
    assert_eq!(picture.dimensions(), (3, 2));
    assert_eq!(picture.pixel(2, 1), [0; 3]);
}

#[test]
fn a_frame_is_drawn_as_its_grid() {
    let folder = tempfile::tempdir().unwrap();
    let [picture, animation] = ["grid.png", "frames.png"].map(|name| folder.path().join(name));
    let grid = PictureGrid::new(2).with_gap(1).with_scale(2);
    grid.save(images(3), &picture).unwrap();
    let animated = PictureAnimation::new(grid);
    animated
        .save([images(3), images(3) - 0.2], &animation)
        .unwrap();
    assert_eq!(Picture::read(&animation), Picture::read(&picture));
    let (frames, _) = frames(&animation);
    assert_eq!(frames.len(), 2);
    assert_ne!(frames[0].0, frames[1].0);
}

#[test]
fn what_is_no_animation_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let save = |animation: PictureAnimation, frames: Vec<Tensor<4>>| {
        let path = folder.path().join("walk.png");
        let refused = animation.save(frames, &path).unwrap_err();
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{refused}");
        refused
    };
    let animation = PictureAnimation::new(PictureGrid::new(1));
    match save(animation, vec![]) {
        PictureError::Batch(BatchError::Empty) => {}
        other => panic!("{other:?}"),
    }
    match save(animation, vec![images(1), images(2)]) {
        PictureError::Shape(ShapeError {
            expected, actual, ..
        }) => assert_eq!((expected, actual), (vec![1, 1, 2, 3], vec![2, 1, 2, 3])),
        other => panic!("{other:?}"),
    }
    match save(animation.with_delay(0), vec![images(1)]) {
        PictureError::Config(ConfigError { field, .. }) => assert_eq!(field, "delay"),
        other => panic!("{other:?}"),
    }
    match save(animation, vec![images(1).repeat_dim(1, 2)]) {
        PictureError::Channels { channels } => assert_eq!(channels, 2),
        other => panic!("{other:?}"),
    }
}
