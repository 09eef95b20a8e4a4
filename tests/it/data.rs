//! Sets of samples, their shuffling and the adapter for Burn's datasets, through the public interface.

use burn::data::dataset::{Dataset, InMemDataset};
use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{
    DataError, DatasetSamples, LastBatch, Memory, Samples, ShuffleConfig, Shuffled, Source,
};
use burn_gan::{Batch, BatchError, ConfigError, ShapeError};

use crate::common::processors;

/// Samples `[N, 1]` that hold their own index.
fn numbered(count: i64) -> Memory<2> {
    let numbers = Tensor::<1, Int>::arange(0..count, &Device::flex());
    Memory::new(numbers.float().unsqueeze_dim(1)).unwrap()
}

fn shuffled(count: i64, config: ShuffleConfig) -> Shuffled<Memory<2>> {
    config.init(numbered(count)).unwrap()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn step(source: &mut impl Source<2>, step: usize) -> Vec<f32> {
    values(source.batch(step, &Device::flex()).unwrap().samples)
}

fn epoch(source: &mut Shuffled<Memory<2>>, epoch: usize) -> Vec<f32> {
    let steps = source.batches_per_epoch();
    (epoch * steps..(epoch + 1) * steps)
        .flat_map(|number| step(source, number))
        .collect()
}

fn sorted(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    values
}

mod memory {
    use super::*;

    #[test]
    fn picks_rows_in_the_order_asked_for() {
        let memory = numbered(5);
        assert_eq!(memory.len(), 5);
        let batch = memory.select(&[3, 0, 3], &Device::flex()).unwrap();
        assert_eq!(values(batch.samples), [3.0, 0.0, 3.0]);
    }

    #[test]
    fn conditions_stay_with_their_samples() {
        let device = Device::flex();
        let pictures = Tensor::<4>::ones([3, 1, 2, 2], &device);
        let masks = Tensor::<2>::from_floats([[0.0], [1.0], [2.0]], &device);
        let memory = Memory::with_condition(pictures, masks).unwrap();
        let batch = memory.select(&[2, 1], &device).unwrap();
        assert_eq!(batch.samples.dims(), [2, 1, 2, 2]);
        assert_eq!(values(batch.condition), [2.0, 1.0]);
    }

    #[test]
    fn conditions_are_those_of_the_selected_samples() {
        let device = Device::flex();
        let labels = Tensor::<1, Int>::from_ints([7, 8, 9], &device);
        let memory = Memory::with_condition(Tensor::<2>::ones([3, 2], &device), labels).unwrap();
        let behind_a_box: Box<dyn Samples<2, Tensor<1, Int>>> = Box::new(memory.clone());
        for found in [
            memory.conditions(&[2, 0], &device.clone().autodiff()),
            behind_a_box.conditions(&[2, 0], &device),
            // A reference to a data set is one too.
            Samples::conditions(&&memory, &[2, 0], &device),
        ] {
            let labels = found.unwrap().into_data().iter::<i64>().collect::<Vec<_>>();
            assert_eq!(labels, [9, 7]);
        }
        assert!(matches!(
            memory.conditions(&[3], &device),
            Err(DataError::IndexOutOfRange {
                index: 3,
                samples: 3
            })
        ));
    }

    #[test]
    fn batches_are_plain_tensors_on_the_device_asked_for() {
        let training = processors().pop().unwrap();
        let tracked = Device::flex().autodiff();
        let samples = Tensor::<2>::ones([4, 3], &tracked).require_grad();
        let condition = Tensor::<2>::ones([4, 1], &tracked).require_grad();
        let memory = Memory::with_condition(samples, condition).unwrap();
        let batch = memory
            .select(&[0, 1], &training.clone().autodiff())
            .unwrap();
        assert_eq!(batch.samples.device(), training);
        assert_eq!(batch.condition.device(), training);
        assert!(!batch.samples.is_autodiff() && !batch.condition.is_autodiff());
    }

    #[test]
    fn refuses_what_is_no_data() {
        let device = Device::flex();
        for shape in [[0, 2], [2, 0]] {
            let empty = Memory::new(Tensor::<2>::zeros(shape, &device));
            assert!(matches!(empty, Err(DataError::EmptyDataset)));
        }

        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            match Memory::new(Tensor::<2>::from_floats([[0.0, 1.0], [bad, 2.0]], &device)) {
                Err(DataError::NonFinite { index: 2, value }) => {
                    assert_eq!(value.to_bits(), bad.to_bits());
                }
                other => panic!("{other:?}"),
            }
        }

        let classes = Tensor::<1, Int>::from_ints([0, 1, 2], &device);
        let uneven = Memory::with_condition(Tensor::<2>::zeros([2, 2], &device), classes);
        assert!(matches!(
            uneven,
            Err(DataError::Batch(BatchError::ConditionLength {
                samples: 2,
                conditions: 3
            }))
        ));
    }

    #[test]
    fn refuses_bad_indices() {
        let device = Device::flex();
        assert!(matches!(
            numbered(5).select(&[0, 5], &device),
            Err(DataError::IndexOutOfRange {
                index: 5,
                samples: 5
            })
        ));
        assert!(matches!(
            numbered(5).select(&[], &device),
            Err(DataError::Batch(BatchError::Empty))
        ));
    }
}

