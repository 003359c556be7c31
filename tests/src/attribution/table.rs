//! Gas for time, beside ecrecover of the same minute.

#![allow(clippy::disallowed_macros, reason = "a program prints its table as it is measured")]

use super::{
    Error,
    chain::{Ask, Chain, HASHER, Ran},
};
use alloy_primitives::{Address, hex};
use std::time::{Duration, Instant};

/// Fewest and most runs of one row; between them, as many as fit into [`BUDGET`].
const RUNS: (usize, usize) = (3, 40);
const BUDGET: Duration = Duration::from_millis(300);
/// Longer than this, one run has to do.
const PATIENCE: Duration = Duration::from_secs(3);

/// Calls of ecrecover in a row.
const RECOVERIES: usize = 100;

/// A row: what was called, over what, and what that took.
#[derive(Debug, Clone)]
struct Row {
    function: &'static str,
    case: String,
    micros: f64,
    gas: u64,
    /// Gas for a microsecond of ecrecover, measured beside it.
    ecrecover: f64,
    fails: bool,
}

impl Row {
    fn rate(&self) -> f64 {
        self.gas as f64 / self.micros
    }

    /// How many times as cheap for its time as ecrecover.
    fn cheapness(&self) -> f64 {
        self.ecrecover / self.rate()
    }

    fn remark(&self) -> &'static str {
        match (self.fails, self.cheapness() > 2.0) {
            (true, true) => " fails; TOO CHEAP",
            (true, false) => " fails",
            (false, true) => " TOO CHEAP",
            (false, false) => "",
        }
    }
}

/// The rows so far; each is printed when it is measured.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    reference: Option<Chain>,
    /// Only rows whose function or case holds this are measured.
    only: Option<String>,
}

impl Table {
    /// An empty table for the rows whose names hold `only`.
    pub fn new(only: Option<String>) -> Self {
        Self { only, ..Self::default() }
    }

    /// Whether rows of this name are asked for.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// Measures calls that are made as one transaction, on a chain that stays as it is.
    pub(super) fn measure(&mut self, function: &'static str, case: &str, chain: &Chain, asks: &[Ask]) -> Result<(), Error> {
        self.measure_with(function, case, asks.len(), || chain.run(asks))
    }

    /// Measures whatever `run` does; `calls` is how many of the function's that are.
    pub(super) fn measure_with(
        &mut self,
        function: &'static str,
        case: &str,
        calls: usize,
        mut run: impl FnMut() -> Result<Ran, Error>,
    ) -> Result<(), Error> {
        if !self.wants(&format!("{function} {case}")) {
            return Ok(());
        }
        let ecrecover = self.ecrecover()?;
        let started = Instant::now();
        let first = run()?;
        let mut best = first.taken;
        let mut runs = 1;
        while (runs < RUNS.0 && started.elapsed() < PATIENCE) || (runs < RUNS.1 && started.elapsed() < BUDGET) {
            best = best.min(run()?.taken);
            runs += 1;
        }
        let fails = first.calls.iter().any(|(success, _)| !success);
        let each = calls.max(1);
        let row = Row {
            function,
            case: case.to_owned(),
            micros: best.as_secs_f64() * 1e6 / each as f64,
            gas: first.gas() / each as u64,
            ecrecover,
            fails,
        };
        print(&row);
        self.rows.push(row);
        Ok(())
    }

    /// Gas for a microsecond of ecrecover, now.
    fn ecrecover(&mut self) -> Result<f64, Error> {
        let chain = match self.reference.take() {
            Some(chain) => chain,
            None => Chain::new()?,
        };
        let asks = vec![Ask::raw(Address::with_last_byte(1), ECRECOVER.to_vec()); RECOVERIES];
        let mut best = 0.0_f64;
        for _ in 0..3 {
            let ran = chain.run(&asks)?;
            best = best.max(ran.gas() as f64 / (ran.taken.as_secs_f64() * 1e6));
        }
        self.reference = Some(chain);
        Ok(best)
    }

    /// The header, and Ethereum's own precompiles.
    pub(super) fn references(&mut self) -> Result<(), Error> {
        println!("| function | over | ns of processor time | gas | gas/µs | times as cheap as ecrecover |");
        println!("|---|---|--:|--:|--:|--:|");
        let chain = Chain::new()?;
        let many = |to: u8, data: &[u8], count: usize| vec![Ask::raw(Address::with_last_byte(to), data.to_vec()); count];
        self.measure("ecrecover", "a signature", &chain, &many(1, &ECRECOVER, RECOVERIES))?;
        self.measure("bn254 pairing", "two pairs", &chain, &many(8, &PAIRING, 10))?;
        let hasher = [Ask::raw(HASHER, Vec::new())];
        self.measure_with("KECCAK256", "4 KiB", 1_000, || chain.run(&hasher))
    }

    /// The worst row of each function, and how many rows are too cheap.
    pub fn summary(&self) -> String {
        let mut worst: Vec<&Row> = Vec::new();
        for row in &self.rows {
            match worst.iter_mut().find(|other| other.function == row.function) {
                Some(other) if other.cheapness() < row.cheapness() => *other = row,
                Some(_) => {}
                None => worst.push(row),
            }
        }
        worst.sort_by(|a, b| b.cheapness().total_cmp(&a.cheapness()));
        let mut text = "\n| worst of each function | over | gas/µs | times as cheap as ecrecover |\n|---|---|--:|--:|\n".to_owned();
        for row in worst {
            text.push_str(&format!("| {} | {} | {:.0} | {:.2}{} |\n", row.function, row.case, row.rate(), row.cheapness(), row.remark()));
        }
        let cheap = self.rows.iter().filter(|row| row.cheapness() > 2.0).count();
        text + &format!("\n{cheap} of {} rows are more than twice as cheap for their time as ecrecover.\n", self.rows.len())
    }
}

fn print(row: &Row) {
    let (ns, rate, cheapness) = (row.micros * 1e3, row.rate(), row.cheapness());
    println!("| {} | {} | {ns:.0} | {} | {rate:.0} | {cheapness:.2}{} |", row.function, row.case, row.gas, row.remark());
}

/// Hash, v, r and s of a valid signature.
const ECRECOVER: [u8; 128] = hex!(
    "456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"
    "000000000000000000000000000000000000000000000000000000000000001c"
    "9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
    "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada"
);

/// (G1, G2) and (−G1, G2), generators of bn254.
const PAIRING: [u8; 384] = hex!(
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);
