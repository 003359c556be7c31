//! The forms in which geth takes quantities and data, held against parameters before they are read: our types would take more (leading zeros, no `0x`,
//! plain numbers), and a request that works here should work elsewhere. What does not fit is told in geth's words.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use std::any::TypeId;

/// A form, with what geth calls the type.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// `0x` and digits without leading zeros, at most this many bits.
    Quantity(u32, &'static str),
    /// `0x` and two digits for each of this many bytes.
    Fixed(usize, &'static str),
    /// `0x` and two digits a byte.
    Data(&'static str),
    /// A tag, a quantity of 63 bits, or, where the flag is set, 66 characters of hash or an object.
    Block(bool),
}

/// Holds a parameter of type `T` against its form. Types without one are left to their own reading.
///
/// # Errors
/// geth's words.
pub(crate) fn check<T: 'static>(json: &str) -> Result<(), String> {
    let of = |ty: TypeId| ty == TypeId::of::<T>();
    let form = match () {
        () if of(TypeId::of::<Address>()) => Form::Fixed(20, "common.Address"),
        () if of(TypeId::of::<B256>()) => Form::Fixed(32, "common.Hash"),
        () if of(TypeId::of::<Bytes>()) => Form::Data("hexutil.Bytes"),
        () if of(TypeId::of::<U64>()) => Form::Quantity(64, "hexutil.Uint64"),
        () if of(TypeId::of::<U256>()) => Form::Quantity(256, "*hexutil.Big"),
        () if of(TypeId::of::<BlockNumberOrTag>()) => Form::Block(false),
        () if of(TypeId::of::<BlockId>()) => Form::Block(true),
        () => return Ok(()),
    };
    form.check(json)
}

impl Form {
    fn check(self, json: &str) -> Result<(), String> {
        let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let typed = |what: &str, ty| format!("json: cannot unmarshal {what} into Go value of type {ty}");
        match (self, text) {
            (Self::Quantity(bits, ty), Some(text)) => quantity(text, bits).map_err(|what| typed(what, ty)),
            (Self::Fixed(bytes, ty), Some(text)) => {
                let digits = data(text).map_err(|what| typed(what, ty))?;
                let (have, want) = (digits.len(), 2 * bytes);
                if have == want { Ok(()) } else { Err(format!("hex string has length {have}, want {want} for {ty}")) }
            }
            (Self::Data(ty), Some(text)) => data(text).map(|_| ()).map_err(|what| typed(what, ty)),
            (Self::Quantity(_, ty) | Self::Fixed(_, ty) | Self::Data(ty), None) => Err(typed("non-string", ty)),
            (Self::Block(_), Some("earliest" | "latest" | "pending" | "safe" | "finalized")) => Ok(()),
            (Self::Block(true), Some(text)) if text.len() == 66 => data(text).map(|_| ()).map_err(str::to_owned),
            (Self::Block(_), Some(text)) => quantity(text, 64).map_err(str::to_owned).and_then(|()| below_int64(text)),
            (Self::Block(true), None) if json.starts_with('{') => Ok(()),
            (Self::Block(true), None) => Err(typed(kind(json), "string")),
            (Self::Block(false), None) => Err("hex string without 0x prefix".to_owned()),
        }
    }
}

fn quantity(text: &str, bits: u32) -> Result<(), &'static str> {
    let digits = prefixed(text)?;
    match digits.as_bytes() {
        [] => Err("hex string \"0x\""),
        [b'0', _, ..] => Err("hex number with leading zero digits"),
        all if !all.iter().all(u8::is_ascii_hexdigit) => Err("invalid hex string"),
        all if all.len() as u32 * 4 > bits => Err(if bits == 64 { "hex number > 64 bits" } else { "hex number > 256 bits" }),
        _ => Ok(()),
    }
}

fn data(text: &str) -> Result<&str, &'static str> {
    let digits = prefixed(text)?;
    match digits {
        odd if odd.len() % 2 == 1 => Err("hex string of odd length"),
        bad if !bad.bytes().all(|byte| byte.is_ascii_hexdigit()) => Err("invalid hex string"),
        good => Ok(good),
    }
}

fn prefixed(text: &str) -> Result<&str, &'static str> {
    match text {
        "" => Err("empty hex string"),
        text => text.strip_prefix("0x").or(text.strip_prefix("0X")).ok_or("hex string without 0x prefix"),
    }
}

fn below_int64(text: &str) -> Result<(), String> {
    match u64::from_str_radix(&text[2..], 16) {
        Ok(number) if i64::try_from(number).is_ok() => Ok(()),
        _ => Err("block number larger than int64".to_owned()),
    }
}

/// What Go calls a JSON value.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        Some(b'{') => "object",
        _ => "number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_no_leading_zeros_and_fit() {
        for good in [r#""0x0""#, r#""0x1""#, r#""0xffffffffffffffff""#, r#""0Xab""#] {
            check::<U64>(good).unwrap();
        }
        for (bad, words) in [
            (r#""0x01""#, "hex number with leading zero digits"),
            (r#""0x""#, "hex string \"0x\""),
            (r#""1""#, "hex string without 0x prefix"),
            (r#""0xg""#, "invalid hex string"),
            (r#""0x10000000000000000""#, "hex number > 64 bits"),
            ("1", "non-string"),
            ("-1", "non-string"),
        ] {
            let error = check::<U64>(bad).unwrap_err();
            assert_eq!(error, format!("json: cannot unmarshal {words} into Go value of type hexutil.Uint64"));
        }
    }

    #[test]
    fn data_are_whole_bytes_and_fixed_data_have_their_length() {
        check::<Bytes>(r#""0x""#).unwrap();
        check::<Bytes>(r#""0xABcd""#).unwrap();
        for (bad, words) in
            [(r#""0x1""#, "hex string of odd length"), (r#""ab""#, "hex string without 0x prefix"), (r#""0xzz""#, "invalid hex string")]
        {
            assert!(check::<Bytes>(bad).unwrap_err().contains(words), "{bad}");
        }
        assert_eq!(check::<Address>(r#""0x12""#).unwrap_err(), "hex string has length 2, want 40 for common.Address");
    }

    #[test]
    fn blocks_are_tags_numbers_and_where_asked_for_hashes() {
        let hash = format!(r#""0x{}""#, "ab".repeat(32));
        check::<BlockId>(&hash).unwrap();
        check::<BlockId>(r#"{"blockHash":"0x12"}"#).unwrap();
        assert_eq!(check::<BlockNumberOrTag>(&hash).unwrap_err(), "hex number > 64 bits");
        assert_eq!(check::<BlockId>(r#""0x8000000000000000""#).unwrap_err(), "block number larger than int64");
        assert_eq!(check::<BlockNumberOrTag>("5").unwrap_err(), "hex string without 0x prefix");
        assert_eq!(check::<BlockId>(r#""latests""#).unwrap_err(), "hex string without 0x prefix");
        check::<String>("whatever").unwrap();
    }
}
