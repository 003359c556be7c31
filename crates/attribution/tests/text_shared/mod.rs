//! Where the executable reference of the text rules and its vectors lie: `attribution2` of the shared
//! folder, which is `$TRIBUTARY_SHARED`, or `../shared` beside the repository.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of the shared folder. Without a shared folder nothing, which is said on the terminal even
/// when it shows no output of tests; a variable that names none, or a folder without the file, is a
/// failure.
#[allow(clippy::disallowed_macros, reason = "a skipped test must say so")]
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("TRIBUTARY_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = named.clone().unwrap_or_else(beside);
    if named.is_none() && !folder.is_dir() {
        println!("skipped: no folder shared beside the repository, and no TRIBUTARY_SHARED, with attribution2/{name}");
        // Past the capture of a passing test's output.
        let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: attribution2/{name} is absent");
        return None;
    }
    let path = folder.join("attribution2").join(name);
    assert!(path.is_file(), "{} is absent", path.display());
    Some(path)
}

/// The runs of a row as the reference writes them: `[start, length, row, token]`, row -1 and token 0
/// for closed ones.
pub(crate) fn runs(runs: &[tributary_attribution::text::Run]) -> Value {
    let run = |run: &tributary_attribution::text::Run| {
        let (row, token) = run.origin.map_or((-1, 0), |origin| (i64::try_from(origin.row).unwrap(), origin.token));
        serde_json::json!([run.start, run.length, row, token])
    };
    runs.iter().map(run).collect()
}

/// Chains as the reference writes them: `[score, row, [[output token, row token], …]]`.
pub(crate) fn chains(chains: &[tributary_attribution::text::Chain]) -> Value {
    let covered = |chain: &tributary_attribution::text::Chain| -> Vec<[u32; 2]> {
        let tokens =
            |part: &tributary_attribution::text::Segment| (0..part.length).map(|by| [part.output + by, part.row + by]).collect::<Vec<_>>();
        chain.segments.iter().flat_map(tokens).collect()
    };
    chains.iter().map(|chain| serde_json::json!([chain.score, chain.row, covered(chain)])).collect()
}
