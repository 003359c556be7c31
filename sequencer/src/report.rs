//! What a command found out: JSON for scripts, aligned lines for people.

use crate::terminal::say;
use serde::Serialize;
use serde_json::Value;

/// Wei in an OPEN.
const DECIMALS: usize = 18;

/// Prints a result as one JSON object.
pub(crate) fn json(value: &impl Serialize) {
    say(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Prints names and values, the values below each other.
pub(crate) fn facts(facts: &[(&str, String)]) {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, value) in facts {
        say(&format!("{name:<width$}  {value}"));
    }
}

/// Prints rows under their headings. The last column is not padded.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        say(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(headings.to_vec());
    rows.iter().for_each(|row| line(row.iter().map(String::as_str).collect()));
}

/// Wei as OPEN, with as many decimals as it has.
pub(crate) fn open(wei: impl Into<alloy_primitives::U256>) -> String {
    let digits = format!("{:0>width$}", wei.into().to_string(), width = DECIMALS + 1);
    let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} OPEN"),
        fraction => format!("{whole}.{fraction} OPEN"),
    }
}

/// OPEN in decimals as wei, for arguments.
pub(crate) fn parse_open(text: &str) -> Result<alloy_primitives::U256, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
        return Err("not an amount of OPEN, as 1 or 0.25".to_owned());
    }
    format!("{whole}{fraction:0<DECIMALS$}").parse().map_err(|_| "too much".to_owned())
}

/// A field of an answer of the index as text.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A quantity of an answer of the index, in decimals.
pub(crate) fn number(value: &Value, field: &str) -> alloy_primitives::U256 {
    value[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;

    #[test]
    fn money_is_written_and_read_to_the_wei() {
        for (wei, text) in [(0u128, "0 OPEN"), (1, "0.000000000000000001 OPEN"), (1_500_000_000_000_000_000, "1.5 OPEN")] {
            assert_eq!(open(U256::from(wei)), text);
            assert_eq!(parse_open(text.trim_end_matches(" OPEN")).unwrap(), U256::from(wei));
        }
        assert_eq!(parse_open(".5").unwrap(), U256::from(500_000_000_000_000_000u64));
        for wrong in ["", ".", "1,5", "-1", "1e18", "0.0000000000000000001"] {
            assert!(parse_open(wrong).is_err(), "{wrong}");
        }
    }
}
