//! `tributary attribute`: whose words a text is made of, from the files of a folder and without a chain, with the chain's integers.

mod corpus;
mod json;
mod paper;
mod progress;
mod report;
mod shares;

use crate::{
    error::Error,
    files::{self, Unfit},
    passages::printable,
    shutdown::Shutdown,
    terminal::complain,
};
use alloy_primitives::U256;
use clap::{ArgGroup, Args, ValueEnum};
use corpus::Corpus;
use progress::Progress;
use std::{
    fs,
    io::{self, IsTerminal},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use tributary_attribution::text::{MAX_TEXT_BYTES, TextIndex, Unmetered, evidence, novelty, trace};

const EXAMPLES: &str = "\
Examples:
  tributary attribute ./texts --answer answer.md
                                   who wrote the words of an answer, passage by passage
  model 'How do rivers bend?' | tributary attribute ./texts --answer - --pool 5000000
                                   of an answer from a pipe; 5,000,000 of anything are shared out
  tributary attribute ./texts --check new.md
                                   how much of a text is somebody's already, before it is contributed
  tributary attribute ./texts --answer answer.md --author-by folder --order modified
                                   ./texts/ALICE/… is Alice's, and older files were first
  tributary attribute ./texts --answer answer.md --json | jq .authors
                                   for scripts";

const DETAILS: &str = "\
What is read: all files below DIR that are UTF-8, in the order of --order; who comes first is the first author of what others repeat. Hidden files and
folders are left out, and so is the text that is asked about when it lies in DIR. Links to files are read, links to folders are not followed. A file
longer than 128 KiB, the longest document of the chain, is taken in as several documents, cut at a blank line (or else a line's end, a space) in the
second half of what fits. What cannot be read is named on stderr.

JSON (--json): one object; every weight is an integer in 1/256 bits as the rules count it, every offset in bytes of the file as it is on disk.
  format 1, files, rows, tokens, bytes (of the set), version, skipped [{path, why}]
  documents [{row, path, offset, bytes, author}]: the rows that are named below; a row is one document, `offset` is where it begins in its file
  with --answer: explained, withheld, total; pool, authors [{author, weight, share}], nobody {weight, share} (shares are decimal strings);
    credits [{row, origin, weight}]; evidence [{row, origin, answerStart, answerEnd, rowStart, rowEnd, originStart, originEnd, weight, withheld}]
  with --check: inherited, closed, own, total; authors [{author, weight}]; inheritedFrom [{row, weight}]";

/// Most text that is taken in, in MiB: its index takes some twenty times as much memory.
const MOST_MIB: usize = 512;

/// Flags of `tributary attribute`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
#[command(group(ArgGroup::new("asked").required(true).args(["answer", "check"])))]
pub(crate) struct AttributeArguments {
    /// Folder of the texts.
    dir: PathBuf,
    /// Text whose words are traced to the files; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// Text that is compared as if it were the next to be contributed: what it would inherit, what would be closed, what is its own; `-` reads it from
    /// stdin.
    #[arg(long, value_name = "DOCUMENT")]
    check: Option<PathBuf>,
    /// Who came first: files by path, or by the time of their last change.
    #[arg(long, value_enum, default_value_t = Order::Path)]
    order: Order,
    /// Who is paid: each file, or each folder in DIR for all that is below it (files in DIR itself stay their own authors).
    #[arg(long, value_enum, default_value_t = AuthorBy::File)]
    author_by: AuthorBy,
    /// What is shared out, to the last unit: 10000 makes basis points.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_pool)]
    pool: U256,
    /// Authors that are told, those with most; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Passages that are told of each author, those that weigh most; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 3)]
    passages: usize,
    /// Everything, in JSON.
    #[arg(long)]
    json: bool,
}

/// In which order files are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// By path.
    Path,
    /// By the time of the last change, then by path.
    Modified,
}

/// Who is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuthorBy {
    /// Each file by itself.
    File,
    /// The first folder below DIR.
    Folder,
}

