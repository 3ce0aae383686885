//! The files of a viewer's list: how each is called there, and which one an address names.

use std::collections::{HashMap, HashSet};

use crate::core::releases::{ReleaseFile, Tally};
use crate::web::view::encode_segment;

/// A file with its name in the list, by which its address calls it too.
#[derive(Debug, Clone)]
pub struct Listed {
    /// With folders.
    pub path: String,
    pub file: ReleaseFile,
}

/// Files under the names that researchers gave them. Where two have one name, the backend stands in front.
pub fn by_name(files: Vec<ReleaseFile>) -> Vec<Listed> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for file in &files {
        *counts.entry(file.name.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = files
        .iter()
        .filter(|file| counts.get(&file.name) == Some(&1))
        .map(|file| file.name.clone())
        .collect();
    files
        .into_iter()
        .map(|file| {
            let path = if counts.get(&file.name) == Some(&1) {
                file.name.clone()
            } else {
                told_apart(&file, &taken)
            };
            taken.insert(path.clone());
            Listed { path, file }
        })
        .collect()
}

/// Files under their backend and name: the latest outputs may have one name from several backends.
pub fn by_backend_and_name(files: Vec<ReleaseFile>) -> Vec<Listed> {
    files
        .into_iter()
        .map(|file| Listed {
            path: format!("{}/{}", file.backend_slug, file.name),
            file,
        })
        .collect()
}

fn told_apart(file: &ReleaseFile, taken: &HashSet<String>) -> String {
    let (backend, name) = (&file.backend_slug, &file.name);
    let choices = [
        format!("{backend}/{name}"),
        format!("{backend}/{}/{name}", file.release_id),
        format!("{backend}/{}/{}/{name}", file.release_id, file.id),
    ];
    let [.., last] = &choices;
    choices
        .iter()
        .find(|choice| !taken.contains(*choice))
        .unwrap_or(last)
        .clone()
}

/// The file that an address names.
pub fn position(files: &[Listed], path: &str) -> Option<usize> {
    files
        .iter()
        .position(|listed| listed.path == path)
        .or_else(|| files.iter().position(|listed| listed.file.name == path))
}

/// The folders that all of them have in common, with a slash at the end; empty for fewer than two.
pub fn common_folders(files: &[Listed]) -> &str {
    let (Some(first), true) = (files.first(), files.len() > 1) else {
        return "";
    };
    let mut common = first.path.rfind('/').map_or(0, |end| end + 1);
    for listed in files {
        while !listed.path.starts_with(&first.path[..common]) {
            common = first.path[..common - 1].rfind('/').map_or(0, |end| end + 1);
        }
    }
    &first.path[..common]
}

/// A file's name with its folders as the end of an address.
pub fn encoded(path: &str) -> String {
    path.split('/').map(encode_segment).collect::<Vec<_>>().join("/")
}

/// How many there are, and what became of them.
pub fn tally(files: &[Listed]) -> Tally {
    Tally::of(files.iter().map(|listed| &listed.file))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use time::OffsetDateTime;

    pub fn file(backend: &str, name: &str) -> ReleaseFile {
        ReleaseFile {
            id: format!("id-{backend}-{}", name.len()),
            release_id: "release".to_owned(),
            name: name.to_owned(),
            path: "ab/key".to_owned(),
            filehash: String::new(),
            size: 1000,
            mtime: OffsetDateTime::UNIX_EPOCH,
            metadata: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            created_by: "ada".to_owned(),
            backend_slug: backend.to_owned(),
            backend_name: backend.to_uppercase(),
            uploaded_at: Some(OffsetDateTime::UNIX_EPOCH),
            deleted_at: None,
            deleted_by: None,
        }
    }

    pub fn listed(paths: &[&str]) -> Vec<Listed> {
        paths
            .iter()
            .map(|path| Listed {
                path: (*path).to_owned(),
                file: file("tpp", path),
            })
            .collect()
    }

    #[test]
    fn files_of_one_name_are_told_apart() {
        let files = vec![
            file("emis", "a.txt"),
            file("tpp", "a.txt"),
            file("tpp", "a.txt"),
            file("tpp", "b.txt"),
            file("tpp", "emis/a.txt"),
        ];
        let paths: Vec<String> = by_name(files).into_iter().map(|listed| listed.path).collect();
        assert_eq!(
            paths,
            [
                "emis/release/a.txt",
                "tpp/a.txt",
                "tpp/release/a.txt",
                "b.txt",
                "emis/a.txt"
            ]
        );
        let distinct: HashSet<&String> = paths.iter().collect();
        assert_eq!(distinct.len(), paths.len());
    }

    #[test]
    fn folders_in_common_are_whole_folders() {
        for (paths, common) in [
            (&["output/a.txt"][..], ""),
            (&["output/a.txt", "output/b.txt"], "output/"),
            (&["output/a/x", "output/ab/x"], "output/"),
            (&["out/a", "output/a"], ""),
            (&["a", "a/b"], ""),
            (&["é/ü/x", "é/ü/y", "é/z"], "é/"),
            (&[], ""),
        ] {
            assert_eq!(common_folders(&listed(paths)), common, "{paths:?}");
        }
    }

    #[test]
    fn an_address_names_a_file() {
        let files = by_backend_and_name(vec![file("emis", "a b.txt"), file("tpp", "a b.txt")]);
        assert_eq!(position(&files, "tpp/a b.txt"), Some(1));
        assert_eq!(position(&files, "a b.txt"), Some(0));
        assert_eq!(position(&files, "a b"), None);
        assert_eq!(encoded("a b/%?#.txt"), "a%20b/%25%3F%23.txt");
    }
}
