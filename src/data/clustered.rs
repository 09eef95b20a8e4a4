//! [`Clustered`]: a set without labels, with a cluster for each sample.

use burn::tensor::Device;

use super::{ClassFrequencies, DataError, Samples, check_indices, label_tensor};
use crate::batch::{Batch, Labels};
use crate::identity::Identity;

/// A set of samples with the cluster of each as its class label; [`Clusters::label`](super::Clusters::label) makes one.
#[derive(Debug, Clone)]
pub struct Clustered<S> {
    samples: S,
    labels: Vec<usize>,
    frequencies: ClassFrequencies,
    clusters: Identity,
}

impl<S> Clustered<S> {
    /// Samples and their clusters, of this many.
    pub(super) fn new(
        samples: S,
        labels: Vec<usize>,
        count: usize,
        clusters: Identity,
    ) -> Result<Self, DataError> {
        let mut sizes = vec![0; count];
        for &label in &labels {
            sizes[label] += 1;
        }
        Ok(Self {
            samples,
            labels,
            frequencies: ClassFrequencies::new(sizes)?,
            clusters,
        })
    }

    /// The samples alone.
    pub fn samples(&self) -> &S {
        &self.samples
    }

    /// The cluster of each sample, counted from 0.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// How many samples each cluster has: labels of samples to generate come from
    /// [`draw`](ClassFrequencies::draw).
    pub fn frequencies(&self) -> &ClassFrequencies {
        &self.frequencies
    }

    fn labels_at(&self, indices: &[usize], device: &Device) -> Labels {
        let labels: Vec<usize> = indices.iter().map(|&index| self.labels[index]).collect();
        label_tensor(&labels, device)
    }
}

impl<const D: usize, S: Samples<D>> Samples<D, Labels> for Clustered<S> {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, Labels>, DataError> {
        let samples = self.samples.select(indices, device)?.samples;
        Ok(Batch::with_condition(
            samples,
            self.labels_at(indices, device),
        )?)
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<Labels, DataError> {
        check_indices(indices, self.labels.len())?;
        Ok(self.labels_at(indices, device))
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<Labels>, DataError> {
        Ok(Some(label_tensor(&self.labels, device)))
    }

    /// The set's, and how the clusters were found. Not the labels: on another processor, which rounds otherwise, a sample
    /// between two clusters may be in the other one, and the run is to go on there.
    fn identity(&self) -> Result<Identity, DataError> {
        let samples = self.samples.identity()?;
        Ok(Identity::new("clustered", 1)
            .with("samples", samples.to_value())
            .with("clusters", self.clusters.to_value()))
    }
}
