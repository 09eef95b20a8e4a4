//! Folders of pictures: what each format decodes to, how sizes are changed, and what is refused.
//!
//! Expected values are those that Pillow wrote or reads (tests/data/pictures/make.py), or plain arithmetic.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_gan::ConfigError;
use burn_gan::data::{
    DataError, FolderError, ImageFolder, ImageFolderConfig, OriginalSize, PictureChannels,
    PictureStore, Resize, ResizeFilter, Samples, ShuffleConfig, Source, Undecodable,
    UndecodableError,
};
use tempfile::TempDir;

use crate::common::pictures::{channels_first, picture, rgb_values, write_grey, write_png};

const RED: [u8; 3] = [200, 30, 40];
const GREEN: [u8; 3] = [30, 180, 60];
const BLUE: [u8; 3] = [20, 50, 210];
const WHITE: [u8; 3] = [230, 230, 230];

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(picture(from), path).unwrap();
    }
    folder
}

fn config(folder: &Path) -> ImageFolderConfig {
    ImageFolderConfig::new(folder.into()).with_store(PictureStore::Memory)
}

/// The bytes of one picture, read by a changed configuration.
fn bytes_of(name: &str, change: fn(ImageFolderConfig) -> ImageFolderConfig) -> Vec<u8> {
    let folder = folder(&[(name, name)]);
    let images = change(config(folder.path())).init().unwrap();
    assert_eq!((images.len(), images.skipped()), (1, [].as_slice()));
    images.images().bytes(0).unwrap()
}

/// The colour in the middle of each quarter of a picture whose bytes are `[3, height, width]`.
fn quarters(bytes: &[u8], height: usize, width: usize) -> [[u8; 3]; 4] {
    let at = |y, x| [0, 1, 2].map(|channel| bytes[(channel * height + y) * width + x]);
    let (top, bottom) = (height / 4, 3 * height / 4);
    let (left, right) = (width / 4, 3 * width / 4);
    [
        at(top, left),
        at(top, right),
        at(bottom, left),
        at(bottom, right),
    ]
}

#[track_caller]
fn assert_near(found: [[u8; 3]; 4], expected: [[u8; 3]; 4]) {
    let near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 3;
    let (found, expected) = (found.as_flattened(), expected.as_flattened());
    assert!(
        found.iter().zip(expected).all(near),
        "{found:?}, expected {expected:?}"
    );
}

mod formats {
    use super::*;

    #[test]
    fn formats_without_loss_are_read_to_the_byte() {
        let expected = channels_first(&rgb_values());
        for name in ["rgb.png", "rgb.bmp", "rgb.webp", "rgb.gif"] {
            assert_eq!(bytes_of(name, |config| config), expected, "{name}");
        }
    }

    #[test]
    fn jpeg_is_read_plain_progressive_grey_and_in_cmyk() {
        for name in ["squares.jpg", "progressive.jpg", "cmyk.jpg"] {
            let bytes = bytes_of(name, |config| config);
            assert_near(quarters(&bytes, 32, 48), [RED, GREEN, BLUE, WHITE]);
        }
        // Pillow reads 82, 121, 59 and 230.
        let bytes = bytes_of("grey.jpg", |config| config);
        let expected = [82, 121, 59, 230].map(|value| [value; 3]);
        assert_near(quarters(&bytes, 32, 48), expected);
    }

    #[test]
    fn a_camera_that_was_turned_is_respected() {
        let (a, b, c, d) = (RED, GREEN, BLUE, WHITE);
        let file = fs::read(picture("turned.jpg")).unwrap();
        let tag = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0];
        let at = file.windows(9).position(|bytes| bytes == tag).unwrap() + 9;
        assert_eq!(file[at], 6);
        // What EXIF says of each number, by the quarters of the picture: the first two are its top.
        for (orientation, expected) in [
            (1, [a, b, c, d]),
            (2, [b, a, d, c]),
            (3, [d, c, b, a]),
            (4, [c, d, a, b]),
            (5, [a, c, b, d]),
            (6, [c, a, d, b]),
            (7, [d, b, c, a]),
            (8, [b, d, a, c]),
            (0, [a, b, c, d]),
            (77, [a, b, c, d]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut file = file.clone();
            file[at] = orientation;
            fs::write(folder.path().join("turned.jpg"), file).unwrap();
            let images = config(folder.path()).init().unwrap();
            let (height, width) = match orientation {
                5..=8 => (48, 32),
                _ => (32, 48),
            };
            assert_eq!(images.images().shape(), [3, height, width], "{orientation}");
            let bytes = images.images().bytes(0).unwrap();
            assert_near(quarters(&bytes, height, width), expected);
        }
    }

