//! Text to measure with: what folders hold of documentation, as documents of at most 128 KiB, each once, in an order that mixes them.

use super::{Error, markup};
use alloy_primitives::{B256, keccak256};
use flate2::read::GzDecoder;
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// Most bytes of a document: what a row may have.
pub const LONGEST: usize = 128 << 10;
/// Fewest bytes: shorter ones are titles and redirections.
const SHORTEST: usize = 400;
/// Folders whose files are in another form beside them, or no text.
const SKIPPED: [&str; 3] = ["_sources", "_static", "_images"];

/// The documents in these folders, in the order of their hashes.
///
/// # Errors
/// When a folder or a file cannot be read.
pub fn collect(folders: &[PathBuf]) -> Result<Vec<String>, Error> {
    let mut documents = BTreeMap::new();
    folders.iter().try_for_each(|folder| add(folder, &|_| true, &mut documents))?;
    Ok(documents.into_values().collect())
}

/// As [`collect`], of one folder and those of its files that `wanted` chooses.
///
/// # Errors
/// As [`collect`].
pub fn collect_some(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<String>, Error> {
    let mut documents = BTreeMap::new();
    add(folder, wanted, &mut documents)?;
    Ok(documents.into_values().collect())
}

fn add(folder: &Path, wanted: &dyn Fn(&Path) -> bool, documents: &mut BTreeMap<B256, String>) -> Result<(), Error> {
    visit(folder, &mut |path| {
        let text = if wanted(path) { text_of(path)? } else { None };
        for document in text.iter().flat_map(|text| pieces(text)) {
            documents.entry(keccak256(document)).or_insert_with(|| document.to_owned());
        }
        Ok(())
    })
}

/// The documents that [`write`] wrote into a folder.
///
/// # Errors
/// When the folder is not there, or holds none.
pub fn read(folder: &Path) -> Result<Vec<String>, Error> {
    let missing = |what: &str| {
        let folder = folder.display();
        Error::Corpus(format!(
            "{what} in {folder}: `cargo xtask corpus` fetches packages of documentation with apt-get and collects them there, \
             `cargo xtask corpus --from FOLDER` collects what you have (for example /usr/share/doc and /usr/share/man)"
        ))
    };
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder).map_err(|_| missing("no folder"))?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    names.retain(|name| name.extension().is_some_and(|extension| extension == "txt"));
    names.sort();
    if names.is_empty() {
        return Err(missing("no text"));
    }
    names.iter().map(|name| Ok(fs::read_to_string(name)?)).collect()
}

/// Writes documents into a folder, each as a file, and drops those that were there.
///
/// # Errors
/// When that fails.
pub fn write(folder: &Path, documents: &[String]) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (at, document) in documents.iter().enumerate() {
        fs::write(folder.join(format!("{at:06}.txt")), document)?;
    }
    Ok(())
}

/// Every file below a folder, in the order of their names.
fn visit(folder: &Path, each: &mut impl FnMut(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // Links are not followed: what they name is elsewhere, or a second time.
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            visit(&entry.path(), each)?;
        } else if kind.is_file() {
            each(&entry.path())?;
        }
    }
    Ok(())
}

/// The text of a file of a kind that we read; nothing of others, and of those that are not UTF-8.
fn text_of(path: &Path) -> Result<Option<String>, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (name, packed) = name.strip_suffix(".gz").map_or((&*name, false), |name| (name, true));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let manual = extension.starts_with(|first: char| first.is_ascii_digit()) && path.components().any(|part| part.as_os_str() == "man");
    let kind = match extension {
        "txt" | "md" | "rst" | "pod" => markup::Kind::Plain,
        "html" | "htm" | "xhtml" | "page" => markup::Kind::Tags,
        "mo" => markup::Kind::Messages,
        _ if manual => markup::Kind::Manual,
        _ => return Ok(None),
    };
    let mut bytes = fs::read(path)?;
    if packed {
        let mut unpacked = Vec::new();
        if GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).is_err() {
            return Ok(None);
        }
        bytes = unpacked;
    }
    Ok(markup::text(kind, &bytes))
}

/// A text in parts of at most [`LONGEST`] bytes, cut at a line if there is one.
fn pieces(mut text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while text.len() >= SHORTEST {
        let most = text.floor_char_boundary(LONGEST);
        let end = if most == text.len() { most } else { text[..most].rfind('\n').map_or(most, |at| at + 1) };
        let (piece, rest) = text.split_at(end);
        if piece.len() >= SHORTEST {
            pieces.push(piece);
        }
        text = rest;
    }
    pieces
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn documents_are_collected_once_in_an_order_of_their_own_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let line = "words of a page that is long enough to be one, and goes on\n".repeat(20);
        fs::create_dir(folder.path().join("b")).unwrap();
        for (name, text) in
            [("a.txt", line.clone()), ("b/copy.md", line.clone()), ("c.html", format!("<p>other</p>{line}")), ("d.png", line.clone())]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let found = collect(&[folder.path().into()]).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&line) && found.iter().any(|text| text.starts_with("other")));
        write(&folder.path().join("out"), &found).unwrap();
        assert_eq!(read(&folder.path().join("out")).unwrap(), found);
        assert!(read(&folder.path().join("b")).unwrap_err().to_string().contains("cargo xtask corpus"));
    }

    #[test]
    fn a_long_text_is_cut_at_lines() {
        let text = "twelve bytes\n".repeat(20_000);
        let parts = pieces(&text);
        assert_eq!((parts.concat(), parts.len()), (text.clone(), 2));
        assert!(parts.iter().all(|part| part.len() <= LONGEST && part.ends_with('\n')));
    }
}
