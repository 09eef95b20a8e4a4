//! Where self-attention stands in the two networks.

use burn::tensor::Device;

use super::{ResnetConfig, ResnetDiscriminator, ResnetGenerator};
use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::network_error::NetworkError;
use crate::nn::{SelfAttention, SelfAttentionConfig};
use crate::random::{Purpose, Stream};

/// The layer whose random stream it draws from: beyond those that are counted, so that they have the same weights with
/// self-attention and without.
const LAYER: u64 = 1 << 32;

/// Self-attention, where there is any.
pub(super) fn attended(attention: &Option<SelfAttention>, x: Dual<4>) -> Dual<4> {
    match attention {
        Some(attention) => attention.propagate(x),
        None => x,
    }
}

impl ResnetConfig {
    /// Self-attention and the index of the block that it stands behind, where there is to be any. `sides` are the smaller
    /// sides of the blocks' results.
    fn self_attention(
        &self,
        mut sides: impl Iterator<Item = usize>,
        layer: &SelfAttentionConfig,
        purpose: Purpose,
        device: &Device,
    ) -> Result<Option<(usize, SelfAttention)>, NetworkError> {
        let Some(side) = self.attention else {
            return Ok(None);
        };
        let Some(block) = sides.position(|of_block| of_block == side) else {
            let requirement = "must be the smaller side of the image behind a block of the network";
            return Err(ConfigError::new("attention", side, requirement).into());
        };
        let mut stream = Stream::new(self.seed, purpose, LAYER);
        Ok(Some((block, layer.init(&mut stream, device)?)))
    }
}

impl ResnetGenerator {
    /// With the self-attention of the configuration.
    pub(super) fn with_attention(
        mut self,
        config: &ResnetConfig,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let side = config.height.min(config.width);
        let sides = (0..self.blocks.len())
            .rev()
            .map(|doublings| side >> doublings);
        let layer = SelfAttentionConfig::new(config.generator_channels());
        let attention = config.self_attention(sides, &layer, Purpose::GeneratorWeights, device)?;
        if let Some((block, attention)) = attention {
            self.blocks[block].attention = Some(attention);
        }
        Ok(self)
    }
}

impl ResnetDiscriminator {
    /// With the self-attention of the configuration.
    pub(super) fn with_attention(
        mut self,
        config: &ResnetConfig,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let side = config.height.min(config.width);
        let sides = (0..=self.down.len()).map(|block| side >> (block + 1));
        let layer =
            SelfAttentionConfig::new(config.filters).with_spectral_norm(config.spectral_norm);
        let attention =
            config.self_attention(sides, &layer, Purpose::DiscriminatorWeights, device)?;
        if let Some((block, attention)) = attention {
            let block = match block {
                0 => &mut self.first,
                _ => &mut self.down[block - 1],
            };
            block.attention = Some(attention);
        }
        Ok(self)
    }
}
