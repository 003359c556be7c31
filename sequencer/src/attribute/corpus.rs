//! The texts of a folder as a set: files in the order of their authorship, each one document of the set or several.

use super::{
    AttributeArguments, AuthorBy, MOST_MIB, Order,
    progress::{Done, Progress},
};
use crate::{
    error::Error,
    files::{self, Depth, MAX_DOCUMENT_BYTES, Unfit},
    passages::printable,
};
use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};
use tributary_attribution::text::{MAX_TEXT_BYTES, MemoryIndex, TextIndex, Unmetered};

/// Most names in a warning.
const NAMED: usize = 3;

/// The set, and where its rows come from.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    pub(crate) index: MemoryIndex,
    /// Paths below the folder.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) bytes: u64,
    /// By row.
    pub(crate) parts: Vec<Part>,
    /// Names, by the numbers of contributors.
    pub(crate) authors: Vec<String>,
    pub(crate) skipped: Vec<(PathBuf, Unfit)>,
    /// The text that is asked about was found and left out.
    pub(crate) left_out: Option<PathBuf>,
    /// Numbers of contributors. Looked up, never iterated.
    numbers: HashMap<OsString, u32>,
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Position of its file.
    pub(crate) file: usize,
    /// Where it begins in the file, in bytes and in lines from 1.
    pub(crate) offset: usize,
    pub(crate) line: usize,
    pub(crate) author: u32,
}

/// A file that is about to be taken in.
struct Candidate {
    path: PathBuf,
    changed: SystemTime,
    bytes: u64,
}

impl Corpus {
    /// Reads the folder, without the file that is `asked` about.
    pub(crate) fn read(arguments: &AttributeArguments, asked: Option<(u64, u64)>, progress: &Progress) -> Result<Self, Error> {
        let dir = &arguments.dir;
        let listing = files::list(dir, Depth::All)?;
        let mut corpus = Self { skipped: listing.unfit, ..Self::default() };
        let mut found = corpus.candidates(listing.files, asked);
        if arguments.order == Order::Modified {
            found.sort_by(|a, b| a.changed.cmp(&b.changed).then_with(|| a.path.cmp(&b.path)));
        }
        let mut done = Done { files: 0, of_files: found.len(), bytes: 0, of_bytes: found.iter().map(|file| file.bytes).sum() };
        let mut told = Instant::now();
        for file in found {
            match files::read_text(&file.path, MAX_TEXT_BYTES) {
                Ok(text) => corpus.append(arguments, &file.path, &text, &mut |taken| {
                    progress.tell(&mut told, Done { bytes: done.bytes + taken, ..done });
                    if progress.is_stopped() { Err(Error::Interrupted) } else { Ok(()) }
                })?,
                Err(why) => corpus.skipped.push((file.path, why)),
            }
            done.files += 1;
            done.bytes += file.bytes;
        }
        progress.clear();
        corpus.skipped = corpus.skipped.into_iter().map(|(path, why)| (below(dir, &path), why)).collect();
        corpus.skipped.sort_by(|a, b| a.0.cmp(&b.0));
        corpus.left_out = corpus.left_out.map(|path| below(dir, &path));
        Ok(corpus)
    }

    /// Sizes and times of the files, but for those that are too long or the one that is asked about.
    fn candidates(&mut self, paths: Vec<PathBuf>, asked: Option<(u64, u64)>) -> Vec<Candidate> {
        let mut found = Vec::new();
        for path in paths {
            let known = fs::metadata(&path).and_then(|known| Ok((known.modified()?, known)));
            match known {
                Err(error) => self.skipped.push((path, Unfit::Unreadable(error))),
                Ok((_, known)) if asked == Some((known.dev(), known.ino())) => self.left_out = Some(path),
                Ok((_, known)) if known.len() > MAX_TEXT_BYTES as u64 => self.skipped.push((path, Unfit::TooLong)),
                Ok((changed, known)) => found.push(Candidate { path, changed, bytes: known.len() }),
            }
        }
        found
    }