    #[test]
    fn sixteen_bits_are_rounded_to_eight() {
        let grey = bytes_of("grey16.png", |config| {
            config.with_channels(PictureChannels::Grey)
        });
        // 2570 i is 10 i of 257; 128 more rounds down, 129 more rounds up.
        let expected: Vec<u8> = (0..24).map(|i| 10 * i + u8::from(i % 2 == 0)).collect();
        assert_eq!(grey, expected);

        let folder = tempfile::tempdir().unwrap();
        let bytes = [0xff, 0xff, 0x80, 0x00, 0x12, 0x34];
        let (colour, depth) = (png::ColorType::Rgb, png::BitDepth::Sixteen);
        write_png(&folder.path().join("a.png"), [1, 1], colour, depth, &bytes);
        let images = config(folder.path()).init().unwrap();
        assert_eq!(images.images().bytes(0).unwrap(), [255, 128, 18]);
    }

    #[test]
    fn opacity_is_composed_or_kept() {
        let colours = rgb_values();
        let opacity = |i: usize| 85 * (i % 4) as u32;
        for name in ["rgba.png", "rgba.webp"] {
            let kept = bytes_of(name, |config| config.with_channels(PictureChannels::Rgba));
            let opacities = (0..24).map(|i| opacity(i) as u8);
            let expected: Vec<u8> = channels_first(&colours)
                .into_iter()
                .chain(opacities)
                .collect();
            assert_eq!(kept, expected, "{name}");

            let composed = bytes_of(name, |config| config.with_background([255, 0, 100]));
            let over = |i: usize, channel: usize| {
                let share = f64::from(opacity(i)) / 255.0;
                let behind = [255.0, 0.0, 100.0][channel];
                (f64::from(colours[i][channel]) * share + behind * (1.0 - share)).round() as u8
            };
            let expected: Vec<u8> = (0..3)
                .flat_map(|channel| (0..24).map(move |i| over(i, channel)))
                .collect();
            assert_eq!(composed, expected, "{name}");
            // As Pillow composes.
            let second = [composed[1], composed[25], composed[49]];
            assert_eq!(second, [183, 0, 148]);
        }
        let opaque = bytes_of("rgb.png", |config| {
            config.with_channels(PictureChannels::Rgba)
        });
        assert_eq!(opaque[72..], [255; 24]);
    }

    #[test]
    fn grey_is_brightness() {
        let grey = bytes_of("rgb.png", |config| {
            config.with_channels(PictureChannels::Grey)
        });
        // Rec. 709.
        for (found, [red, green, blue]) in grey.into_iter().zip(rgb_values()) {
            let [red, green, blue] = [red, green, blue].map(f64::from);
            let expected = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            assert!(
                (f64::from(found) - expected).abs() <= 1.0,
                "{found}, {expected}"
            );
        }
    }

    #[test]
    fn the_content_decides_and_not_the_name() {
        let misnamed = folder(&[("a.PNG", "squares.jpg"), ("b.jpeg", "turned.jpg")]);
        fs::copy(picture("rgb.png"), misnamed.path().join("c.txt")).unwrap();
        let resize = Resize::Stretch {
            height: 8,
            width: 8,
        };
        let images = config(misnamed.path()).with_resize(resize).init().unwrap();
        assert_eq!(images.files(), [Path::new("a.PNG"), Path::new("b.jpeg")]);
    }
}

mod sizes {
    use super::*;

    fn sized(name: &str, rule: Resize, filter: ResizeFilter) -> Vec<u8> {
        let folder = folder(&[(name, name)]);
        let config = config(folder.path()).with_resize(rule).with_filter(filter);
        let images = config.init().unwrap();
        let size = OriginalSize {
            height: 4,
            width: 6,
            count: 1,
        };
        assert_eq!(images.original_sizes(), [size]);
        images.images().bytes(0).unwrap()
    }

