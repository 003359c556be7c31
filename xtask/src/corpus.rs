//! Text to measure with: documentation of Debian's packages, or of folders that are here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{dirs::Dirs, error::Error, npm::run};

/// What is fetched: more than 100 MB of text in many languages, of which several have no spaces between words.
const PACKAGES: [&str; 16] = [
    "bible-kjv-text",
    "debian-reference-en",
    "debian-reference-zh-cn",
    "fortunes-zh",
    "gnome-user-docs",
    "libreoffice-help-en-us",
    "libreoffice-help-hi",
    "libreoffice-help-zh-cn",
    "libreoffice-l10n-ar",
    "libreoffice-l10n-hi",
    "libreoffice-l10n-th",
    "linux-doc-6.1",
    "manpages",
    "manpages-dev",
    "perl-doc",
    "python3.11-doc",
];

/// Collects the documentation in folders; without folders, that of [`PACKAGES`], which are fetched and unpacked into the build folder and not
/// installed. Needs apt-get and dpkg for that, and a list of packages that is not out of date (`apt-get update`).
pub(crate) fn corpus(dirs: &Dirs, from: &[PathBuf]) -> Result<(), Error> {
    let from = if from.is_empty() { vec![fetched(dirs)?] } else { from.to_vec() };
    let program = dirs.built("corpus")?;
    run(Command::new(program).arg("--into").arg(dirs.corpus()).args(from))
}

/// The folder with everything that the packages hold.
pub(crate) fn fetched(dirs: &Dirs) -> Result<PathBuf, Error> {
    let (packages, tree) = (dirs.packages().join("archives"), dirs.packages().join("tree"));
    let names = PACKAGES.join(" ");
    let finished = dirs.packages().join("finished");
    if fs::read_to_string(&finished).is_ok_and(|finished| finished == names) {
        return Ok(tree);
    }
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Io { path, source }
    };
    for folder in [&packages, &tree] {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    run(Command::new("apt-get").args(["download", "-qq"]).args(PACKAGES).current_dir(&packages))?;
    let mut archives: Vec<PathBuf> = fs::read_dir(&packages).map_err(io(&packages))?.flatten().map(|entry| entry.path()).collect();
    archives.sort();
    for archive in archives.iter().filter(|path| path.extension().is_some_and(|extension| extension == "deb")) {
        run(Command::new("dpkg").arg("-x").arg(archive).arg(&tree))?;
    }
    // Written last, so it also tells a finished tree from one that was interrupted.
    fs::write(&finished, names).map_err(io(&finished))?;
    Ok(tree)
}
