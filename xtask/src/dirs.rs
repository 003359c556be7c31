use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{error::Error, npm::run};

/// Where things are in the repository and in its build folder.
#[derive(Debug)]
pub(crate) struct Dirs {
    root: PathBuf,
    build: PathBuf,
}

impl Dirs {
    /// The repository that this program was built from. The build folder is `$TRIBUTARY_BUILD_DIR`, or `build` at the root.
    pub(crate) fn locate() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().expect("invariant: xtask is a folder of the repository").to_path_buf();
        // `join` with an absolute path gives that path.
        let build = root.join(env::var_os("TRIBUTARY_BUILD_DIR").unwrap_or_else(|| "build".into()));
        Self { root, build }
    }

    /// The repository's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Scripts of third-party clients.
    pub(crate) fn clients(&self) -> PathBuf {
        self.root.join("tests").join("clients")
    }

    /// Where those scripts run, with their npm packages.
    pub(crate) fn installed_clients(&self) -> PathBuf {
        self.build.join("clients")
    }

    /// The npm package for dApp developers.
    pub(crate) fn contracts_package(&self) -> PathBuf {
        self.contracts().join("ts")
    }

    /// A copy of it, beside the npm packages that it needs.
    pub(crate) fn installed_contracts_package(&self) -> PathBuf {
        self.installed_clients().join("contracts-ts")
    }

    /// Python with the packages that those scripts need.
    pub(crate) fn venv(&self) -> PathBuf {
        self.build.join("venv")
    }

    /// Python with the packages that attribution is compared with.
    pub(crate) fn alternatives(&self) -> PathBuf {
        self.build.join("alternatives")
    }

    /// Python with mlcroissant.
    pub(crate) fn croissant(&self) -> PathBuf {
        self.build.join("croissant")
    }

    /// Python with Slither.
    pub(crate) fn slither(&self) -> PathBuf {
        self.build.join("slither")
    }

    /// What a program that `cargo xtask test` ran has printed.
    pub(crate) fn test_log(&self, name: &str) -> PathBuf {
        self.build.join("test-logs").join(name).with_extension("log")
    }

    /// The Foundry project.
    pub(crate) fn contracts(&self) -> PathBuf {
        self.root.join("contracts")
    }

    /// Committed outputs of the compiler.
    pub(crate) fn artifacts(&self) -> PathBuf {
        self.contracts().join("artifacts")
    }

    /// Where the contracts' npm packages are installed.
    pub(crate) fn npm(&self) -> PathBuf {
        self.build.join("npm")
    }

    /// A package that was installed there.
    pub(crate) fn package(&self, name: &str) -> PathBuf {
        self.npm().join("node_modules").join(name)
    }

    /// forge's output and cache.
    pub(crate) fn forge(&self) -> PathBuf {
        self.build.join("forge")
    }

    /// Text to measure with.
    pub(crate) fn corpus(&self) -> PathBuf {
        self.build.join("corpus").join("text")
    }

    /// What that text is taken from.
    pub(crate) fn packages(&self) -> PathBuf {
        self.build.join("corpus")
    }

    /// A program of the tests' package, which is built if it has to be.
    pub(crate) fn built(&self, name: &str) -> Result<PathBuf, Error> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The whole workspace's features, so that what the tests have built is not built again.
        run(cargo.args(["build", "--release", "--workspace", "--bin", name]).current_dir(&self.root))?;
        // Cargo puts programs into the folder that this one is in, but for its profile.
        let own = env::current_exe().map_err(|source| Error::Io { path: "xtask".into(), source })?;
        let target = own.ancestors().nth(2).unwrap_or(Path::new("."));
        Ok(target.join("release").join(name))
    }
}

/// Copies a folder with all that is in it, but for files of these names; a copy that exists is overwritten.
pub(crate) fn copy_tree(source: &Path, target: &Path, except: &[&str]) -> Result<(), Error> {
    let io = |source| Error::Io { path: target.into(), source };
    fs::create_dir_all(target).map_err(io)?;
    for entry in fs::read_dir(source).map_err(|error| Error::Io { path: source.into(), source: error })? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        if except.iter().any(|except| name == *except) {
            continue;
        }
        let copy = target.join(&name);
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &copy, except)?;
        } else {
            fs::copy(entry.path(), &copy).map_err(|source| Error::Io { path: copy, source })?;
        }
    }
    Ok(())
}

/// The whole of a text file.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Io { path: path.into(), source })
}

/// Writes a text file, and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.into(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io)?;
    }
    fs::write(path, text).map_err(io)
}

/// A JSON file.
pub(crate) fn read_json(path: &Path) -> Result<Value, Error> {
    serde_json::from_str(&read(path)?).map_err(|source| Error::Json { path: path.into(), source })
}
