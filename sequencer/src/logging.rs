//! Log lines on stderr, above the live line.

use crate::{error::Error, terminal::LiveLine};
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Installs the process's log. Without a filter it says what happens when nobody sees the live line, and only what goes wrong otherwise.
pub(crate) fn install(filter: Option<&str>, line: &LiveLine) -> Result<(), Error> {
    let default = if line.is_visible() { "warn" } else { "info" };
    let text = filter.unwrap_or(default);
    let filter = EnvFilter::try_new(text).map_err(|error| Error::LogFilter { filter: text.to_owned(), reason: error.to_string() })?;
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(io::stderr().is_terminal()).with_writer(Above(line.clone())).init();
    Ok(())
}

/// Writes to stderr without tearing the live line.
#[derive(Debug)]
struct Above(LiveLine);

impl<'a> MakeWriter<'a> for Above {
    type Writer = AboveWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        AboveWriter(&self.0)
    }
}

#[derive(Debug)]
struct AboveWriter<'a>(&'a LiveLine);

impl Write for AboveWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.above(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
