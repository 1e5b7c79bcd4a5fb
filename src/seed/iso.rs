//! The NoCloud seed as an ISO 9660 image, small and the same for the same files.
//!
//! cloud-init looks for a volume labelled `cidata` and reads `user-data`, `meta-data` and `network-config` from its
//! root. Plain ISO 9660 has neither small letters nor hyphens, so each name stands three times: in ISO's own spelling,
//! with Rock Ridge (which Linux prefers), and with Joliet (for whoever knows no Rock Ridge). There is one folder, the
//! root, and no time in it. ECMA-119, IEEE P1282 (RRIP 1.10) and the Joliet specification name the fields.

use zeroize::Zeroizing;

/// Bytes of a sector.
const SECTOR: usize = 2048;

/// The label that cloud-init looks for.
const LABEL: &str = "cidata";

// Where things lie, in sectors: sixteen for whoever boots, three descriptors, two path tables of each tree in both
// byte orders, two roots, the files.
const PATHS: u32 = 19;
const ROOT: u32 = 23;
const JOLIET_ROOT: u32 = 24;
const FILES: u32 = 25;

/// An image; it is as secret as what is in it.
pub type Image = Zeroizing<Vec<u8>>;

/// What a file is called, and where it lies.
struct Entry<'a> {
    name: &'a str,
    sector: u32,
    bytes: &'a [u8],
}