mod shuffle {
    use super::*;

    #[test]
    fn keeping_the_last_batch_visits_every_sample_once_an_epoch() {
        let mut source = shuffled(10, ShuffleConfig::new(4).with_last(LastBatch::Keep));
        assert_eq!(source.batches_per_epoch(), 3);
        let all: Vec<f32> = (0..10).map(|number| number as f32).collect();
        for number in 0..4 {
            assert_eq!(sorted(epoch(&mut source, number)), all);
        }
        assert_eq!(step(&mut source, 5).len(), 2);
    }

    #[test]
    fn dropping_the_last_batch_keeps_batches_full() {
        let mut source = shuffled(10, ShuffleConfig::new(4));
        assert_eq!(source.batches_per_epoch(), 2);
        for number in 0..4 {
            let mut seen = sorted(epoch(&mut source, number));
            seen.dedup();
            assert_eq!(seen.len(), 8);
        }
    }

    #[test]
    fn orders_differ_by_epoch_and_seed_and_repeat() {
        let config = ShuffleConfig::new(20);
        let mut source = shuffled(20, config.clone());
        let first = epoch(&mut source, 0);
        assert_ne!(first, epoch(&mut source, 1));
        assert_eq!(first, epoch(&mut source, 0));
        assert_eq!(first, epoch(&mut shuffled(20, config.clone()), 0));
        assert_ne!(first, epoch(&mut shuffled(20, config.with_seed(1)), 0));
    }

    #[test]
    fn steps_can_be_asked_for_in_any_order() {
        let config = ShuffleConfig::new(3).with_last(LastBatch::Keep);
        let mut forward = shuffled(7, config.clone());
        let mut backward = shuffled(7, config);
        let ahead: Vec<_> = (0..12).map(|number| step(&mut forward, number)).collect();
        for number in (0..12).rev() {
            assert_eq!(step(&mut backward, number), ahead[number]);
        }
    }

    #[test]
    fn sources_and_sets_work_behind_references_and_boxes() {
        let memory = numbered(6);
        let mut source = ShuffleConfig::new(3).init(&memory).unwrap();
        let first = step(&mut source, 0);
        assert_eq!(source.samples().len(), 6);

        let boxed: Box<dyn Samples<2>> = Box::new(numbered(6));
        let mut boxed: Box<dyn Source<2>> = Box::new(ShuffleConfig::new(3).init(boxed).unwrap());
        assert_eq!(step(&mut boxed, 0), first);
        assert_eq!(step(&mut &mut source, 0), first);
    }

