//! Running files on all cores.

use super::{Failure, Report, Skips, Suite, Verdict, rpc};
use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Files done.
    pub done: usize,
    /// Files in all.
    pub files: usize,
}

/// Runs every case of `suite` in the files of `paths` (files or folders) whose name contains `filter`. `progress` is called after each file, from any thread.
///
/// # Errors
/// When a path cannot be read.
pub fn run(suite: Suite, paths: &[PathBuf], filter: &str, progress: &(dyn Fn(Progress) + Sync)) -> io::Result<Report> {
    if suite == Suite::Rpc {
        return rpc::run(paths, filter, progress);
    }
    let mut files = Vec::new();
    for path in paths {
        collect(path, path.parent().unwrap_or(path), &mut files)?;
    }
    // The largest first, so that no core is left with one at the end.
    files.sort_by_key(|file| std::cmp::Reverse(file.size));
    let (skips, report) = (Skips::checked_in(), Mutex::new(Report::default()));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = run_file(suite, file, filter, &skips);
                    report.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
                    progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, files: files.len() });
                }
            });
        }
    });
    Ok(report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

struct File {
    path: PathBuf,
    /// What cases of this file are called: its path below what was asked for.
    name: String,
    size: u64,
}

/// All JSON files at or below `path`.
fn collect(path: &Path, root: &Path, files: &mut Vec<File>) -> io::Result<()> {
    let metadata = fs::metadata(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), root, files)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "json") {
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        files.push(File { path: path.to_owned(), name, size: metadata.len() });
    }
    Ok(())
}

fn run_file(suite: Suite, file: &File, filter: &str, skips: &Skips) -> Report {
    let mut report = Report::default();
    let skipped = Mutex::new(Vec::new());
    let wanted = |case: &str| {
        let name = format!("{}::{case}", file.name);
        if !name.contains(filter) {
            return false;
        }
        let reason = skips.reason(&name).map(str::to_owned);
        let run = reason.is_none();
        skipped.lock().unwrap_or_else(PoisonError::into_inner).extend(reason.map(|reason| (name, reason)));
        run
    };
    // A panic fails the file, not the run.
    let cases = catch_unwind(AssertUnwindSafe(|| {
        let json = fs::read_to_string(&file.path)?;
        Ok::<_, Failure>(suite.cases(&file.name, &json, &wanted)?)
    }));
    match cases.unwrap_or_else(|panic| Err(Failure::new(format!("panic: {}", words(&panic))))) {
        Ok(cases) => {
            for (case, result) in cases {
                report.add(format!("{}::{case}", file.name), result.map_or_else(Verdict::Failed, |()| Verdict::Passed));
            }
        }
        Err(failure) => report.add(file.name.clone(), Verdict::Failed(failure)),
    }
    for (name, reason) in skipped.into_inner().unwrap_or_else(PoisonError::into_inner) {
        report.add(name, Verdict::Skipped(reason));
    }
    report
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const RLP: &str = r#"{"right": {"in": "dog", "out": "0x83646f67"}, "wrong": {"in": "dog", "out": "0x83636174"}}"#;

    fn run_on(files: &[(&str, &str)], filter: &str) -> Report {
        let folder = TempDir::new().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        run(Suite::Rlp, &[folder.path().to_owned()], filter, &|_| {}).unwrap()
    }

    #[test]
    fn what_is_wrong_fails_and_is_named() {
        let report = run_on(&[("one.json", RLP), ("broken.json", "{"), ("notes.txt", "{")], "");
        assert_eq!((report.passed, report.failed.len(), report.skips()), (1, 2, 0));
        let names: Vec<&str> = report.failed.keys().map(|name| name.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["broken.json", "one.json::wrong"]);
        assert!(report.to_string().ends_with("\n1 passed, 2 failed, 0 skipped"), "{report}");
    }

    #[test]
    fn a_filter_selects_cases_by_their_name() {
        let report = run_on(&[("one.json", RLP)], "::right");
        assert_eq!((report.passed, report.failed.len()), (1, 0));
    }

    #[test]
    fn a_case_of_the_list_is_skipped_with_its_reason() {
        let report = run_on(&[("testing_buildBlockV1/build.json", RLP)], "");
        assert_eq!((report.passed, report.failed.len(), report.skips()), (0, 0, 2));
        assert!(report.to_string().contains("2 skipped: the testing namespace"), "{report}");
    }
}