    #[test]
    fn stretched_values_are_those_of_pillow() {
        let small = Resize::Stretch {
            height: 2,
            width: 3,
        };
        // Pillow's BILINEAR and LANCZOS.
        for (filter, expected) in [
            (
                ResizeFilter::Triangle,
                [
                    [29, 43, 241],
                    [100, 43, 223],
                    [171, 43, 205],
                    [29, 137, 225],
                    [100, 137, 207],
                    [171, 137, 189],
                ],
            ),
            (
                ResizeFilter::Lanczos,
                [
                    [19, 32, 245],
                    [100, 32, 225],
                    [181, 32, 205],
                    [19, 148, 225],
                    [100, 148, 205],
                    [181, 148, 185],
                ],
            ),
        ] {
            let found = sized("rgb.png", small, filter);
            for (found, expected) in found.iter().zip(channels_first(&expected)) {
                assert!(
                    found.abs_diff(expected) <= 1,
                    "{found}, expected {expected}"
                );
            }
        }
        // Twice the size by the nearest pixel: each four times.
        let large = Resize::Stretch {
            height: 8,
            width: 12,
        };
        let found = sized("rgb.png", large, ResizeFilter::Nearest);
        let colours = rgb_values();
        let doubled: Vec<[u8; 3]> = (0..96)
            .map(|i| colours[i / 12 / 2 * 6 + i % 12 / 2])
            .collect();
        assert_eq!(found, channels_first(&doubled));
    }

