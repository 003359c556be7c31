//! A number that some clients send as a number and others as a quantity, read as geth's `HexOrDecimal64`.

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
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let number = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            _ if text.contains('+') => None,
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None if text.is_empty() => Some(0),
            None => text.parse().ok(),
        };
        number.map(Self).ok_or_else(|| format!("invalid hex or decimal integer {text:?}"))
    }
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
    }
}
