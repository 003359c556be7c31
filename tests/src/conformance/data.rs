//! Where the test data is.

use super::Suite;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{self, Command},
};

/// The shared test data: archives in `conformance/` of the folder `TRIBUTARY_SHARED`, or of the folder `shared` beside the repository,
/// unpacked once into the build folder (`TRIBUTARY_BUILD_DIR`, or `build` in the repository).
#[derive(Debug, Clone)]
pub struct Data {
    archives: PathBuf,
    unpacked: PathBuf,
}

impl Data {
    /// The data, `None` where there is no shared folder. That is said on the terminal even when it shows no output of tests: who reads «ok» should
    /// know that nothing was checked.
    ///
    /// # Panics
    /// When there is a shared folder without the archives, or `TRIBUTARY_SHARED` names none: whoever set it up wants it used.
    pub fn find() -> Option<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = |variable: &str, beside: &str| std::env::var_os(variable).map_or_else(|| repository.join(beside), PathBuf::from);
        let shared = folder("TRIBUTARY_SHARED", "../shared");
        if !shared.is_dir() && std::env::var_os("TRIBUTARY_SHARED").is_none() {
            let _ = writeln!(io::stderr(), "SKIPPED, nothing checked: no folder shared beside the repository, and no TRIBUTARY_SHARED");
            return None;
        }
        let archives = shared.join("conformance");
        assert!(archives.is_dir(), "{} is absent", archives.display());
        Some(Self { archives, unpacked: folder("TRIBUTARY_BUILD_DIR", "build").join("conformance") })
    }

    /// The folder with a suite's files.
    ///
    /// # Errors
    /// When the archive is missing or cannot be unpacked.
    pub fn folder(&self, suite: Suite) -> io::Result<PathBuf> {
        let (archive, folder) = match suite {
            Suite::State => ("GeneralStateTests", "GeneralStateTests"),
            Suite::Blockchain => ("BlockchainTests", "BlockchainTests"),
            Suite::Trie => ("small", "TrieTests"),
            Suite::Transaction => ("small", "TransactionTests"),
            Suite::Rlp => ("small", "RLPTests"),
            Suite::Rpc => ("small", "rpc-compat"),
        };
        Ok(self.unpack(archive)?.join(folder))
    }

    /// The folder with the genesis and chain of ethereum/execution-apis.
    ///
    /// # Errors
    /// When the archive is missing or cannot be unpacked.
    pub fn rpc_compat(&self) -> io::Result<PathBuf> {
        Ok(self.unpack("small")?.join("rpc-compat"))
    }

    /// The content of an archive. The folder carries the archive's size in its name, so that another archive gets another folder.
    fn unpack(&self, name: &str) -> io::Result<PathBuf> {
        let archive = self.archives.join(name).with_extension("tar.xz");
        let target = self.unpacked.join(format!("{name}-{}", archive.metadata()?.len()));
        if target.is_dir() {
            return Ok(target);
        }
        // Unpacked aside and renamed: other processes see all of it or nothing.
        let aside = self.unpacked.join(format!("{name}.{}", process::id()));
        std::fs::create_dir_all(&aside)?;
        let status = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(&aside).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("tar could not unpack {}", archive.display())));
        }
        match std::fs::rename(&aside, &target) {
            Err(_) if target.is_dir() => std::fs::remove_dir_all(&aside)?,
            renamed => renamed?,
        }
        Ok(target)
    }
}
