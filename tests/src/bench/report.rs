//! The figures as a table.

use super::{
    machine::{cores, processor},
    measure::Figures,
};
use std::{fmt::Write, time::Duration};

/// A table with one row for each measurement; `figures` are Tributary's and anvil's.
pub fn render(figures: &[Figures; 2]) -> String {
    let mut table = format!("{} cores, {}\n\n", cores(), processor());
    // Writing to a string never fails.
    let _ = write_tables(&mut table, figures);
    table
}

fn write_tables(out: &mut String, figures: &[Figures; 2]) -> std::fmt::Result {
    let [tributary, _] = figures;
    writeln!(out, "| to sealed blocks | Tributary, synced to disk | anvil --block-time 1 | ratio |")?;
    writeln!(out, "|---|--:|--:|--:|")?;
    for row in 0..tributary.throughput.len() {
        let [ours, theirs] = figures.each_ref().map(|of| of.throughput[row].1.per_second);
        writeln!(out, "| {} | {ours} | {theirs} | {} |", tributary.throughput[row].0, ratio(ours, theirs))?;
    }
    writeln!(out, "\n| acknowledgement p50 / p99, ms | Tributary, synced to disk | anvil --block-time 1 |")?;
    writeln!(out, "|---|--:|--:|")?;
    for row in 0..tributary.latency.len() {
        let cells = figures.each_ref().map(|of| {
            of.latency[row]
                .1
                .map_or_else(|| "–".to_owned(), |taken| format!("{} / {}", milliseconds(taken.median), milliseconds(taken.p99)))
        });
        writeln!(out, "| {} | {} |", tributary.latency[row].0, cells.join(" | "))?;
    }
    writeln!(out, "\n| answers a second, {} cores for node and asker | Tributary | anvil | ratio |", cores())?;
    writeln!(out, "|---|--:|--:|--:|")?;
    for row in 0..tributary.reads.len() {
        let [ours, theirs] = figures.each_ref().map(|of| of.reads[row].1);
        writeln!(out, "| {} | {ours} | {theirs} | {} |", tributary.reads[row].0, ratio(ours, theirs))?;
    }
    writeln!(out, "\n| share of the machine: generator, node | Tributary | anvil --block-time 1 | DA bytes per transaction |")?;
    writeln!(out, "|---|--:|--:|--:|")?;
    for row in 0..tributary.throughput.len() {
        let cells = figures.each_ref().map(|of| format!("{} %, {} %", of.throughput[row].1.generator, of.throughput[row].1.node));
        let da = tributary.throughput[row].1.da_bytes_per_thousand.map_or_else(|| "–".to_owned(), thousandths);
        writeln!(out, "| {} | {} | {da} |", tributary.throughput[row].0, cells.join(" | "))?;
    }
    Ok(())
}

/// `one` over `other` with one decimal.
fn ratio(one: u64, other: u64) -> String {
    let tenths = one * 10 / other.max(1);
    format!("{}.{} ×", tenths / 10, tenths % 10)
}

fn milliseconds(taken: Duration) -> String {
    let tenths = taken.as_micros() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number of thousandths with one decimal.
fn thousandths(number: u64) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::{Latency, Throughput};

    #[test]
    fn the_table_has_rates_ratios_latencies_shares_and_bytes() {
        let figures = |per_second, da| Figures {
            throughput: vec![("transfers/s", Throughput { per_second, generator: 7, node: 80, da_bytes_per_thousand: da })],
            reads: vec![("eth_call", per_second / 10)],
            latency: vec![("send".into(), da.map(|_| Latency { median: Duration::from_micros(1_250), p99: Duration::from_millis(9) }))],
        };
        let table = render(&[figures(5_000, Some(90_450)), figures(1_000, None)]);
        assert!(table.contains("| transfers/s | 5000 | 1000 | 5.0 × |"), "{table}");
        assert!(table.contains("| eth_call | 500 | 100 | 5.0 × |"), "{table}");
        assert!(table.contains("| send | 1.2 / 9.0 | – |"), "{table}");
        assert!(table.contains("| 7 %, 80 % | 7 %, 80 % | 90.4 |"), "{table}");
    }
}
