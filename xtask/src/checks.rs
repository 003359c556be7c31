//! What the contracts' tests cost.

use crate::{
    contracts::{RANDOM, forge},
    dirs::Dirs,
    error::Error,
    npm,
};

/// Writes what each test costs into the committed snapshot, but for the random ones, which have no single cost; with `check` fails when it is another.
pub(crate) fn gas(dirs: &Dirs, check: bool) -> Result<(), Error> {
    npm::install(&dirs.contracts(), &dirs.npm())?;
    let snapshot = dirs.contracts().join(".gas-snapshot");
    let flag = if check { "--check" } else { "--snap" };
    npm::run(forge(dirs, "snapshot").args(["--no-match-test", RANDOM, flag]).arg(snapshot))
}
