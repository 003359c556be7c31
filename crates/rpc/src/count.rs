//! A number that some clients send as a number and others as a quantity, read as geth's `HexOrDecimal64`, or by development nodes with up to 256 bits.

use alloy_primitives::U256;
use serde::Deserialize;
use serde_json::Value;

/// A count, or a block's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Count(u64);

impl Count {
    pub(crate) fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<Value> for Count {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(value);
        let number = match text.as_str() {
            "" => Some(0),
            digits => integer(digits).and_then(|number| u64::try_from(number).ok()),
        };
        number.map(Self).ok_or_else(|| unreadable(&text))
    }
}

/// An amount, or another number of a development method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Number(pub(crate) U256);

impl TryFrom<Value> for Number {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(value);
        integer(&text).map(Self).ok_or_else(|| unreadable(&text))
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn integer(text: &str) -> Option<U256> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let is_plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    U256::from_str_radix(digits, radix.into()).ok().filter(|_| is_plain)
}

fn unreadable(text: &str) -> String {
    format!("invalid hex or decimal integer {text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_quantities_and_decimals_are_read_and_nothing_else() {
        for (given, number) in [(json!(5), 5), (json!("0x10"), 16), (json!("0x0a"), 10), (json!("10"), 10), (json!(""), 0)] {
            assert_eq!(Count::try_from(given), Ok(Count(number)));
        }
        for (given, words) in [
            (json!("0xg"), "\"0xg\""),
            (json!("0x"), "\"0x\""),
            (json!(-1), "\"-1\""),
            (json!("+1"), "\"+1\""),
            (json!("0x+1"), "\"0x+1\""),
            (json!(1.5), "\"1.5\""),
            (json!({}), "\"{}\""),
            (json!("0x10000000000000000"), "\"0x10000000000000000\""),
        ] {
            assert_eq!(Count::try_from(given), Err(format!("invalid hex or decimal integer {words}")));
        }
        for (given, number) in
            [(json!("0x010"), U256::from(16)), (json!("16"), U256::from(16)), (json!(format!("{:#x}", U256::MAX)), U256::MAX)]
        {
            assert_eq!(Number::try_from(given), Ok(Number(number)));
        }
        for bad in [json!(""), json!("0x"), json!(-1), json!("x"), json!("1_0"), json!(format!("{:#x}0", U256::MAX))] {
            assert!(Number::try_from(bad).unwrap_err().starts_with("invalid hex or decimal integer"));
        }
    }
}
