//! Text files of a folder, as the attribution store would take them.

use crate::error::Error;
use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Longest document that the attribution store takes.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 128 << 10;

/// Longest document that is handed in: nodes take no transaction above 128 KiB, and more is in it than the document.
pub(crate) const MAX_SENT_BYTES: usize = 120 << 10;

/// Why a file of a folder is not read as a text.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// Nothing but white space.
    Empty,
    /// Longer than what was asked for.
    TooLong,
    /// It holds a zero byte.
    Binary,
    /// It is in another encoding.
    NotUtf8,
    /// The system gives an error.
    Unreadable(io::Error),
    /// A link to a folder, which may lead back to where it is.
    LinkedFolder,
    /// A link to a file, where what it leads to is not to be read.
    Link,
    /// A pipe, a socket, a device.
    NoFile,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::TooLong => f.write_str("too long"),
            Self::Binary => f.write_str("binary"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Unreadable(error) => write!(f, "unreadable ({error})"),
            Self::LinkedFolder => f.write_str("a link to a folder"),
            Self::Link => f.write_str("a link to a file"),
            Self::NoFile => f.write_str("not a file"),
        }
    }
}

/// How far down files are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// In the folder itself.
    One,
    /// In all folders below it, too.
    All,
}

/// What a folder holds, in the order of paths. Hidden files and folders are left out.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files, and links to files.
    pub(crate) files: Vec<PathBuf>,
    /// What cannot be looked into.
    pub(crate) unfit: Vec<(PathBuf, Unfit)>,
}

/// Lists a folder. Only the folder itself must be readable.
pub(crate) fn list(dir: &Path, depth: Depth) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    let mut waiting = Vec::new();
    let unread = |source| Error::File { path: dir.to_owned(), source };
    scan(dir, depth, &mut listing, &mut waiting).map_err(unread)?;
    while let Some(folder) = waiting.pop() {
        if let Err(error) = scan(&folder, depth, &mut listing, &mut waiting) {
            listing.unfit.push((folder, Unfit::Unreadable(error)));
        }
    }
    listing.files.sort();
    listing.unfit.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(listing)
}

fn scan(folder: &Path, depth: Depth, listing: &mut Listing, waiting: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let linked = entry.file_type()?.is_symlink();
        match fs::metadata(&path) {
            Err(error) => listing.unfit.push((path, Unfit::Unreadable(error))),
            Ok(found) if found.is_file() => listing.files.push(path),
            Ok(found) if !found.is_dir() => listing.unfit.push((path, Unfit::NoFile)),
            Ok(_) if depth == Depth::One => {}
            Ok(_) if linked => listing.unfit.push((path, Unfit::LinkedFolder)),
            Ok(_) => waiting.push(path),
        }
    }
    Ok(())
}

/// A file of at most `most` bytes as a text, unless the attribution store would refuse it or nobody can read it.
pub(crate) fn read_text(path: &Path, most: usize) -> Result<String, Unfit> {
    let file = fs::File::open(path).map_err(Unfit::Unreadable)?;
    if file.metadata().is_ok_and(|found| found.len() > most as u64) {
        return Err(Unfit::TooLong);
    }
    text_of(file, most)
}

/// What is read from `source`, to its end.
pub(crate) fn text_of(source: impl Read, most: usize) -> Result<String, Unfit> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes).map_err(Unfit::Unreadable)?;
    if bytes.len() > most {
        return Err(Unfit::TooLong);
    }
    if bytes.contains(&0) {
        return Err(Unfit::Binary);
    }
    let text = String::from_utf8(bytes).map_err(|_| Unfit::NotUtf8)?;
    if text.trim().is_empty() { Err(Unfit::Empty) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_is_listed_by_path_and_links_that_lead_back_end() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("b/deep/er")).unwrap();
        fs::create_dir(at(".git")).unwrap();
        for name in ["b/deep/er/2.txt", "b.txt", "a", ".git/config", ".hidden"] {
            fs::write(at(name), "text").unwrap();
        }
        symlink("..", at("b/deep/loop")).unwrap();
        symlink("itself", at("itself")).unwrap();
        symlink("a", at("c")).unwrap();
        let listing = list(dir.path(), Depth::All).unwrap();
        assert_eq!(listing.files, ["a", "b/deep/er/2.txt", "b.txt", "c"].map(at));
        let unfit: Vec<_> = listing.unfit.iter().map(|(path, why)| (path.clone(), matches!(why, Unfit::LinkedFolder))).collect();
        assert_eq!(unfit, [(at("b/deep/loop"), true), (at("itself"), false)]);
        assert_eq!(list(dir.path(), Depth::One).unwrap().files, ["a", "b.txt", "c"].map(at));
        assert!(matches!(list(&at("a"), Depth::All), Err(Error::File { .. })));
    }

    #[test]
    fn what_is_no_text_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_text(&path, 8)
        };
        assert_eq!(read(b"12345678").unwrap(), "12345678");
        assert!(matches!(read(b"123456789"), Err(Unfit::TooLong)));
        assert!(matches!(read(b""), Err(Unfit::Empty)));
        assert!(matches!(read(b" \n"), Err(Unfit::Empty)));
        assert!(matches!(read(b"a\0"), Err(Unfit::Binary)));
        assert!(matches!(read(b"caf\xe9"), Err(Unfit::NotUtf8)));
        assert!(matches!(read_text(&dir.path().join("nowhere"), 8), Err(Unfit::Unreadable(_))));
        // Far longer than memory: it is not read.
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read_text(&path, 8), Err(Unfit::TooLong)));
    }
}