    #[test]
    fn refuses_a_configuration_without_batches() {
        let device = Device::flex();
        let nothing = InMemDataset::<f32>::new(Vec::new());
        let nothing = DatasetSamples::new(nothing, |value: &f32, device: &Device| {
            Ok(Batch::new(Tensor::<2>::full([1, 1], *value, device)))
        });
        assert!(nothing.is_empty());
        assert!(matches!(
            nothing.select(&[0], &device),
            Err(DataError::IndexOutOfRange {
                index: 0,
                samples: 0
            })
        ));
        assert!(matches!(
            ShuffleConfig::new(1).init(nothing),
            Err(DataError::EmptyDataset)
        ));

        assert!(matches!(
            ShuffleConfig::new(0).init(numbered(3)),
            Err(DataError::Config(ConfigError {
                field: "batch_size",
                ..
            }))
        ));
        assert!(matches!(
            ShuffleConfig::new(4).init(numbered(3)),
            Err(DataError::BatchTooLarge {
                batch_size: 4,
                samples: 3
            })
        ));
        let kept = ShuffleConfig::new(4).with_last(LastBatch::Keep);
        assert_eq!(kept.init(numbered(3)).unwrap().batches_per_epoch(), 1);
    }

    #[test]
    fn the_configuration_goes_through_a_file() {
        let config = ShuffleConfig::new(4)
            .with_seed(9)
            .with_last(LastBatch::Keep);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(text, r#"{"batch_size":4,"seed":9,"last":"Keep"}"#);
        let read: ShuffleConfig = serde_json::from_str(&text).unwrap();
        assert_eq!((read.seed, read.last), (9, LastBatch::Keep));
    }
}

mod dataset {
    use super::*;

    fn rows(rows: Vec<Vec<f32>>) -> impl Samples<2> {
        DatasetSamples::new(
            InMemDataset::new(rows),
            |row: &Vec<f32>, device: &Device| {
                let row = Tensor::<1>::from_floats(row.as_slice(), device);
                Ok(Batch::new(row.unsqueeze_dim(0)))
            },
        )
    }

    #[test]
    fn maps_items_to_plain_samples() {
        let samples = rows(vec![vec![0.0, 1.0], vec![2.0, 3.0]]);
        let batch = samples.select(&[1, 0], &Device::flex().autodiff()).unwrap();
        assert_eq!(batch.samples.device(), Device::flex());
        assert_eq!(values(batch.samples), [2.0, 3.0, 0.0, 1.0]);
    }

