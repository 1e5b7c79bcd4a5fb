//! New objects into the object store, as one pack.
//!
//! Writing 100,000 loose objects costs 5 to 15 times as much as one pack of whole objects. They are stored in it as
//! they are, in zlib's form (docs/decisions/0028-packs-are-stored.md). The index is written here as well: libgit2
//! would read the whole pack again to make the same bytes (a test compares them with `git index-pack`).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use git2::{Odb, OdbLookupFlags, Oid, Repository};
use rayon::prelude::*;
use sha1::{Digest as _, Sha1};

use super::PublishError;

/// Below this many new objects they are written one by one: many tiny packs slow every reader down.
const LOOSE_BELOW: usize = 100;

/// Objects are encoded in batches, so that no more than a few megabytes of them wait for the writer.
const BATCH: usize = 4096;
const CHUNK: usize = 256;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Tree,
    Commit,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }

    fn in_pack(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
        }
    }

    fn in_git2(self) -> git2::ObjectType {
        match self {
            Self::Blob => git2::ObjectType::Blob,
            Self::Tree => git2::ObjectType::Tree,
            Self::Commit => git2::ObjectType::Commit,
        }
    }
}

/// An object that may be new.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    pub(super) id: Oid,
    pub(super) kind: Kind,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Object<'a> {
    pub(super) fn new(kind: Kind, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { id: id(kind, &bytes), kind, bytes }
    }
}

/// The name git gives these bytes.
pub(super) fn id(kind: Kind, bytes: &[u8]) -> Oid {
    let mut hash = Sha1::new();
    let mut length = itoa::Buffer::new();
    hash.update(kind.name());
    hash.update(b" ");
    hash.update(length.format(bytes.len()));
    hash.update(b"\0");
    hash.update(bytes);
    oid(&hash.finalize())
}

fn oid(hash: &[u8]) -> Oid {
    Oid::from_bytes(hash).unwrap_or_else(|_| crate::bug!("a SHA-1 has 20 bytes"))
}

/// Makes sure that all objects are in the repository, and on the disk if they go into a pack.
///
/// A few loose objects are not synced, which is git's own default.
pub(super) fn store(repository: &Repository, objects: Vec<Object<'_>>) -> Result<(), PublishError> {
    let odb = repository.odb().map_err(|e| PublishError::git("open the object store", e))?;
    let mut seen = HashSet::with_capacity(objects.len());
    let mut objects: Vec<_> = objects.into_iter().filter(|object| seen.insert(object.id)).collect();
    if !all_seem_new(&odb, &objects) {
        objects.retain(|object| !exists(&odb, object.id));
    }
    if objects.len() < LOOSE_BELOW {
        for object in &objects {
            odb.write(object.kind.in_git2(), &object.bytes)
                .map_err(|e| PublishError::git("write an object", e))?;
        }
        return Ok(());
    }
    let folder = repository.commondir().join("objects/pack");
    write_pack(&folder, &objects)
        .map_err(|source| PublishError::io("write a pack into", &folder, source))?;
    odb.refresh().map_err(|e| PublishError::git("read the new pack", e))
}

fn exists(odb: &Odb<'_>, id: Oid) -> bool {
    odb.exists_ext(id, OdbLookupFlags::NO_REFRESH)
}

/// Asks for a sample: most publications hold almost nothing, or nothing, that is known, and asking 100,000 times
/// takes as long as deflating. An object that is stored twice does no harm.
fn all_seem_new(odb: &Odb<'_>, objects: &[Object<'_>]) -> bool {
    const SAMPLE: usize = 256;
    let every = (objects.len() / SAMPLE).max(1);
    objects.iter().step_by(every).all(|object| !exists(odb, object.id))
}

/// What the index says about an object.
struct Entry {
    id: Oid,
    crc: u32,
    offset: u64,
}