/// The image of a volume with these files in its root. Names are of small letters, digits and hyphens, each unlike
/// the others in its first eight; there are at most a dozen.
pub fn volume(files: &[(&str, &[u8])]) -> Image {
    let mut sector = FILES;
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for &(name, bytes) in files {
        entries.push(Entry { name, sector, bytes });
        sector += sectors(bytes.len());
    }
    // ISO 9660 wants its names in order.
    entries.sort_by_key(|entry| plain_name(entry.name));
    let total = sector;
    let mut image = Zeroizing::new(vec![0; SECTOR * total as usize]);
    let mut put = |sector: u32, bytes: &[u8]| {
        let at = SECTOR * sector as usize;
        image[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(16, &descriptor(1, total, ROOT, PATHS));
    put(17, &descriptor(2, total, JOLIET_ROOT, PATHS + 2));
    put(18, b"\xffCD001\x01");
    for (tree, root) in [(0, ROOT), (2, JOLIET_ROOT)] {
        put(PATHS + tree, &path_table(root.to_le_bytes(), 1_u16.to_le_bytes()));
        put(PATHS + tree + 1, &path_table(root.to_be_bytes(), 1_u16.to_be_bytes()));
    }
    put(ROOT, &rock_ridge(&entries));
    put(JOLIET_ROOT, &joliet(&entries));
    for entry in &entries {
        put(entry.sector, entry.bytes);
    }
    image
}

fn sectors(bytes: usize) -> u32 {
    // Even an empty file has a place of its own.
    u32::try_from(bytes.div_ceil(SECTOR).max(1)).unwrap_or(u32::MAX)
}

/// Both byte orders, one after the other.
fn both32(value: u32) -> [u8; 8] {
    let mut both = [0; 8];
    both[..4].copy_from_slice(&value.to_le_bytes());
    both[4..].copy_from_slice(&value.to_be_bytes());
    both
}

fn both16(value: u16) -> [u8; 4] {
    let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
    [little[0], little[1], big[0], big[1]]
}

/// Two bytes a letter, the higher one first.
fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A volume descriptor: 1 is the primary one, 2 the one of Joliet.
fn descriptor(kind: u8, total: u32, root: u32, paths: u32) -> [u8; SECTOR] {
    let joliet = kind == 2;
    let mut sector = [0; SECTOR];
    let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
    let label = if joliet { ucs2(LABEL) } else { LABEL.as_bytes().to_vec() };
    // Texts are filled up with spaces.
    let spaces = |length: usize| {
        if joliet { ucs2(&" ".repeat(length / 2)) } else { vec![b' '; length] }
    };
    put(0, &[kind]);
    put(1, b"CD001\x01");
    put(8, &spaces(32));
    put(40, &spaces(32));
    put(40, &label);
    put(80, &both32(total));
    if joliet {
        put(88, b"%/E");
    }
    put(120, &both16(1));
    put(124, &both16(1));
    put(128, &both16(SECTOR as u16));
    put(132, &both32(path_table([0; 4], [0; 2]).len() as u32));
    put(140, &paths.to_le_bytes());
    put(148, &(paths + 1).to_be_bytes());
    put(156, &record(b"\0", root, SECTOR as u32, true, &[]));
    // Set, publisher, preparer and application; copyright, abstract and bibliography: none.
    put(190, &spaces(128 * 4));
    put(702, &spaces(36));
    put(739, &spaces(36));
    put(776, &spaces(36));
    // No date: sixteen zeros as digits and one as a byte, four times.
    for date in 0..4 {
        put(813 + 17 * date, b"0000000000000000\0");
    }
    put(881, &[1]);
    sector
}

/// The one folder there is, its own parent.
fn path_table(root: [u8; 4], parent: [u8; 2]) -> [u8; 10] {
    let mut table = [0; 10];
    table[0] = 1;
    table[2..6].copy_from_slice(&root);
    table[6..8].copy_from_slice(&parent);
    table
}

/// A directory record, with what Rock Ridge has to say about it.
fn record(name: &[u8], sector: u32, size: u32, folder: bool, more: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 33];
    record[2..10].copy_from_slice(&both32(sector));
    record[10..18].copy_from_slice(&both32(size));
    // The first of January 2000: some readers take zeros for a mistake.
    record[18..25].copy_from_slice(&[100, 1, 1, 0, 0, 0, 0]);
    record[25] = if folder { 2 } else { 0 };
    record[28..32].copy_from_slice(&both16(1));
    record[32] = name.len() as u8;
    record.extend(name);
    if record.len() % 2 == 1 {
        record.push(0);
    }
    record.extend(more);
    if record.len() % 2 == 1 {
        record.push(0);
    }
    record[0] = record.len() as u8;
    record
}

/// `user-data` as ISO 9660 would have it: `USER_DAT.;1`.
fn plain_name(name: &str) -> Vec<u8> {
    let letters = name.bytes().take(8);
    let letters = letters.map(|b| if b == b'-' { b'_' } else { b.to_ascii_uppercase() });
    letters.chain(*b".;1").collect()
}

/// The root as ISO 9660 and Rock Ridge have it.
fn rock_ridge(entries: &[Entry<'_>]) -> Vec<u8> {
    let (folder, file) = (0o40_555, 0o100_444);
    let mut root = Vec::new();
    let mut first = b"SP\x07\x01\xbe\xef\0".to_vec();
    first.extend(posix(folder, 2));
    // That Rock Ridge is spoken, without the sentences about it.
    first.extend(b"ER\x12\x01\x0a\0\0\x01RRIP_1991A");
    root.extend(record(b"\0", ROOT, SECTOR as u32, true, &first));
    root.extend(record(b"\x01", ROOT, SECTOR as u32, true, &posix(folder, 2)));
    for entry in entries {
        let mut more = posix(file, 1);
        more.extend(b"NM");
        more.extend([5 + entry.name.len() as u8, 1, 0]);
        more.extend(entry.name.as_bytes());
        let name = plain_name(entry.name);
        root.extend(record(&name, entry.sector, entry.bytes.len() as u32, false, &more));
    }
    root
}

/// Mode, links, and root as user and group.
fn posix(mode: u32, links: u32) -> Vec<u8> {
    let mut more = b"PX\x24\x01".to_vec();
    for value in [mode, links, 0, 0] {
        more.extend(both32(value));
    }
    more
}

/// The root as Joliet has it.
fn joliet(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut root = Vec::new();
    for name in [b"\0", b"\x01"] {
        root.extend(record(name, JOLIET_ROOT, SECTOR as u32, true, &[]));
    }
    let mut entries: Vec<&Entry<'_>> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.name);
    for entry in entries {
        let size = entry.bytes.len() as u32;
        root.extend(record(&ucs2(entry.name), entry.sector, size, false, &[]));
    }
    root
}
