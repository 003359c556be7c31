//! Where the executable reference of the text rules and its vectors lie: `attribution2` of the shared folder.

#[path = "../shared/mod.rs"]
mod folder;

use serde_json::Value;
use std::path::PathBuf;

/// A file of it; `None` where there is no shared folder.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    folder::path(&format!("attribution2/{name}"))
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
