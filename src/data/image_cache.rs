//! The cache file of decoded pictures: written once, read by index.
//!
//! 64 bytes (below), the images one after the other, then a trailer: the length of a JSON text as 8 bytes, the text
//! ([`Contents`]), 4 bytes of CRC-32 an image. The first 64 bytes: 8 of [`MAGIC`], the version as 4, 4 of zero, where the trailer
//! begins and its length as 8 each, the trailer's SHA-256 as 32. Numbers are little-endian.
//!
//! A file is read in parts, so that memory holds the trailer and the images of a batch. Nothing that the file announces
//! is believed beyond its length.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use flate2::Crc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DataError;
use super::image_folder::{OriginalSize, SkippedPicture};
use super::pixels::bytes_of_image;
use crate::errors::FileError;

const MAGIC: [u8; 8] = *b"BGIMAGES";
/// Changes with the layout of the file and with how pictures are decoded.
pub(super) const VERSION: u32 = 1;
const PREAMBLE: u64 = 64;

/// What is wrong with a cache file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Something else is where the cache file should be; it is left as it is.
    #[error(
        "{}: not a cache file of this crate, and not replaced; choose another place for the cache or move the file",
        path.display()
    )]
    NotACache {
        /// The file.
        path: PathBuf,
    },

    /// The file changed after it was opened, or is damaged where its beginning and its end do not tell.
    #[error("{}: image {index} is damaged; remove the file and it is made anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The image, counted from 0.
        index: usize,
    },
}

/// What a cache file holds beside images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Contents {
    /// Channels, height, width of an image.
    pub shape: [usize; 3],
    /// SHA-256 of what the file was made of.
    pub inputs: String,
    pub skipped: Vec<SkippedPicture>,
    pub originals: Vec<OriginalSize>,
}

/// [`Contents`] as they stand in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    contents: Contents,
    /// SHA-256 of all images.
    content: String,
}

/// Writes a cache file image by image.
pub(super) struct CacheWriter<W> {
    out: W,
    images: Sha256,
    bytes: u64,
    checksums: Vec<u8>,
}

impl<W: Write + Seek> CacheWriter<W> {
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&[0; PREAMBLE as usize])?;
        Ok(Self {
            out,
            images: Sha256::new(),
            bytes: 0,
            checksums: Vec::new(),
        })
    }

    pub fn push(&mut self, image: &[u8]) -> io::Result<()> {
        self.out.write_all(image)?;
        self.images.update(image);
        self.bytes += image.len() as u64;
        self.checksums
            .extend_from_slice(&checksum(image).to_le_bytes());
        Ok(())
    }

    pub fn finish(mut self, contents: Contents) -> io::Result<()> {
        let content = format!("{:x}", self.images.finalize());
        let text = serde_json::to_vec(&Written { contents, content })?;
        let mut trailer = (text.len() as u64).to_le_bytes().to_vec();
        trailer.extend(text);
        trailer.extend(self.checksums);
        self.out.write_all(&trailer)?;

        let mut preamble = MAGIC.to_vec();
        preamble.extend(VERSION.to_le_bytes());
        preamble.extend([0; 4]);
        preamble.extend((PREAMBLE + self.bytes).to_le_bytes());
        preamble.extend((trailer.len() as u64).to_le_bytes());
        preamble.extend(Sha256::digest(&trailer));
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&preamble)?;
        self.out.flush()
    }
}

/// The images of a cache file.
#[derive(Debug)]
pub(super) struct CachedImages {
    path: PathBuf,
    /// Behind a lock since reading at a position is two steps.
    file: Mutex<File>,
    shape: [usize; 3],
    image_len: usize,
    content: String,
    checksums: Vec<u32>,
}

