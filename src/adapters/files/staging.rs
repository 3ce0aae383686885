//! What uploads write to before they are finished, in a folder: beside the content, with `#` and a number behind.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files of uploads that are not finished, and when each was last written to.
///
/// # Errors
/// When the folder cannot be read.
pub fn staged(folder: &Path) -> io::Result<Vec<(PathBuf, SystemTime)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_staged) {
                match entry.metadata() {
                    Ok(metadata) => found.push((entry.path(), metadata.modified()?)),
                    // It was finished this moment.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(found)
}

/// The key of the content that such a file, of this folder, would have become.
pub fn key_of(folder: &Path, staged: &Path) -> Option<String> {
    let name = staged.strip_prefix(folder).ok()?.to_str()?;
    Some(name.rsplit_once('#')?.0.to_owned())
}

/// What an upload to `place` may be written to, in the order in which object_store tries them.
pub(super) fn of(place: &Path) -> impl Iterator<Item = PathBuf> {
    (1..).map(|number: u32| {
        let mut name = place.as_os_str().to_owned();
        name.push(format!("#{number}"));
        name.into()
    })
}

pub(super) fn is_staged(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_files_are_known_by_their_names() {
        assert!(is_staged("01A-ab.csv#1") && is_staged("x#12"));
        assert!(!is_staged("01A-ab.csv") && !is_staged("x#") && !is_staged("x#1a"));
    }
}
