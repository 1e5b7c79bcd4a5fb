//! A packaged chart: a tar file in gzip, as `helm package` writes it.

use libdeflater::Decompressor;

/// The most that a package may unpack to; the largest of the charts in the catalogue has 5 MiB.
const MOST: usize = 256 << 20;

/// One block of a tar file.
const BLOCK: usize = 512;

/// Why an archive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unpackable(pub &'static str);

/// The regular files of a `.tgz` by their paths in it.
///
/// # Errors
/// Says what is wrong with the archive.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Unpackable> {
    // gzip ends with the length of what it holds (RFC 1952), but for multiples of 4 GiB.
    let length = bytes.last_chunk::<4>().map_or(0, |end| u32::from_le_bytes(*end) as usize);
    if length > MOST {
        return Err(Unpackable("it would unpack to more than 256 MiB"));
    }
    let mut tar = vec![0; length];
    Decompressor::new()
        .gzip_decompress(bytes, &mut tar)
        .map_err(|_| Unpackable("it is not one file in gzip"))?;
    files(&tar)
}

fn files(tar: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Unpackable> {
    let mut files = Vec::new();
    let mut rest = tar;
    let mut long_name = None;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|&byte| byte == 0) {
            break;
        }
        let size = octal(&header[124..136]).ok_or(Unpackable("a size in it is no number"))?;
        let padded = size.div_ceil(BLOCK) * BLOCK;
        let content = after.get(..size).ok_or(Unpackable("it ends in the middle of a file"))?;
        rest = after.get(padded..).unwrap_or_default();
        match header[156] {
            b'L' => long_name = Some(text(content)),
            b'x' => long_name = pax_path(content).or(long_name),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| name(header));
                files.push((name, content.to_vec()));
            }
            _ => long_name = None,
        }
    }
    Ok(files)
}

fn name(header: &[u8]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    let is_ustar = header[257..].starts_with(b"ustar");
    if prefix.is_empty() || !is_ustar { name } else { format!("{prefix}/{name}") }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = text(field);
    usize::from_str_radix(text.trim(), 8).ok()
}

/// The `path` of an extended header: lines of `<length> <key>=<value>`.
fn pax_path(content: &[u8]) -> Option<String> {
    text(content).lines().find_map(|line| {
        let (_, pair) = line.split_once(' ')?;
        pair.strip_prefix("path=").map(str::to_owned)
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A `.tgz` of these files.
    pub fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, content) in files {
            let mut header = [0_u8; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = b'0';
            tar.extend_from_slice(&header);
            tar.extend_from_slice(content.as_bytes());
            tar.resize(tar.len().next_multiple_of(BLOCK), 0);
        }
        tar.resize(tar.len() + 2 * BLOCK, 0);
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut bytes = vec![0; compressor.gzip_compress_bound(tar.len())];
        let length = compressor.gzip_compress(&tar, &mut bytes).expect("room enough");
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn files_come_out_as_they_went_in() {
        let files = [("x/Chart.yaml", "name: x\n"), ("x/empty", "")];
        let found = unpack(&packed(&files)).expect("an archive");
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, content)| (name.as_str(), std::str::from_utf8(content).expect("text")))
            .collect();
        assert_eq!(found, files);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        for bytes in [&b""[..], b"no gzip at all", &packed(&[("a", "b")])[..40]] {
            assert!(unpack(bytes).is_err());
        }
        assert!(files(&[b'x'; BLOCK]).is_err());
    }
}