impl CachedImages {
    /// Opens a cache file of so many pictures; `None` where there is none, or one that is damaged or of other inputs,
    /// which may be replaced.
    ///
    /// # Errors
    /// [`CacheError::NotACache`] where something else is there, [`DataError::File`] where it cannot be read.
    pub fn open(
        path: &Path,
        inputs: &str,
        pictures: usize,
    ) -> Result<Option<(Self, Contents)>, DataError> {
        let io = |error| FileError::new(path, error);
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(io)?,
        };
        let length = file.metadata().map_err(io)?.len();
        let mut preamble = Vec::new();
        (&file)
            .take(PREAMBLE)
            .read_to_end(&mut preamble)
            .map_err(io)?;
        if !preamble.starts_with(&MAGIC) {
            return Err(CacheError::NotACache { path: path.into() }.into());
        }
        let Some(trailer) = Trailer::of(&preamble, length) else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(trailer.begin)).map_err(io)?;
        let mut bytes = Vec::new();
        (&file)
            .take(trailer.length)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        let Some((written, checksums)) = trailer.parse(&bytes) else {
            return Ok(None);
        };
        let Some(image_len) = bytes_of_image(written.contents.shape) else {
            return Ok(None);
        };
        let images = (checksums.len() as u64).checked_mul(image_len as u64);
        let fits = images.is_some_and(|bytes| bytes.checked_add(PREAMBLE) == Some(trailer.begin));
        let all = checksums.len() + written.contents.skipped.len() == pictures;
        if !fits || !all || checksums.is_empty() || written.contents.inputs != inputs {
            return Ok(None);
        }
        let images = Self {
            path: path.into(),
            file: Mutex::new(file),
            shape: written.contents.shape,
            image_len,
            content: written.content,
            checksums,
        };
        Ok(Some((images, written.contents)))
    }

    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub fn len(&self) -> usize {
        self.checksums.len()
    }

    /// SHA-256 of all images, as it was when they were written.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Puts the image at `index`, which is in range, after the others.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] where it is not what was written, [`DataError::File`] where it cannot be read.
    pub fn read(&self, index: usize, onto: &mut Vec<u8>) -> Result<(), DataError> {
        let begin = onto.len();
        let offset = PREAMBLE + (index * self.image_len) as u64;
        {
            // What another thread left of the position is of no account: it is set here.
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))
                .and_then(|_| (&*file).take(self.image_len as u64).read_to_end(onto))
                .map_err(|error| FileError::new(&self.path, error))?;
        }
        let image = &onto[begin..];
        if image.len() != self.image_len || Some(&checksum(image)) != self.checksums.get(index) {
            return Err(CacheError::Damaged {
                path: self.path.clone(),
                index,
            }
            .into());
        }
        Ok(())
    }
}

/// Where a file's trailer is, and its hash.
struct Trailer<'a> {
    begin: u64,
    length: u64,
    hash: &'a [u8],
}

impl<'a> Trailer<'a> {
    /// By a file's first bytes; `None` where they are not whole, of another version, or do not fit the file's length.
    fn of(preamble: &'a [u8], length: u64) -> Option<Self> {
        let number = |at: usize| {
            let bytes = preamble.get(at..at + 8)?;
            bytes.try_into().ok().map(u64::from_le_bytes)
        };
        let version = preamble
            .get(8..12)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)?;
        let trailer = Self {
            begin: number(16)?,
            length: number(24)?,
            hash: preamble.get(32..64)?,
        };
        let whole = trailer.begin.checked_add(trailer.length)? == length;
        (version == VERSION && whole).then_some(trailer)
    }

    /// What it holds; `None` where it is not what was written.
    fn parse(&self, bytes: &[u8]) -> Option<(Written, Vec<u32>)> {
        if Sha256::digest(bytes).as_slice() != self.hash {
            return None;
        }
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (text, checksums) =
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let (checksums, rest) = checksums.as_chunks::<4>();
        let written = serde_json::from_slice(text).ok()?;
        let checksums = checksums.iter().map(|&bytes| u32::from_le_bytes(bytes));
        rest.is_empty().then(|| (written, checksums.collect()))
    }
}

fn checksum(image: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(image);
    crc.sum()
}