fn parse_pool(text: &str) -> Result<U256, String> {
    text.parse().map_err(|_| "not a whole number of at most 256 bits".to_owned())
}

/// The text that is asked about.
#[derive(Debug)]
struct Asked {
    /// As it was named.
    name: String,
    text: String,
    /// Device and number of its file, which is left out of the folder's.
    file: Option<(u64, u64)>,
}

/// Reads, traces and tells; ends when somebody asks to stop.
pub(crate) async fn run(arguments: AttributeArguments) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    let progress = Progress::new();
    let own = progress.clone();
    let work = tokio::task::spawn_blocking(move || attribute(&arguments, &own));
    tokio::select! {
        done = work => done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())),
        () = shutdown.requested() => {
            progress.stop();
            Err(Error::Interrupted)
        }
    }
}

fn attribute(arguments: &AttributeArguments, progress: &Progress) -> Result<(), Error> {
    let path = arguments.answer.as_ref().or(arguments.check.as_ref()).expect("invariant: the group of both is required");
    let asked = read(path, arguments.answer.is_some())?;
    let corpus = Corpus::read(arguments, asked.file, progress)?;
    for line in corpus.warnings() {
        complain(&line);
    }
    if corpus.files.is_empty() {
        return Err(Error::NoTexts { dir: arguments.dir.clone(), most: "64 MiB" });
    }
    let told = if arguments.answer.is_some() {
        let version = corpus.index.version()?;
        let trace = trace(&corpus.index, version, &asked.text, &mut Unmetered)?;
        let evidence = evidence(&corpus.index, version, &asked.text, 0, &mut Unmetered)?;
        let found = shares::Shared::new(&corpus, trace, evidence, arguments.pool);
        if arguments.json { json::of_answer(&corpus, &found) } else { report::of_answer(arguments, &corpus, &asked, &found) }
    } else {
        let found = shares::Checked::new(&corpus, check(&corpus, &asked.text)?);
        if arguments.json { json::of_check(&corpus, &found) } else { report::of_check(arguments, &corpus, &asked, &found) }
    };
    write(&told)
}

/// What the chain would find in each document that the text makes.
fn check(corpus: &Corpus, text: &str) -> Result<Vec<tributary_attribution::text::Novelty>, Error> {
    let version = corpus.index.version()?;
    corpus::documents(text).map(|document| Ok(novelty(&corpus.index, version, document, &mut Unmetered)?)).collect()
}

/// The text at a path, or of stdin. An answer may be empty.
fn read(path: &Path, is_answer: bool) -> Result<Asked, Error> {
    let stdin = path == Path::new("-");
    if stdin && io::stdin().is_terminal() {
        complain("reading from the terminal; Ctrl-D ends the text");
    }
    let name = if stdin { "standard input".to_owned() } else { printable(&path.to_string_lossy()) };
    let text = if stdin {
        files::text_of(io::stdin(), MAX_TEXT_BYTES)
    } else {
        fs::metadata(path)
            .and_then(|found| if found.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { fs::File::open(path) })
            .map_or_else(|error| Err(Unfit::Unreadable(error)), |file| files::text_of(file, MAX_TEXT_BYTES))
    };
    let text = match text {
        Ok(text) => text,
        Err(Unfit::Empty) if is_answer => String::new(),
        Err(Unfit::Unreadable(source)) => return Err(Error::File { path: path.to_owned(), source }),
        Err(why) => return Err(Error::NoText { what: name, why }),
    };
    let file = if stdin { None } else { fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| (found.dev(), found.ino())) };
    Ok(Asked { name, text, file })
}

/// Writes the result. A reader that has seen enough is no error.
fn write(told: &str) -> Result<(), Error> {
    use io::Write;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(told.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Write(error)),
        _ => Ok(()),
    }
}
