//! One transaction after the other, each waited for, as a script or a test does it: how soon a block is sealed when somebody waits.

use super::{
    measure::Error,
    node::{Contender, Running},
};
use std::{path::Path, process::Command, time::Duration};

/// Transactions of a run.
const COUNT: u32 = 500;

/// How long viem takes, at its default settings, for 500 transactions with each of the nodes at theirs. `script` is
/// `tests/clients/sequential.mjs` beside its packages.
///
/// # Errors
/// When a node does not start or the script fails.
pub fn sequential(contenders: &[Contender], script: &Path, tell: &dyn Fn(&str)) -> Result<Vec<Duration>, Error> {
    let mut taken = Vec::new();
    for contender in contenders {
        tell(&format!("{COUNT} transactions one after the other: {}", contender.name()));
        let running = Running::start_at_defaults(contender)?;
        let output = Command::new("node").arg(script).args([running.ordinary_url(), &COUNT.to_string()]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = || Error::Start(format!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr)));
        taken.push(Duration::from_millis(text.trim().parse().map_err(|_| failed())?));
    }
    Ok(taken)
}

/// A row for the figures of Tributary and anvil.
pub fn render_sequential(taken: &[Duration]) -> String {
    let [tributary, anvil] = taken else { return String::new() };
    let hundredths = tributary.as_millis() * 100 / anvil.as_millis().max(1);
    format!(
        "| {COUNT} transactions one after the other with viem, each waited for | Tributary | anvil | ratio of times |\n|---|--:|--:|--:|\n\
         | seconds | {} | {} | {}.{:02} |\n",
        seconds(*tributary),
        seconds(*anvil),
        hundredths / 100,
        hundredths % 100
    )
}

fn seconds(taken: Duration) -> String {
    let tenths = taken.as_millis() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_has_both_times_and_their_ratio() {
        let row = render_sequential(&[Duration::from_millis(4_500), Duration::from_millis(6_000)]);
        assert!(row.contains("| seconds | 4.5 | 6.0 | 0.75 |"), "{row}");
    }
}
