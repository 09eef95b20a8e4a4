//! Subsets of a data set: which samples they have, and what they say of themselves.

use burn::tensor::{Device, Int, Tensor};
use burn_gan::ConfigError;
use burn_gan::data::{DataError, Memory, Samples, Subset};

fn labelled(count: i64) -> Memory<2, Tensor<1, Int>> {
    let device = Device::flex();
    let numbers = || Tensor::<1, Int>::arange(0..count, &device);
    Memory::with_condition(numbers().float().unsqueeze_dim(1), numbers() * 10).unwrap()
}

#[test]
fn both_parts_together_are_the_set_and_a_seed_decides() {
    let all = labelled(50);
    let parts = |seed| Subset::hold_out(&all, 12, seed).unwrap();
    let (training, held_out) = parts(3);
    assert_eq!((Samples::len(&training), Samples::len(&held_out)), (38, 12));
    let mut indices = [training.indices(), held_out.indices()].concat();
    indices.sort_unstable();
    assert!(indices.into_iter().eq(0..50));
    assert_eq!(parts(3).1.indices(), held_out.indices());
    assert_ne!(parts(4).1.indices(), held_out.indices());

    for count in [0, 50, 51] {
        match Subset::hold_out(&all, count, 3) {
            Err(DataError::Config(ConfigError { field, .. })) => assert_eq!(field, "count"),
            other => panic!("{count}: {other:?}"),
        }
    }
}

#[test]
fn samples_and_labels_are_those_of_the_indices() {
    let device = Device::flex();
    let all = labelled(9);
    let part = Subset::new(&all, vec![7, 2, 7]).unwrap();
    let batch = part.select(&[1, 2, 0], &device).unwrap();
    let values = batch.samples.into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(values, [2.0, 7.0, 7.0]);
    let ints = |labels: Tensor<1, Int>| labels.into_data().convert::<i64>().try_to_vec::<i64>();
    assert_eq!(ints(batch.condition).unwrap(), [20, 70, 70]);
    assert_eq!(ints(part.conditions(&[0], &device).unwrap()).unwrap(), [70]);
    let all_of_it = part.all_conditions(&device).unwrap().unwrap();
    assert_eq!(ints(all_of_it).unwrap(), [70, 20, 70]);

    assert!(matches!(
        part.select(&[3], &device),
        Err(DataError::IndexOutOfRange {
            index: 3,
            samples: 3
        })
    ));
    assert!(matches!(
        Subset::new(&all, vec![0, 9]),
        Err(DataError::IndexOutOfRange {
            index: 9,
            samples: 9
        })
    ));
    assert!(matches!(
        Subset::new(&all, vec![]),
        Err(DataError::Batch(_))
    ));
}

/// A run goes on only with the same samples.
#[test]
fn other_indices_are_another_identity() {
    let all = labelled(9);
    let identity = |indices: &[usize]| {
        let part = Subset::new(&all, indices.to_vec()).unwrap();
        part.identity().unwrap()
    };
    assert_eq!(identity(&[1, 2]), identity(&[1, 2]));
    assert_ne!(identity(&[1, 2]), identity(&[2, 1]));
    assert_ne!(identity(&[1, 2]), all.identity().unwrap());
}