/// Writes a pack and its index into `folder`; both appear complete, the index last, as git does it.
pub(super) fn write_pack(folder: &Path, objects: &[Object<'_>]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // `git gc` removes files of this name when a killed process left them.
    let temporary = || tempfile::Builder::new().prefix("tmp_pack_").tempfile_in(folder);
    let pack = temporary()?;
    let (checksum, mut entries) = write_objects(pack.as_file(), objects)?;
    entries.par_sort_unstable_by(|a, b| a.id.as_bytes().cmp(b.id.as_bytes()));
    let index = temporary()?;
    index.as_file().write_all(&index_bytes(&entries, &checksum))?;

    let name = format!("pack-{}", oid(&checksum));
    for (file, extension) in [(pack, "pack"), (index, "idx")] {
        file.as_file().set_permissions(fs::Permissions::from_mode(0o444))?;
        file.as_file().sync_all()?;
        file.persist(folder.join(format!("{name}.{extension}"))).map_err(|e| e.error)?;
    }
    File::open(folder)?.sync_all()
}

fn write_objects(file: &File, objects: &[Object<'_>]) -> io::Result<([u8; 20], Vec<Entry>)> {
    let count = u32::try_from(objects.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut hash = Sha1::new();
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut offset = 0;
    let mut entries = Vec::with_capacity(objects.len());
    let mut put = |bytes: &[u8]| {
        hash.update(bytes);
        out.write_all(bytes)
    };
    let mut header = b"PACK\0\0\0\x02".to_vec();
    header.extend(count.to_be_bytes());
    put(&header)?;
    offset += header.len() as u64;
    let encode = |batch: &[Object<'_>]| batch.par_chunks(CHUNK).map(encode).collect::<Vec<_>>();
    let mut batches = objects.chunks(BATCH);
    let mut ready = encode(batches.next().unwrap_or_default());
    while !ready.is_empty() {
        let write = || -> io::Result<()> {
            for (bytes, parts) in ready {
                put(&bytes)?;
                for (id, crc, length) in parts {
                    entries.push(Entry { id, crc, offset });
                    offset += length as u64;
                }
            }
            Ok(())
        };
        // The sum of a pack is taken of all its bytes in order, by one core; the others go on.
        let (written, next) = rayon::join(write, || encode(batches.next().unwrap_or_default()));
        written?;
        ready = next;
    }
    let checksum: [u8; 20] = hash.finalize().into();
    out.write_all(&checksum)?;
    out.flush()?;
    Ok((checksum, entries))
}

/// Objects as they stand in a pack, and of each its id, checksum and length there.
type Encoded = (Vec<u8>, Vec<(Oid, u32, usize)>);

fn encode(objects: &[Object<'_>]) -> Encoded {
    let mut bytes = Vec::with_capacity(objects.iter().map(|o| o.bytes.len() + 32).sum());
    let mut parts = Vec::with_capacity(objects.len());
    for object in objects {
        let start = bytes.len();
        let mut size = object.bytes.len();
        let mut byte = object.kind.in_pack() << 4 | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            bytes.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        bytes.push(byte);
        store_zlib(&object.bytes, &mut bytes);
        parts.push((object.id, libdeflater::crc32(&bytes[start..]), bytes.len() - start));
    }
    (bytes, parts)
}

/// Appends bytes in zlib's form (RFC 1950), as they are: blocks that say that nothing is deflated (RFC 1951, 3.2.4).
fn store_zlib(bytes: &[u8], into: &mut Vec<u8>) {
    const LARGEST: usize = 0xffff;
    // Deflated, with a window of 32 KiB, at the fastest level.
    into.extend([0x78, 0x01]);
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(LARGEST));
        let length = block.len() as u16;
        into.push(u8::from(after.is_empty()));
        into.extend(length.to_le_bytes());
        into.extend((!length).to_le_bytes());
        into.extend(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    into.extend(libdeflater::adler32(bytes).to_be_bytes());
}

/// A pack index, version 2. `entries` are sorted by id.
fn index_bytes(entries: &[Entry], pack: &[u8; 20]) -> Vec<u8> {
    const FAR: u64 = 0x8000_0000;
    let mut bytes = Vec::with_capacity(1072 + entries.len() * 28);
    bytes.extend(b"\xfftOc\0\0\0\x02");
    let mut upto = 0;
    for first in 0..=255_u8 {
        upto += entries[upto..].partition_point(|entry| entry.id.as_bytes()[0] <= first);
        bytes.extend((upto as u32).to_be_bytes());
    }
    for entry in entries {
        bytes.extend(entry.id.as_bytes());
    }
    for entry in entries {
        bytes.extend(entry.crc.to_be_bytes());
    }
    let mut far = Vec::new();
    for entry in entries {
        let near = if entry.offset < FAR {
            entry.offset
        } else {
            far.extend(entry.offset.to_be_bytes());
            FAR | (far.len() / 8 - 1) as u64
        };
        bytes.extend((near as u32).to_be_bytes());
    }
    bytes.extend(far);
    bytes.extend(pack);
    let checksum = Sha1::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_the_one_git_makes() {
        let folder = tempfile::tempdir().unwrap();
        let bodies: Vec<Vec<u8>> =
            (0..700_usize).map(|i| vec![b'a' + (i % 26) as u8; i * 311]).collect();
        let objects: Vec<_> =
            bodies.iter().map(|b| Object::new(Kind::Blob, b.as_slice())).collect();
        write_pack(folder.path(), &objects).unwrap();
        let files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        let find =
            |extension: &str| files.iter().find(|p| p.extension().unwrap() == extension).unwrap();
        let theirs = folder.path().join("theirs.idx");
        let git = std::process::Command::new("git")
            .args(["index-pack", "--strict", "-o"])
            .args([&theirs, find("pack")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
        assert_eq!(fs::read(find("idx")).unwrap(), fs::read(theirs).unwrap());
    }

    #[test]
    fn offsets_beyond_two_gigabytes_have_their_own_table() {
        let entry = |byte, offset| Entry { id: oid(&[byte; 20]), crc: 0, offset };
        let bytes = index_bytes(&[entry(1, 12), entry(2, 1 << 33), entry(3, 1 << 34)], &[0; 20]);
        let offsets = 8 + 1024 + 3 * 24;
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(
            [word(offsets), word(offsets + 4), word(offsets + 8)],
            [12, 0x8000_0000, 0x8000_0001]
        );
        assert_eq!(bytes[offsets + 12..offsets + 20], (1_u64 << 33).to_be_bytes());
    }
}
