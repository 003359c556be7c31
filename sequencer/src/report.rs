//! What a command found out: JSON for scripts, aligned lines for people.

use crate::{passages::printable, terminal::say};
use serde::Serialize;
use serde_json::Value;

/// Wei in an OPEN.
const DECIMALS: usize = 18;

/// Fields that are money, wherever a result has them; where they are objects, all that is in them.
const MONEY: [&str; 22] = [
    "amount", "bond", "carried", "claimed", "cost", "earned", "escrow", "fee", "free", "leaving", "locked", "owed", "paid", "pay", "pool",
    "price", "refunded", "review", "shares", "slashed", "stake", "votes",
];

/// Prints a result as one JSON object. Money is wei in decimals, as strings.
pub(crate) fn json(value: &impl Serialize) {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    in_decimals(&mut value, false);
    say(&serde_json::to_string_pretty(&value).unwrap_or_default());
}

/// The index, and what the ABI's types are written as, have quantities in hexadecimal.
fn in_decimals(value: &mut Value, money: bool) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| in_decimals(value, money || MONEY.contains(&name.as_str()))),
        // The parts of a list have fields of their own.
        Value::Array(items) => items.iter_mut().for_each(|item| in_decimals(item, false)),
        Value::String(text) if money => {
            let wei = text.strip_prefix("0x").and_then(|digits| alloy_primitives::U256::from_str_radix(digits, 16).ok());
            if let Some(wei) = wei {
                *text = wei.to_string();
            }
        }
        _ => {}
    }
}

/// Prints names and values, the values below each other.
pub(crate) fn facts(facts: &[(&str, String)]) {
    lines_of(facts).iter().for_each(|line| say(line));
}

/// What others wrote moves nobody's cursor.
fn lines_of(facts: &[(&str, String)]) -> Vec<String> {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    facts.iter().map(|(name, value)| format!("{name:<width$}  {}", printable(value))).collect()
}

/// Prints rows under their headings. The last column is not padded.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    lines_under(headings, rows).iter().for_each(|line| say(line));
}

fn lines_under(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let below = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(headings.to_vec())].into_iter().chain(below).collect()
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
    use serde_json::json;

    #[test]
    fn what_others_wrote_stays_in_its_cell() {
        let name = "a\x1b[2Jb\nc\u{202e}".to_owned();
        assert_eq!(lines_of(&[("name", name.clone())]), ["name  a\u{fffd}[2Jb\u{fffd}c\u{fffd}"]);
        let lines = lines_under(&["name", "rows"], &[vec![name, "7".to_owned()]]);
        assert_eq!(lines, ["name       rows", "a\u{fffd}[2Jb\u{fffd}c\u{fffd}  7"]);
    }

    #[test]
    fn scripts_read_money_in_decimals_and_everything_else_as_it_is() {
        let mut told = json!({
            "id": "0x10", "amount": "0x10", "shares": { "operator": "0xff" }, "hash": "0xab", "stake": "7", "paid": [{ "part": "0x2", "price": "0x3" }],
        });
        in_decimals(&mut told, false);
        let expected = json!({
            "id": "0x10", "amount": "16", "shares": { "operator": "255" }, "hash": "0xab", "stake": "7", "paid": [{ "part": "0x2", "price": "3" }],
        });
        assert_eq!(told, expected);
    }

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
