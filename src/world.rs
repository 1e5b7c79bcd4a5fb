//! Everything outside: the only door to files, the clock and the environment.

mod witness;

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

pub use witness::{Question, Testimony, Witness};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A file, or a link to one.
    File,
    /// A folder, or a link to one.
    Folder,
    /// Nothing.
    Nothing,
}

/// The outside as the core sees it. The core has no other way out; tests put [`Memory`] in its place.
pub trait World: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// What the system says: not found, no permission, a folder.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;

    /// All files below a folder, sorted, as paths that begin with the folder.
    ///
    /// # Errors
    /// What the system says.
    fn walk(&self, folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>>;

    /// What stands at a path.
    fn standing(&self, path: &Utf8Path) -> Standing;

    /// Today as year, month, day; only waivers with an expiry need it.
    fn today(&self) -> String;
}

/// The machine's own disk and clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        fs_err::read(path)
    }

    fn walk(&self, folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        let mut found = Vec::new();
        for entry in walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(io::Error::other)?;
            if entry.file_type().is_file() {
                let path = Utf8PathBuf::from_path_buf(entry.into_path()).map_err(|path| {
                    io::Error::other(format!("the name {} is not UTF-8", path.display()))
                })?;
                found.push(path);
            }
        }
        Ok(found)
    }

    fn standing(&self, path: &Utf8Path) -> Standing {
        match fs_err::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Standing::Folder,
            Ok(_) => Standing::File,
            Err(_) => Standing::Nothing,
        }
    }

    fn today(&self) -> String {
        let now = std::time::SystemTime::now();
        let seconds = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        date_of_day((seconds / 86_400) as i64)
    }
}

/// The date of a day counted from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
pub fn date_of_day(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A world of texts in memory, with a day of its own.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: std::collections::BTreeMap<Utf8PathBuf, Vec<u8>>,
    today: String,
}

impl Memory {
    /// An empty world in which it is `today`.
    pub fn new(today: impl Into<String>) -> Self {
        Self { files: Default::default(), today: today.into() }
    }

    /// Puts a file into the world.
    #[must_use]
    pub fn with(mut self, path: impl Into<Utf8PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), bytes.into());
        self
    }
}

impl World for Memory {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn walk(&self, folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
        Ok(self.files.keys().filter(|path| path.starts_with(folder)).cloned().collect())
    }

    fn standing(&self, path: &Utf8Path) -> Standing {
        if self.files.contains_key(path) {
            Standing::File
        } else if self.files.keys().any(|file| file.starts_with(path)) {
            Standing::Folder
        } else {
            Standing::Nothing
        }
    }

    fn today(&self) -> String {
        self.today.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date_of_day(0), "1970-01-01");
        assert_eq!(date_of_day(19_782), "2024-02-29");
        assert_eq!(date_of_day(20_781), "2026-11-24");
    }
}
