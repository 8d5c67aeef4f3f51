//! What an output holds: bytes, the copy of an open file, or the target of a link.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
};

/// The content of an output, as its caller has it.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Bytes(&'a [u8]),
    /// A regular file, read from its start wherever its cursor stands.
    Copy(&'a File),
    Link(&'a Path),
}

/// Why content was not written.
pub(super) enum CopyError {
    /// The output could not be written.
    Write(io::Error),
    /// The source could not be read.
    Read(io::Error),
    /// The source changed meanwhile, so what was copied may be of no one version.
    Changed,
}

/// Bytes read at once; large enough that calls do not count, small enough for the stack of no thread to care.
const CHUNK: usize = 64 * 1024;

impl Content<'_> {
    pub(super) fn len(&self) -> io::Result<u64> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::Copy(source) => Ok(source.metadata()?.len()),
            Self::Link(target) => Ok(target.as_os_str().len() as u64),
        }
    }

    /// Whether a regular file of the same length holds this, found without loading either whole.
    pub(super) fn is_in(&self, old: &File) -> io::Result<bool> {
        match self {
            Self::Bytes(bytes) => holds(old, bytes),
            Self::Copy(source) => {
                let before = source.metadata()?;
                Ok(same_bytes(source, old)? && is_unchanged(source, &before)?)
            }
            Self::Link(_) => Ok(false),
        }
    }

    /// Writes all of it to an empty file.
    pub(super) fn write_to(&self, mut new: &File) -> Result<(), CopyError> {
        match self {
            Self::Bytes(bytes) => new.write_all(bytes).map_err(CopyError::Write),
            Self::Copy(source) => copy(source, new),
            Self::Link(_) => Err(CopyError::Write(io::ErrorKind::InvalidInput.into())),
        }
    }
}

fn holds(mut file: &File, bytes: &[u8]) -> io::Result<bool> {
    let mut buffer = vec![0; bytes.len().min(CHUNK)];
    for expected in bytes.chunks(CHUNK) {
        let found = &mut buffer[..expected.len()];
        match file.read_exact(found) {
            Ok(()) if found == expected => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn same_bytes(source: &File, mut old: &File) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut offset = 0;
    loop {
        let count = read_at(source, &mut ours, offset)?;
        if count == 0 {
            return Ok(true);
        }
        match old.read_exact(&mut theirs[..count]) {
            Ok(()) if ours[..count] == theirs[..count] => offset += count as u64,
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

fn copy(source: &File, mut new: &File) -> Result<(), CopyError> {
    let before = source.metadata().map_err(CopyError::Read)?;
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let count = read_at(source, &mut buffer, offset).map_err(CopyError::Read)?;
        if count == 0 {
            break;
        }
        new.write_all(&buffer[..count]).map_err(CopyError::Write)?;
        offset += count as u64;
    }
    let whole = offset == before.len() && is_unchanged(source, &before).map_err(CopyError::Read)?;
    if whole { Ok(()) } else { Err(CopyError::Changed) }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

fn is_unchanged(file: &File, before: &Metadata) -> io::Result<bool> {
    let version = |facts: &Metadata| (facts.len(), facts.mtime(), facts.mtime_nsec());
    Ok(version(&file.metadata()?) == version(before))
}