    fn append(
        &mut self,
        arguments: &AttributeArguments,
        path: &Path,
        text: &str,
        go_on: &mut impl FnMut(u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.bytes += text.len() as u64;
        if self.bytes > (MOST_MIB << 20) as u64 {
            return Err(Error::TooMuchText { dir: arguments.dir.clone(), most: MOST_MIB });
        }
        let path = below(&arguments.dir, path);
        let author = *self.numbers.entry(author(&path, arguments.author_by)).or_insert_with_key(|name| {
            self.authors.push(name.to_string_lossy().into_owned());
            self.authors.len() as u32 - 1
        });
        let (mut offset, mut line) = (0, 1);
        for document in documents(text) {
            go_on(offset as u64)?;
            self.index.append(document, author, &mut Unmetered)?;
            self.parts.push(Part { file: self.files.len(), offset, line, author });
            offset += document.len();
            line += newlines(document);
        }
        self.files.push(path);
        Ok(())
    }

    /// The path of a row's file, as people see it.
    pub(crate) fn path(&self, row: u64) -> String {
        printable(&self.files[self.parts[row as usize].file].to_string_lossy())
    }

    /// The author of a row.
    pub(crate) fn author(&self, row: u64) -> u32 {
        self.parts[row as usize].author
    }

    /// The lines of a row's file that a range of the row is on.
    pub(crate) fn lines(&self, row: u64, start: u32, end: u32) -> Result<(usize, usize), Error> {
        let document = self.index.document(row)?;
        let first = self.parts[row as usize].line;
        let (from, to) = lines(&document, start, end);
        Ok((first - 1 + from, first - 1 + to))
    }

    /// What was not taken in, one line for each reason.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut by_reason = BTreeMap::<String, Vec<String>>::new();
        for (path, why) in &self.skipped {
            by_reason.entry(why.to_string()).or_default().push(printable(&path.to_string_lossy()));
        }
        let line = |(why, paths): (String, Vec<String>)| {
            let named = paths.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if paths.len() > NAMED { format!(" and {} more", paths.len() - NAMED) } else { String::new() };
            format!("left out, {why}: {named}{more}")
        };
        let mut warnings: Vec<String> = by_reason.into_iter().map(line).collect();
        warnings.extend(self.left_out.iter().map(|path| format!("left out, asked about: {}", printable(&path.to_string_lossy()))));
        warnings
    }
}

/// The lines of a text, from 1, that a range of it is on.
pub(crate) fn lines(text: &str, start: u32, end: u32) -> (usize, usize) {
    let first = 1 + newlines(text.get(..start as usize).unwrap_or_default());
    (first, first + newlines(text.get(start as usize..end as usize).unwrap_or_default()))
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

fn below(dir: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(dir).unwrap_or(path).to_owned()
}

/// Whose file it is: its path, or the folder that it is below, with a slash at the end.
fn author(path: &Path, by: AuthorBy) -> OsString {
    let mut components = path.iter();
    match (by, components.next(), components.next()) {
        (AuthorBy::Folder, Some(folder), Some(_)) => [folder, OsStr::new("/")].into_iter().collect(),
        _ => path.into(),
    }
}

/// The documents that a text makes: none longer than the attribution store takes.
pub(crate) fn documents(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let document;
        (document, text) = text.split_at(cut(text));
        (!document.is_empty()).then_some(document)
    })
}

/// Where the first document of a text ends: behind the last blank line of what fits, when that is in its second half; or else behind the last line's
/// end there, or white space.
fn cut(text: &str) -> usize {
    if text.len() <= MAX_DOCUMENT_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(MAX_DOCUMENT_BYTES);
    let middle = text.floor_char_boundary(end / 2);
    let half = &text[middle..end];
    let behind = |pattern: &str| half.rfind(pattern).map(|at| at + pattern.len());
    let paragraph = behind("\n\n").max(behind("\n\r\n"));
    let space = || half.char_indices().rfind(|(_, symbol)| symbol.is_whitespace()).map(|(at, symbol)| at + symbol.len_utf8());
    paragraph.or_else(|| behind("\n")).or_else(space).map_or(end, |at| middle + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        assert_eq!(documents(text).collect::<String>(), text);
        documents(text).map(str::len).collect()
    }

    #[test]
    fn a_text_is_cut_at_the_best_place_in_the_second_half_of_what_fits() {
        let most = MAX_DOCUMENT_BYTES;
        assert_eq!(lengths(""), [0; 0]);
        assert_eq!(lengths(&"a".repeat(most)), [most]);
        assert_eq!(lengths(&"a".repeat(most + 1)), [most, 1]);
        let paragraphs = format!("{}\n\n{}\n{}", "a".repeat(most - 100), "b ".repeat(20), "c".repeat(most));
        assert_eq!(lengths(&paragraphs), [most - 98, most, 41]);
        let lines = format!("{}\r\n\r\n{} {}", "a".repeat(most - 100), "b\n".repeat(20), "c".repeat(200));
        assert_eq!(lengths(&lines), [most - 96, 241]);
        // A blank line near the beginning is not taken.
        let early = format!("a\n\n{} {}", "b".repeat(most - 50), "c".repeat(100));
        assert_eq!(lengths(&early), [most - 46, 100]);
        // Between characters.
        assert_eq!(lengths(&"火".repeat(most)), [most - 2, most - 2, most - 2, 6]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(lines("a\nb\nc", 0, 1), (1, 1));
        assert_eq!(lines("a\nb\nc", 2, 5), (2, 3));
    }

    #[test]
    fn a_file_is_its_own_author_or_its_first_folders() {
        let by = |path: &str, by| author(Path::new(path), by);
        assert_eq!(by("alice/deep/a.txt", AuthorBy::File), "alice/deep/a.txt");
        assert_eq!(by("alice/deep/a.txt", AuthorBy::Folder), "alice/");
        assert_eq!(by("a.txt", AuthorBy::Folder), "a.txt");
    }
}
