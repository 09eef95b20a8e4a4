//! All pictures of a folder, decoded a few at a time by all cores, in their order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;

use super::config::{ImageFolderConfig, Resize, Undecodable};
use super::decode::{Wanted, decode};
use super::resize::resized;
use super::scan::Found;
use super::{FolderError, FolderProgress, OriginalSize, SkippedPicture, UndecodableError};
use crate::data::DataError;
use crate::data::image_cache::Contents;
use crate::data::pixels::push_channels_first;

/// About so many bytes of decoded pictures wait for being written.
const WAITING: usize = 1 << 25;
/// Pictures that are decoded between two reports of progress, at most.
const MOST_AT_ONCE: usize = 512;

/// A picture at its size, channels first.
pub(super) struct Decoded {
    pub bytes: Vec<u8>,
    /// Height and width.
    pub size: [usize; 2],
    /// Height and width before it was resized.
    original: [usize; 2],
}

/// Decodes all `pictures` and hands them to `keep` in their order.
///
/// # Errors
/// [`FolderError::Undecodable`], [`FolderError::UnequalSizes`], [`FolderError::Cancelled`], and those of `keep`.
pub(super) fn decode_all(
    config: &ImageFolderConfig,
    pictures: &[Found],
    inputs: String,
    keep: &mut dyn FnMut(&[u8]) -> Result<(), DataError>,
    progress: &mut dyn FnMut(FolderProgress) -> ControlFlow<()>,
) -> Result<Contents, DataError> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(16);
    let mut failures: Vec<(PathBuf, UndecodableError)> = Vec::new();
    let mut originals: BTreeMap<[usize; 2], usize> = BTreeMap::new();
    // The first picture that was decoded, and its size.
    let mut first: Option<(&Path, [usize; 2])> = None;
    let mut done = 0;
    while done < pictures.len() {
        let size = first.map(|(_, [height, width])| height * width * config.channels.count());
        let at_once = size.map_or(threads, |size| {
            (WAITING / size.max(1)).clamp(threads, MOST_AT_ONCE)
        });
        let part = &pictures[done..pictures.len().min(done + at_once)];
        for (found, decoded) in part.iter().zip(decode_part(config, part, threads)) {
            let decoded = match decoded {
                Ok(decoded) => decoded,
                Err(failure) => {
                    failures.push((found.path.clone(), failure));
                    continue;
                }
            };
            let (first, first_size) = *first.get_or_insert((&found.path, decoded.size));
            if decoded.size != first_size {
                return Err(FolderError::UnequalSizes {
                    first: first.into(),
                    first_size,
                    second: found.path.clone(),
                    second_size: decoded.size,
                }
                .into());
            }
            *originals.entry(decoded.original).or_default() += 1;
            // What is going to be refused need not be kept.
            if failures.is_empty() || config.undecodable == Undecodable::Skip {
                keep(&decoded.bytes)?;
            }
        }
        done += part.len();
        let state = FolderProgress {
            done,
            pictures: pictures.len(),
            undecodable: failures.len(),
        };
        if progress(state).is_break() {
            let pictures = pictures.len();
            return Err(FolderError::Cancelled { done, pictures }.into());
        }
    }
    let shape = match first {
        Some((_, [height, width]))
            if failures.is_empty() || config.undecodable == Undecodable::Skip =>
        {
            [config.channels.count(), height, width]
        }
        _ => {
            let failures = failures.into_iter().map(|(_, failure)| failure).collect();
            let pictures = pictures.len();
            return Err(FolderError::Undecodable { failures, pictures }.into());
        }
    };
    Ok(Contents {
        shape,
        inputs,
        skipped: failures
            .into_iter()
            .map(|(path, failure)| SkippedPicture {
                path,
                reason: failure.to_string(),
            })
            .collect(),
        originals: originals
            .into_iter()
            .map(|([height, width], count)| OriginalSize {
                height,
                width,
                count,
            })
            .collect(),
    })
}

/// Decodes some pictures, each thread its share of them.
fn decode_part(
    config: &ImageFolderConfig,
    part: &[Found],
    threads: usize,
) -> Vec<Result<Decoded, UndecodableError>> {
    let share = part.len().div_ceil(threads).max(1);
    let one = |found: &Found| decode_one(config, &config.folder.join(&found.path));
    thread::scope(|scope| {
        let running: Vec<_> = part
            .chunks(share)
            .map(|part| (part, scope.spawn(move || part.iter().map(one).collect())))
            .collect();
        let joined = running.into_iter().map(|(part, thread)| {
            let decoded: thread::Result<Vec<_>> = thread.join();
            // What decoders do is caught; this is for what else may end a thread.
            decoded.unwrap_or_else(|_| part.iter().map(|found| ended(config, found)).collect())
        });
        joined.flatten().collect()
    })
}

fn ended(config: &ImageFolderConfig, found: &Found) -> Result<Decoded, UndecodableError> {
    Err(UndecodableError::Damaged {
        path: config.folder.join(&found.path),
        message: "the thread that decoded it ended".to_string(),
    })
}

/// One picture as the configuration has it.
pub(super) fn decode_one(
    config: &ImageFolderConfig,
    path: &Path,
) -> Result<Decoded, UndecodableError> {
    let wanted = Wanted {
        channels: config.channels,
        background: config.background,
        largest: config.largest_picture as u64,
    };
    let picture = decode(path, wanted)?;
    let original = [picture.height() as usize, picture.width() as usize];
    let picture = match config.resize {
        Resize::None => picture,
        rule => resized(picture, rule, config.filter),
    };
    let size = [picture.height() as usize, picture.width() as usize];
    let interleaved = picture.into_bytes();
    let mut bytes = Vec::with_capacity(interleaved.len());
    push_channels_first(&interleaved, config.channels.count(), &mut bytes);
    Ok(Decoded {
        bytes,
        size,
        original,
    })
}