    #[test]
    fn a_centre_crop_keeps_the_middle() {
        let colours = rgb_values();
        let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
            let pixels: Vec<[u8; 3]> = rows
                .flat_map(|y| columns.clone().map(move |x| (y, x)))
                .map(|(y, x)| colours[y * 6 + x])
                .collect();
            channels_first(&pixels)
        };
        let square = Resize::CentreCrop {
            height: 4,
            width: 4,
        };
        assert_eq!(
            sized("rgb.png", square, ResizeFilter::Lanczos),
            part(0..4, 1..5)
        );
        // Flatter than the picture: rows are lost. 6 x 1 of 6 x 4.
        let flat = Resize::CentreCrop {
            height: 2,
            width: 6,
        };
        assert_eq!(
            sized("rgb.png", flat, ResizeFilter::Lanczos),
            part(1..3, 0..6)
        );
        let same = Resize::CentreCrop {
            height: 4,
            width: 6,
        };
        assert_eq!(
            sized("rgb.png", same, ResizeFilter::Lanczos),
            part(0..4, 0..6)
        );
    }

    #[test]
    fn a_letterbox_has_the_whole_picture_and_bars() {
        let colour = [1, 2, 3];
        let square = Resize::Letterbox {
            height: 6,
            width: 6,
            colour,
        };
        let mut expected = vec![colour; 6];
        expected.extend(rgb_values());
        expected.extend([colour; 6]);
        let found = sized("rgb.png", square, ResizeFilter::Lanczos);
        assert_eq!(found, channels_first(&expected));

        // Bars at the sides, of the grey that white has, and opaque where opacity is kept.
        let folder = folder(&[("a.png", "rgb.png")]);
        let wide = Resize::Letterbox {
            height: 4,
            width: 8,
            colour: [255; 3],
        };
        let config = config(folder.path()).with_resize(wide);
        for (channels, bar) in [
            (PictureChannels::Grey, vec![255]),
            (PictureChannels::Rgba, vec![255; 4]),
        ] {
            let images = config.clone().with_channels(channels).init().unwrap();
            let bytes = images.images().bytes(0).unwrap();
            let at = |x: usize| {
                bytes
                    .chunks_exact(32)
                    .map(|plane| plane[x])
                    .collect::<Vec<u8>>()
            };
            assert_eq!((at(0), at(7)), (bar.clone(), bar.clone()));
            assert_ne!(at(1), bar);
        }
    }

    #[test]
    fn hidden_colours_do_not_come_out_at_edges() {
        // The left half is red and opaque, the right half green and invisible.
        let folder = tempfile::tempdir().unwrap();
        let row = [
            [255, 0, 0, 255],
            [255, 0, 0, 255],
            [0, 255, 0, 0],
            [0, 255, 0, 0],
        ];
        let bytes: Vec<u8> = [row; 4].as_flattened().as_flattened().to_vec();
        let (colour, depth) = (png::ColorType::Rgba, png::BitDepth::Eight);
        write_png(&folder.path().join("a.png"), [4, 4], colour, depth, &bytes);
        for filter in [ResizeFilter::Triangle, ResizeFilter::Lanczos] {
            let images = config(folder.path())
                .with_channels(PictureChannels::Rgba)
                .with_resize(Resize::Stretch {
                    height: 3,
                    width: 3,
                })
                .with_filter(filter)
                .init()
                .unwrap();
            let bytes = images.images().bytes(0).unwrap();
            // Green of the three columns of the first row.
            assert_eq!(bytes[9..12], [0, 0, 0], "{filter:?}");
            // Half visible, and all of its colour red.
            assert!(
                (60..200).contains(&bytes[28]) && bytes[1] >= 250,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn unequal_sizes_name_two_files() {
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in [("a.png", [3, 2]), ("b.png", [3, 2]), ("c/d.png", [2, 3])] {
            write_grey(&folder.path().join(name), size, 0);
        }
        match config(folder.path()).init() {
            Err(DataError::Folder(FolderError::UnequalSizes {
                first,
                first_size: [2, 3],
                second,
                second_size: [3, 2],
            })) => assert_eq!(
                (first.as_path(), second.as_path()),
                (Path::new("a.png"), Path::new("c/d.png"))
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refuses_sizes_out_of_range() {
        let folder = folder(&[("a.png", "rgb.png")]);
        for (height, width, wrong) in [(0, 8, "height"), (8, 0, "width"), (8, 20_000, "width")] {
            let colour = [0; 3];
            for rule in [
                Resize::Stretch { height, width },
                Resize::CentreCrop { height, width },
                Resize::Letterbox {
                    height,
                    width,
                    colour,
                },
            ] {
                match config(folder.path()).with_resize(rule).init() {
                    Err(DataError::Config(ConfigError { field, .. })) => assert_eq!(field, wrong),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn extreme_proportions_keep_a_pixel() {
        let folder = tempfile::tempdir().unwrap();
        write_grey(&folder.path().join("a.png"), [500, 1], 70);
        write_grey(&folder.path().join("b.png"), [1, 500], 70);
        let [height, width] = [8, 8];
        for rule in [
            Resize::CentreCrop { height, width },
            Resize::Letterbox {
                height,
                width,
                colour: [70; 3],
            },
        ] {
            let images = config(folder.path()).with_resize(rule).init().unwrap();
            for index in [0, 1] {
                assert_eq!(images.images().bytes(index).unwrap(), [70; 192]);
            }
        }
    }
}

mod refused {
    use super::*;

    /// Whole pictures, and each of them cut short or damaged.
    fn damaged(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for name in [
            "rgb.png",
            "rgb.bmp",
            "rgb.webp",
            "rgb.gif",
            "squares.jpg",
            "progressive.jpg",
        ] {
            let whole = fs::read(picture(name)).unwrap();
            // The last byte of a GIF file ends the file and not the picture.
            let cut = whole.len() * 2 / 3;
            let name = format!("cut-{name}");
            fs::write(folder.join(&name), &whole[..cut]).unwrap();
            names.push(name);
        }
        for (name, bytes) in [
            ("empty.png", [].as_slice()),
            ("text.jpg", b"no picture"),
            ("start.png", b"\x89PNG\r\n\x1a\n"),
            ("jpeg.jpg", b"\xff\xd8\xff\xe0"),
        ] {
            fs::write(folder.join(name), bytes).unwrap();
            names.push(name.to_string());
        }
        names.sort();
        names
    }

    #[test]
    fn all_that_cannot_be_decoded_are_in_the_error() {
        let folder = folder(&[("a.png", "rgb.png"), ("z.png", "rgb.png")]);
        let names = damaged(folder.path());
        let error = config(folder.path()).init().unwrap_err();
        let text = error.to_string();
        match error {
            DataError::Folder(FolderError::Undecodable {
                failures,
                pictures: 12,
            }) => {
                let found: Vec<String> = failures
                    .iter()
                    .map(|failure| match failure {
                        UndecodableError::Damaged { path, .. } => {
                            path.file_name().unwrap().to_string_lossy().into_owned()
                        }
                        other => panic!("{other:?}"),
                    })
                    .collect();
                assert_eq!(found, names);
            }
            other => panic!("{other:?}"),
        }
        assert!(
            text.starts_with("10 of 12 pictures cannot be decoded; the first: "),
            "{text}"
        );
        assert!(text.contains(&names[0]), "{text}");
    }

    #[test]
    fn they_are_skipped_by_choice_and_named() {
        let folder = folder(&[("a.png", "rgb.png"), ("z.png", "rgb.png")]);
        let names = damaged(folder.path());
        let config =
            ImageFolderConfig::new(folder.path().join("")).with_undecodable(Undecodable::Skip);
        // In memory, written into a cache file, read from it.
        let cache = tempfile::tempdir().unwrap();
        let store = PictureStore::File(cache.path().join("cache"));
        for store in [PictureStore::Memory, store.clone(), store] {
            let images = config.clone().with_store(store).init().unwrap();
            assert_eq!(images.files(), [Path::new("a.png"), Path::new("z.png")]);
            assert_eq!(images.len(), 2);
            let skipped: Vec<_> = images
                .skipped()
                .iter()
                .map(|skipped| skipped.path.to_str().unwrap())
                .collect();
            assert_eq!(skipped, names);
            assert!(images.skipped()[0].reason.contains(&names[0]));
            for index in [0, 1] {
                assert_eq!(
                    images.images().bytes(index).unwrap(),
                    channels_first(&rgb_values())
                );
            }
        }
    }

    #[test]
    fn none_that_can_be_decoded_is_an_error_by_any_choice() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), "text").unwrap();
        for choice in [Undecodable::Refuse, Undecodable::Skip] {
            match config(folder.path()).with_undecodable(choice).init() {
                Err(DataError::Folder(FolderError::Undecodable {
                    failures,
                    pictures: 1,
                })) => {
                    assert_eq!(failures.len(), 1);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_small_file_may_not_announce_more_than_the_limit() {
        // A PNG header of 50,000 x 50,000 pixels, a BMP one of 30,000 x 30,000, a whole small picture.
        let folder = folder(&[("z.png", "rgb.png")]);
        let mut png = fs::read(picture("rgb.png")).unwrap();
        png[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        fs::write(folder.path().join("a.png"), png).unwrap();
        let mut bmp = fs::read(picture("rgb.bmp")).unwrap();
        bmp[18..26].copy_from_slice(&[0x30, 0x75, 0, 0, 0x30, 0x75, 0, 0]);
        fs::write(folder.path().join("b.bmp"), bmp).unwrap();
        let skip = config(folder.path()).with_undecodable(Undecodable::Skip);
        let peak = crate::common::counting::peak_of(|| {
            let images = skip.init().unwrap();
            assert_eq!(images.files(), [Path::new("z.png")]);
            let reasons: Vec<&str> = images
                .skipped()
                .iter()
                .map(|skipped| skipped.reason.as_str())
                .collect();
            assert!(
                reasons[0].contains("a.png") && reasons[1].contains("b.bmp"),
                "{reasons:?}"
            );
        });
        // Other tests run beside it.
        assert!(peak < 1 << 30, "{peak}");

        // A limit of the file, which takes 54 bytes, and one of its pixels, which take 72.
        let folder = self::folder(&[("a.webp", "rgb.webp")]);
        for (limit, wanted) in [(50, 54), (60, 72)] {
            match config(folder.path()).with_largest_picture(limit).init() {
                Err(DataError::Folder(FolderError::Undecodable { failures, .. })) => {
                    match &failures[..] {
                        [
                            UndecodableError::TooLarge {
                                path,
                                bytes,
                                limit: found,
                            },
                        ] => {
                            assert_eq!((*bytes, *found), (wanted, limit as u64));
                            assert!(path.ends_with("a.webp"));
                        }
                        other => panic!("{other:?}"),
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        let enough = config(folder.path()).with_largest_picture(72).init();
        assert_eq!(enough.unwrap().len(), 1);
    }

    #[test]
    fn folders_without_pictures_and_what_is_no_folder() {
        let empty = tempfile::tempdir().unwrap();
        fs::create_dir(empty.path().join("sub")).unwrap();
        fs::write(empty.path().join("sub/notes.txt"), "text").unwrap();
        match config(empty.path()).init() {
            Err(DataError::Folder(FolderError::NoPictures { folder, others: 1 })) => {
                assert_eq!(folder, empty.path());
            }
            other => panic!("{other:?}"),
        }
        for path in [
            empty.path().join("nothing"),
            empty.path().join("sub/notes.txt"),
        ] {
            match config(&path).init() {
                Err(DataError::File(error)) => assert_eq!(error.path, path),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    #[cfg(unix)]
    fn folders_that_cannot_be_read_or_contain_themselves() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = folder(&[("a/b.png", "rgb.png")]);
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        // An administrator may read everything.
        if fs::read_dir(&closed).is_err() {
            match config(folder.path()).init() {
                Err(DataError::File(error)) => assert_eq!(error.path, closed),
                other => panic!("{other:?}"),
            }
        }
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();

        symlink(folder.path(), folder.path().join("a/again")).unwrap();
        match config(folder.path()).init() {
            Err(DataError::Folder(FolderError::Loop { folder })) => {
                assert!(folder.ends_with("a/again"))
            }
            other => panic!("{other:?}"),
        }
        fs::remove_file(folder.path().join("a/again")).unwrap();

        symlink("nowhere.png", folder.path().join("lost.png")).unwrap();
        match config(folder.path()).init() {
            Err(DataError::File(error)) => assert!(error.path.ends_with("lost.png")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn pictures_are_in_the_order_of_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    for (value, name) in [(3, "b.png"), (1, "a/z.png"), (0, "a/y/q.png"), (2, "a.png")] {
        write_grey(&folder.path().join(name), [1, 1], value);
    }
    for hidden in [".c.png", ".d/e.png", "__MACOSX/f.png"] {
        write_grey(&folder.path().join(hidden), [1, 1], 9);
    }
    let images = config(folder.path())
        .with_channels(PictureChannels::Grey)
        .init()
        .unwrap();
    let files: Vec<_> = images
        .files()
        .iter()
        .map(|path| path.to_str().unwrap())
        .collect();
    assert_eq!(files, ["a/y/q.png", "a/z.png", "a.png", "b.png"]);
    for index in 0..4 {
        assert_eq!(images.images().bytes(index).unwrap(), [index as u8]);
    }
}

#[test]
fn one_picture_is_a_data_set_for_batches_of_one() {
    let folder = folder(&[("a.png", "rgb.png")]);
    let images: ImageFolder = config(folder.path()).init().unwrap();
    assert!(matches!(
        ShuffleConfig::new(2).init(&images),
        Err(DataError::BatchTooLarge {
            batch_size: 2,
            samples: 1
        })
    ));
    let mut source = ShuffleConfig::new(1).init(&images).unwrap();
    let batch = source.batch(5, &Device::flex()).unwrap();
    assert_eq!(batch.samples.dims(), [1, 3, 4, 6]);
    assert_eq!(
        images.identity().unwrap(),
        images.images().identity().unwrap()
    );
    assert!(matches!(
        images.into_labelled(),
        Err(DataError::Folder(FolderError::NoClasses))
    ));
}

#[test]
fn a_picture_from_elsewhere_is_read_as_those_of_the_folder() {
    let resize = Resize::CentreCrop {
        height: 3,
        width: 2,
    };
    let folder = folder(&[("a.png", "rgb.png")]);
    for channels in [PictureChannels::Grey, PictureChannels::Rgb] {
        let config = config(folder.path())
            .with_resize(resize)
            .with_channels(channels);
        let one = config.read_picture(picture("rgb.png")).unwrap();
        let all = config.init().unwrap().into_images();
        assert_eq!((one.len(), one.shape()), (1, all.shape()));
        assert_eq!(one.bytes(0).unwrap(), all.bytes(0).unwrap());
    }
    let refused = |config: ImageFolderConfig, name| config.read_picture(picture(name)).unwrap_err();
    let none = refused(config(folder.path()), "make.py");
    assert!(matches!(none, DataError::Undecodable(_)), "{none}");
    let limit = refused(config(folder.path()).with_largest_picture(0), "rgb.png");
    assert!(matches!(limit, DataError::Config(_)), "{limit}");
}

#[test]
fn the_configuration_goes_through_a_file() {
    let config = ImageFolderConfig::new("pictures".into()).with_resize(Resize::CentreCrop {
        height: 3,
        width: 2,
    });
    let text = serde_json::to_string(&config).unwrap();
    let read: ImageFolderConfig = serde_json::from_str(&text).unwrap();
    assert_eq!(read.resize, config.resize);
    assert_eq!(read.folder, Path::new("pictures"));
    assert!(
        text.contains(r#""resize":{"CentreCrop":{"height":3,"width":2}}"#),
        "{text}"
    );
}