    #[test]
    fn refuses_samples_of_several_shapes() {
        let samples = rows(vec![vec![0.0, 1.0], vec![2.0, 3.0, 4.0]]);
        match samples.select(&[0, 1], &Device::flex()) {
            Err(DataError::Shape(ShapeError {
                what: "mapped sample",
                expected,
                actual,
            })) => assert_eq!((expected, actual), (vec![1, 2], vec![1, 3])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refuses_more_than_one_sample_an_item() {
        let two = |size: &usize, device: &Device| Ok(Batch::new(Tensor::ones([2, *size], device)));
        let samples = DatasetSamples::new::<2, ()>(InMemDataset::new(vec![3_usize]), two);
        match Samples::<2>::select(&samples, &[0], &Device::flex()) {
            Err(DataError::Shape(ShapeError {
                expected, actual, ..
            })) => assert_eq!((expected, actual), (vec![1, 3], vec![2, 3])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refuses_conditions_of_several_shapes() {
        let condition = |size: &usize, device: &Device| {
            let condition = Tensor::<2>::ones([1, *size], device);
            Ok(Batch::with_condition(
                Tensor::<2>::ones([1, 1], device),
                condition,
            )?)
        };
        let samples = DatasetSamples::new(InMemDataset::new(vec![1_usize, 2]), condition);
        match samples.select(&[0, 1], &Device::flex()) {
            Err(DataError::Shape(ShapeError {
                what: "mapped condition",
                expected,
                actual,
            })) => assert_eq!((expected, actual), (vec![1], vec![2])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_of_the_dataset_or_the_mapper_arrives() {
        struct Broken;
        impl Dataset<f32, std::io::Error> for Broken {
            fn get(&self, index: usize) -> Result<f32, std::io::Error> {
                match index {
                    0 => Err(std::io::Error::other("the disk is gone")),
                    _ => Ok(f32::NAN),
                }
            }
            fn len(&self) -> usize {
                2
            }
        }
        let samples = DatasetSamples::new(Broken, |value: &f32, _: &Device| {
            Err::<Batch<2>, _>(DataError::user(format!("refused {value}")))
        });
        let message = |index| match samples.select(&[index], &Device::flex()) {
            Err(error @ DataError::User(_)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(0), "the disk is gone");
        assert_eq!(message(1), "refused NaN");
    }
}

mod horizontal_flip {
    use burn_gan::Condition;
    use burn_gan::data::HorizontalFlip;

    use super::*;

    fn labelled(count: usize) -> Memory<4, Tensor<1, Int>> {
        let device = Device::flex();
        let values = Tensor::<1, Int>::arange(0..(count * 12) as i64, &device).float();
        let labels = Tensor::<1, Int>::arange(0..count as i64, &device) * 10;
        Memory::with_condition(values.reshape([count, 2, 2, 3]), labels).unwrap()
    }

    #[test]
    fn behind_the_images_are_their_mirror_images_with_the_same_conditions() {
        for device in processors() {
            let images = labelled(3);
            let both = HorizontalFlip::new(images.clone());
            assert_eq!(both.len(), 6);
            let found = both.select(&[4, 0, 5, 2, 1], &device).unwrap();
            let expected = images.select(&[1, 0, 2, 2, 1], &device).unwrap();
            assert_eq!(found.samples.device(), device);
            let labels =
                |labels: Tensor<1, Int>| labels.into_data().iter::<i64>().collect::<Vec<_>>();
            assert_eq!(labels(found.condition), [10, 0, 20, 20, 10]);
            for (image, is_mirrored) in [true, false, true, false, false].into_iter().enumerate() {
                let row = |samples: &Tensor<4>| values(samples.clone().narrow(0, image, 1));
                let mut expected = row(&expected.samples);
                if is_mirrored {
                    expected.chunks_mut(3).for_each(<[f32]>::reverse);
                }
                assert_eq!(row(&found.samples), expected);
            }
            assert_eq!(labels(both.conditions(&[5, 0], &device).unwrap()), [20, 0]);
            let all = both.all_conditions(&device).unwrap().unwrap();
            assert_eq!(Condition::len(&all), Some(6));
            assert_eq!(labels(all), [0, 10, 20, 0, 10, 20]);
        }
    }

    #[test]
    fn an_index_past_the_mirror_images_is_refused() {
        let both = HorizontalFlip::new(labelled(3));
        let device = Device::flex();
        let past = DataError::IndexOutOfRange {
            index: 6,
            samples: 6,
        };
        let error = both.select(&[6], &device).unwrap_err();
        assert_eq!(error.to_string(), past.to_string());
        assert_eq!(
            both.conditions(&[6], &device).unwrap_err().to_string(),
            past.to_string()
        );
        assert!(matches!(
            both.select(&[], &device),
            Err(DataError::Batch(BatchError::Empty))
        ));
    }

    #[test]
    fn an_epoch_has_every_image_both_ways() {
        let device = Device::flex();
        let both = HorizontalFlip::new(labelled(4));
        let identity = both.identity().unwrap();
        assert_ne!(identity, labelled(4).identity().unwrap());
        assert_ne!(
            identity,
            HorizontalFlip::new(labelled(3)).identity().unwrap()
        );
        let mut source = ShuffleConfig::new(2).init(both).unwrap();
        let rows = |steps: std::ops::Range<usize>, source: &mut Shuffled<_>| -> Vec<Vec<f32>> {
            steps
                .flat_map(|step| {
                    let batch: Batch<4, Tensor<1, Int>> = source.batch(step, &device).unwrap();
                    values(batch.samples)
                        .chunks(3)
                        .map(<[f32]>::to_vec)
                        .collect::<Vec<_>>()
                })
                .collect()
        };
        let mut first = rows(0..4, &mut source);
        let again = rows(0..4, &mut source);
        assert_eq!(first, again);
        // Four images of four rows, each as it is and mirrored.
        assert_eq!(first.len(), 32);
        first.sort_by(|a, b| a.partial_cmp(b).unwrap());
        first.dedup();
        assert_eq!(first.len(), 32);
        assert!(
            first
                .iter()
                .all(|row| first.contains(&row.iter().rev().copied().collect()))
        );
    }
}
