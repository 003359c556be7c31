use std::{io, path::PathBuf, process::ExitStatus};

/// Why a chore failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A program could not be started; it is probably not installed.
    #[error("cannot run {program}: {source}")]
    Start { program: String, source: io::Error },
    /// A program ran and failed; it has said why on the terminal.
    #[error("{program} failed: {status}")]
    Failed { program: String, status: ExitStatus },
    /// npm installed nothing.
    #[error("npm ci failed:\n{output}")]
    Npm { output: String },
    /// pip installed nothing.
    #[error("pip install failed:\n{output}")]
    Pip { output: String },
    /// A file is not the JSON that it should be.
    #[error("{}: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    /// A JSON file lacks a field, or has one of another shape.
    #[error("{}: no usable {field}", path.display())]
    Field { path: PathBuf, field: String },
    /// A program ran, and its output is not what it should be.
    #[error("{program} has not told {lacks}")]
    Output { program: &'static str, lacks: String },
    /// Slither finds what is not answered.
    #[error("no page of contracts/slither answers:\n{}", .0.join("\n"))]
    Findings(Vec<String>),
    /// The contracts' tests reach too little of the sources.
    #[error("{table}of lines and of branches the tests must reach {least} %")]
    Coverage { table: String, least: usize },
    /// Committed artifacts differ from what the sources give.
    #[error("out of date, run `cargo xtask contracts`: {}", .0.join(", "))]
    OutOfDate(Vec<String>),
}
