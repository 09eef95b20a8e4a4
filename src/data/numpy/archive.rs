//! ZIP archives as NumPy writes them: members that are stored or deflated, in one file, not encrypted.
//!
//! The directory at the end says where members are (PKWARE's "APPNOTE", sections 4.3.6 to 4.3.16 and 4.5.3). Written here
//! since a crate for all that archives can be would have Burn built once more, for a feature of a crate below both.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::NumpyError;
use crate::data::DataError;
use crate::errors::FileError;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: u64 = 22;
/// The end record, and before it a locator of the larger one.
const WIDE_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const WIDE_LOCATOR_LENGTH: u64 = 20;
const WIDE_END: [u8; 4] = *b"PK\x06\x06";
const WIDE_END_LENGTH: u64 = 56;
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LENGTH: u64 = 30;

/// A member, as the directory has it.
#[derive(Debug, Clone)]
struct Member {
    name: String,
    encrypted: bool,
    method: u16,
    checksum: u32,
    /// Bytes in the archive.
    length: u64,
    /// Where its local header begins.
    begin: u64,
}

/// An open archive.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    file: File,
    members: Vec<Member>,
}

impl Archive {
    /// # Errors
    /// [`DataError::File`], [`NumpyError::Archive`].
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let io = |error| FileError::new(path, error);
        let mut file = File::open(path).map_err(io)?;
        let directory = directory(&mut file).map_err(io)?;
        let members = directory.as_deref().and_then(members);
        let members = members.ok_or_else(|| NumpyError::Archive {
            path: path.into(),
            message: "not a ZIP archive, or not all of it".to_string(),
        })?;
        Ok(Self {
            path: path.into(),
            file,
            members,
        })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The bytes of the member at `index`; reading to its end fails where they are not those that were put in.
    ///
    /// # Errors
    /// [`DataError::File`], [`NumpyError::Archive`].
    pub fn read(mut self, index: usize) -> Result<Box<dyn Read>, DataError> {
        let broken = |message: String| NumpyError::Archive {
            path: self.path.clone(),
            message,
        };
        let member = self.members.get(index);
        let member = member.ok_or_else(|| broken(format!("no member {index}")))?;
        if member.encrypted || !matches!(member.method, 0 | 8) {
            let name = &member.name;
            let message =
                format!("`{name}` is encrypted or compressed in a way that NumPy does not use");
            return Err(broken(message).into());
        }
        let io = |error| FileError::new(&self.path, error);
        self.file.seek(SeekFrom::Start(member.begin)).map_err(io)?;
        let local = read_up_to(&mut self.file, LOCAL_LENGTH).map_err(io)?;
        // Names and additions of the local header may be longer than those of the directory.
        let skipped = (local.starts_with(&LOCAL))
            .then(|| Some(u64::from(short(&local, 26)?) + u64::from(short(&local, 28)?)))
            .flatten()
            .ok_or_else(|| broken(format!("`{}` is not where it should be", member.name)))?;
        let begin = member.begin.saturating_add(LOCAL_LENGTH + skipped);
        self.file.seek(SeekFrom::Start(begin)).map_err(io)?;
        let bytes = BufReader::new(self.file.take(member.length));
        let checksum = member.checksum;
        Ok(match member.method {
            0 => Box::new(Checked::new(bytes, checksum)),
            _ => Box::new(Checked::new(DeflateDecoder::new(bytes), checksum)),
        })
    }
}

/// A reader that fails at its end where what was read has another CRC-32.
struct Checked<R> {
    from: R,
    crc: Crc,
    checksum: u32,
}

impl<R> Checked<R> {
    fn new(from: R, checksum: u32) -> Self {
        let crc = Crc::new();
        Self {
            from,
            crc,
            checksum,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.crc.update(&buffer[..length]);
        if length == 0 && !buffer.is_empty() && self.crc.sum() != self.checksum {
            let message = "the checksum of a member is another: the archive is damaged";
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(length)
    }
}

/// The bytes of the directory; `None` where there is none.
fn directory(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    // A comment of up to 65,535 bytes may follow the end record.
    let tail_begin = length.saturating_sub(END_LENGTH + 0xffff);
    file.seek(SeekFrom::Start(tail_begin))?;
    let tail = read_up_to(file, END_LENGTH + 0xffff)?;
    let Some(at) = tail.windows(4).rposition(|bytes| bytes == END) else {
        return Ok(None);
    };
    let (Some(size), Some(begin)) = (long(&tail, at + 12), long(&tail, at + 16)) else {
        return Ok(None);
    };
    let end = tail_begin + at as u64;
    let wide = size == u32::MAX || begin == u32::MAX || short(&tail, at + 10) == Some(u16::MAX);
    let place = match wide {
        true => wide_place(file, end)?,
        false => Some((u64::from(begin), u64::from(size))),
    };
    let Some((begin, size)) = place.filter(|(begin, size)| {
        // What it announces is believed up to the length of the file.
        begin.checked_add(*size).is_some_and(|after| after <= end)
    }) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(begin))?;
    let bytes = read_up_to(file, size)?;
    Ok((bytes.len() as u64 == size).then_some(bytes))
}

/// Begin and length of the directory of an archive whose numbers do not fit into 32 bits.
fn wide_place(file: &mut File, end: u64) -> io::Result<Option<(u64, u64)>> {
    let Some(locator) = end.checked_sub(WIDE_LOCATOR_LENGTH) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(locator))?;
    let bytes = read_up_to(file, WIDE_LOCATOR_LENGTH)?;
    let Some(begin) = wide(&bytes, 8).filter(|_| bytes.starts_with(&WIDE_LOCATOR)) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(begin.min(end)))?;
    let bytes = read_up_to(file, WIDE_END_LENGTH)?;
    let place = wide(&bytes, 48).zip(wide(&bytes, 40));
    Ok(place.filter(|_| bytes.starts_with(&WIDE_END)))
}

/// The members of a directory; `None` where it is damaged.
fn members(mut directory: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    while !directory.is_empty() {
        let (entry, rest) = directory.split_at_checked(ENTRY_LENGTH)?;
        entry.starts_with(&ENTRY).then_some(())?;
        let (name, rest) = rest.split_at_checked(short(entry, 28)?.into())?;
        let (mut additions, rest) = rest.split_at_checked(short(entry, 30)?.into())?;
        let (_comment, rest) = rest.split_at_checked(short(entry, 32)?.into())?;
        directory = rest;

        // Numbers that do not fit into 32 bits stand among the additions, in this order.
        let [mut content, mut length, mut begin] =
            [long(entry, 24)?, long(entry, 20)?, long(entry, 42)?].map(u64::from);
        while !additions.is_empty() {
            let (kind, size) = (short(additions, 0)?, short(additions, 2)?);
            let (addition, rest) = additions.get(4..)?.split_at_checked(size.into())?;
            additions = rest;
            if kind == 1 {
                let mut at = 0;
                for number in [&mut content, &mut length, &mut begin] {
                    if *number == u64::from(u32::MAX) {
                        *number = wide(addition, at)?;
                        at += 8;
                    }
                }
            }
        }
        members.push(Member {
            name: String::from_utf8_lossy(name).into_owned(),
            encrypted: short(entry, 8)? & 1 != 0,
            method: short(entry, 10)?,
            checksum: long(entry, 16)?,
            length,
            begin,
        });
    }
    Some(members)
}

/// The next bytes, fewer where the file ends.
fn read_up_to(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&*file).take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

fn wide(bytes: &[u8], at: usize) -> Option<u64> {
    number(bytes, at).map(u64::from_le_bytes)
}
