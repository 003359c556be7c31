//! What a command found out: JSON for scripts, aligned lines for people.

use crate::{error::Error, passages::printable, terminal::say};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

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
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
        cells.chain([width(headings[column])]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..headings.len()).map(widest).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, columns)| padded(cell, *columns));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let below = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(headings.to_vec())].into_iter().chain(below).collect()
}

/// Longest name and longest text that are told to a contract, bytes. Contracts take longer ones, for as long as their gas lasts, and everybody reads them.
pub(crate) const MOST_NAME: usize = 256;
pub(crate) const MOST_TEXT: usize = 16 << 10;

/// That a name or a text is no longer than that.
pub(crate) fn limited(what: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.len() <= most {
        return Ok(());
    }
    Err(Error::Invalid { what: what.to_owned(), reason: format!("has {} bytes; {most} are the most", text.len()) })
}

/// Columns of what others named, in a table.
pub(crate) const NAME: usize = 40;

/// Columns of what others wrote, in a table.
pub(crate) const NOTE: usize = 60;

/// A text of others in a table: one that is longer would take the table apart for everybody.
pub(crate) fn brief(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut columns = 0;
    let fits = |symbol: &char| {
        columns += columns_of(*symbol);
        columns < most
    };
    // Nothing that takes no column, however much of it, is worth more than what does.
    text.chars().take(4 * most).take_while(fits).chain(['…']).collect()
}

/// Columns of a terminal that a text takes.
fn width(text: &str) -> usize {
    // Symbols without a column, in numbers that no language has them in, are no text.
    let symbols = text.chars().count();
    let columns: usize = text.chars().map(columns_of).sum();
    columns.max(symbols / 4)
}

/// Columns of a symbol: none for what is written over the one before, two for the wide ones of East Asia and for pictures (Unicode's annex 11).
const fn columns_of(symbol: char) -> usize {
    match symbol as u32 {
        0x0300..=0x036f | 0x0483..=0x0489 | 0x0591..=0x05bd | 0x064b..=0x065f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff => 0,
        0x200b..=0x200f | 0x2060..=0x2064 | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xfeff | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff => 2,
        0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// A text with spaces behind it, up to this many columns.
fn padded(text: &str, columns: usize) -> String {
    format!("{text}{:spaces$}", "", spaces = columns.saturating_sub(width(text)))
}

/// A moment, as people read it; zero is none.
pub(crate) fn moment(seconds: u64) -> String {
    match i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()) {
        Some(time) if time.unix_timestamp() != 0 => {
            format!("{} {:02}:{:02}:{:02} UTC", time.date(), time.hour(), time.minute(), time.second())
        }
        Some(_) => String::new(),
        None => "never".to_owned(),
    }
}

/// The moment in a field of an answer of the index.
pub(crate) fn time(value: &Value, field: &str) -> String {
    moment(number(value, field).saturating_to())
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
    fn columns_stay_below_each_other_whatever_is_in_them() {
        let wide = "火山".to_owned();
        let rows = [vec![wide, "1".to_owned()], vec!["e\u{301}tude".to_owned(), "2".to_owned()]];
        assert_eq!(lines_under(&["name", "rows"], &rows), ["name   rows", "火山   1", "e\u{301}tude  2"]);
    }

    #[test]
    fn a_long_text_of_others_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(brief("How things work", 40), "How things work");
        assert_eq!(brief(&"x".repeat(60_000), 8), "xxxxxxx…");
        assert_eq!(brief("火山火山火山", 8), "火山火…");
        let heap = brief(&format!("a{}", "\u{301}".repeat(60_000)), 8);
        assert!(heap.chars().count() <= 33 && heap.ends_with('…'), "{heap}");
    }

    #[test]
    fn a_name_that_is_too_long_is_refused_before_anything_is_sent() {
        limited("a name", &"x".repeat(MOST_NAME), MOST_NAME).unwrap();
        let line = limited("a name", &"x".repeat(MOST_NAME + 1), MOST_NAME).unwrap_err().to_string();
        assert_eq!(line, "a name: has 257 bytes; 256 are the most");
    }

    #[test]
    fn moments_are_told_by_the_calendar() {
        assert_eq!(moment(1_797_644_365), "2026-12-19 01:39:25 UTC");
        assert_eq!(moment(0), "");
        assert_eq!(moment(u64::MAX), "never");
        assert_eq!(time(&json!({ "until": "0x6b25e04d" }), "until"), "2026-12-19 01:39:25 UTC");
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
