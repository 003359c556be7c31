//! The forms in which geth takes quantities and data, held against parameters before they are read: our types would take more (leading zeros, no `0x`,
//! plain numbers), and a request that works here should work elsewhere. What does not fit is told in geth's words.

use crate::logs::query::LogQuery;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use serde_json::value::RawValue;
use std::{any::TypeId, collections::BTreeMap};

/// A form, with what geth calls the type.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// `0x` and digits without leading zeros, at most this many bits.
    Quantity(u32, &'static str),
    /// `0x` and two digits for each of this many bytes.
    Fixed(usize, &'static str),
    /// `0x` and two digits a byte.
    Data(&'static str),
    /// A tag or a quantity of 63 bits.
    Block,
    /// The same, or 66 characters of hash, or an object that has one of both.
    BlockOrHash,
    /// Any text.
    Text,
    /// Yes or no.
    Flag,
    /// A list of numbers.
    Numbers,
    /// Fields with these forms, and others.
    Object(&'static Object),
}

/// An object: what geth calls it, and the fields of which the form is known.
#[derive(Debug)]
struct Object {
    /// As the type of a value and as the owner of a field.
    names: (&'static str, &'static str),
    /// Name in JSON, name in geth's errors, form.
    fields: &'static [(&'static str, &'static str, Form)],
}

const UINT64: Form = Form::Quantity(64, "hexutil.Uint64");
const BIG: Form = Form::Quantity(256, "*hexutil.Big");
const ADDRESS: Form = Form::Fixed(20, "common.Address");
const HASH: Form = Form::Fixed(32, "common.Hash");
const BYTES: Form = Form::Data("hexutil.Bytes");

const CALL: Object = Object {
    names: ("ethapi.TransactionArgs", "TransactionArgs"),
    fields: &[
        ("from", "from", ADDRESS),
        ("to", "to", ADDRESS),
        ("gas", "gas", UINT64),
        ("gasPrice", "gasPrice", BIG),
        ("maxFeePerGas", "maxFeePerGas", BIG),
        ("maxPriorityFeePerGas", "maxPriorityFeePerGas", BIG),
        ("value", "value", BIG),
        ("nonce", "nonce", UINT64),
        ("data", "data", BYTES),
        ("input", "input", BYTES),
        ("chainId", "chainId", BIG),
        ("maxFeePerBlobGas", "maxFeePerBlobGas", BIG),
    ],
};

const TRACE: Object = Object {
    names: ("tracers.TraceConfig", "TraceConfig"),
    fields: &[("tracer", "Tracer", Form::Text), ("timeout", "Timeout", Form::Text)],
};

/// Its fields are read by [`LogQuery`] itself.
const FILTER: Object = Object { names: ("filters.input", "input"), fields: &[] };

const TRACE_CALL: Object = Object { names: ("tracers.TraceCallConfig", "TraceCallConfig"), fields: TRACE.fields };

/// What is wrong with a value.
#[derive(Debug)]
enum Fault {
    /// It is this, which is no value of a type.
    Typed(&'static str, &'static str),
    /// In so many words.
    Plain(String),
}

impl Fault {
    /// geth's words, of a value or of this field of an object.
    fn words(self, field: Option<(&str, &str)>) -> String {
        match (self, field) {
            (Self::Typed(what, ty), None) => format!("json: cannot unmarshal {what} into Go value of type {ty}"),
            (Self::Typed(what, ty), Some((owner, name))) => {
                format!("json: cannot unmarshal {what} into Go struct field {owner}.{name} of type {ty}")
            }
            (Self::Plain(words), _) => words,
        }
    }
}

/// Holds a parameter of type `T` against its form. Types without one are left to their own reading.
///
/// # Errors
/// geth's words.
pub(crate) fn check<T: 'static>(json: &str) -> Result<(), String> {
    let of = |ty: TypeId| ty == TypeId::of::<T>();
    let form = match () {
        () if of(TypeId::of::<Address>()) => ADDRESS,
        () if of(TypeId::of::<B256>()) => HASH,
        () if of(TypeId::of::<Bytes>()) => BYTES,
        () if of(TypeId::of::<U64>()) => UINT64,
        () if of(TypeId::of::<U256>()) => BIG,
        () if of(TypeId::of::<String>()) => Form::Text,
        () if of(TypeId::of::<bool>()) => Form::Flag,
        () if of(TypeId::of::<Vec<f64>>()) => Form::Numbers,
        () if of(TypeId::of::<LogQuery>()) => Form::Object(&FILTER),
        () if of(TypeId::of::<BlockNumberOrTag>()) => Form::Block,
        () if of(TypeId::of::<BlockId>()) => Form::BlockOrHash,
        () if of(TypeId::of::<TransactionRequest>()) => Form::Object(&CALL),
        () if of(TypeId::of::<GethDebugTracingOptions>()) => Form::Object(&TRACE),
        () if of(TypeId::of::<GethDebugTracingCallOptions>()) => Form::Object(&TRACE_CALL),
        () => return Ok(()),
    };
    form.check(json).map_err(|fault| fault.words(None))
}

/// Holds the hash in a field of an object against its form.
///
/// # Errors
/// geth's words.
pub(crate) fn check_hash(json: &str, owner: &str, field: &str) -> Result<(), String> {
    HASH.check(json).map_err(|fault| fault.words(Some((owner, field))))
}

impl Form {
    fn check(self, json: &str) -> Result<(), Fault> {
        let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let plain = |words: &str| Fault::Plain(words.to_owned());
        match (self, text) {
            (Self::Quantity(bits, ty), Some(text)) => quantity(text, bits).map_err(|what| Fault::Typed(what, ty)),
            (Self::Fixed(bytes, ty), Some(text)) => {
                let digits = if text.is_empty() { text } else { data(text).map_err(|what| Fault::Typed(what, ty))? };
                let (have, want) = (digits.len(), 2 * bytes);
                if have == want { Ok(()) } else { Err(Fault::Plain(format!("hex string has length {have}, want {want} for {ty}"))) }
            }
            (Self::Data(ty), Some(text)) => data(text).map(|_| ()).map_err(|what| Fault::Typed(what, ty)),
            (Self::Quantity(_, ty) | Self::Fixed(_, ty) | Self::Data(ty), None) => Err(Fault::Typed("non-string", ty)),
            (Self::Block | Self::BlockOrHash, Some("earliest" | "latest" | "pending" | "safe" | "finalized")) | (Self::Text, Some(_)) => {
                Ok(())
            }
            (Self::Block, Some(text)) => {
                quantity(text, 64).map_err(plain)?;
                below_int64(text).ok_or_else(|| plain("block number larger than int64"))
            }
            (Self::Block, None) => Err(plain("hex string without 0x prefix")),
            (Self::BlockOrHash, Some(text)) if text.len() == 66 => data(text).map(|_| ()).map_err(plain),
            (Self::BlockOrHash, Some(text)) => {
                quantity(text, 64).map_err(plain)?;
                below_int64(text).ok_or_else(|| plain("blocknumber too high"))
            }
            (Self::BlockOrHash, None) => block_object(json),
            (Self::Text, None) => Err(Fault::Typed(kind(json), "string")),
            (Self::Flag, _) if json == "true" || json == "false" => Ok(()),
            (Self::Numbers, _) => numbers(json),
            (Self::Flag, _) => Err(Fault::Typed(kind(json), "bool")),
            (Self::Object(object), _) => object.check(json),
        }
    }
}

impl Object {
    fn check(&self, json: &str) -> Result<(), Fault> {
        let (value, owner) = self.names;
        if !json.starts_with('{') {
            return Err(Fault::Typed(kind(json), value));
        }
        // What is no JSON is left to whoever reads it.
        let Ok(given) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else { return Ok(()) };
        for (name, go_name, form) in self.fields {
            if let Some(field) = given.get(*name).filter(|field| field.get() != "null") {
                form.check(field.get()).map_err(|fault| Fault::Plain(fault.words(Some((owner, go_name)))))?;
            }
        }
        Ok(())
    }
}

fn numbers(json: &str) -> Result<(), Fault> {
    let all = serde_json::from_str::<Vec<&RawValue>>(json).map_err(|_| Fault::Typed(kind(json), "[]float64"))?;
    match all.iter().map(|one| kind(one.get())).find(|kind| *kind != "number") {
        Some(kind) => Err(Fault::Typed(kind, "float64")),
        None => Ok(()),
    }
}

/// A block as an object (EIP-1898): number or hash, not both.
fn block_object(json: &str) -> Result<(), Fault> {
    let no_text = || Fault::Typed(kind(json), "string");
    let given = serde_json::from_str::<BTreeMap<String, &RawValue>>(json).map_err(|_| no_text())?;
    let field = |name: &str, form: Form| {
        let field = given.get(name).filter(|field| field.get() != "null");
        field.map_or(Ok(false), |field| form.check(field.get()).map(|()| true).map_err(|_| no_text()))
    };
    match (field("blockNumber", Form::Block)?, field("blockHash", HASH)?) {
        (true, true) => Err(Fault::Plain("cannot specify both BlockHash and BlockNumber, choose one or the other".to_owned())),
        (false, false) => Err(Fault::Plain("must specify either BlockHash or BlockNumber".to_owned())),
        _ => Ok(()),
    }
}

fn quantity(text: &str, bits: u32) -> Result<(), &'static str> {
    let digits = prefixed(text)?;
    match digits.as_bytes() {
        [] => Err("hex string \"0x\""),
        [b'0', _, ..] => Err("hex number with leading zero digits"),
        all if all.len() > bits as usize / 4 => Err(if bits == 64 { "hex number > 64 bits" } else { "hex number > 256 bits" }),
        all if !all.iter().all(u8::is_ascii_hexdigit) => Err("invalid hex string"),
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

/// `None` when a quantity has the 64th bit.
fn below_int64(text: &str) -> Option<()> {
    i64::from_str_radix(&text[2..], 16).ok().map(|_| ())
}

/// What Go calls a JSON value.
pub(crate) fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        Some(b'{') => "object",
        Some(b'"') => "string",
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
        check::<BlockId>(&format!(r#"{{"blockHash":{hash},"blockNumber":null,"requireCanonical":true}}"#)).unwrap();
        check::<BlockId>(r#"{"blockNumber":"latest"}"#).unwrap();
        check::<String>(r#""whatever""#).unwrap();
        assert_eq!(check::<String>("5").unwrap_err(), "json: cannot unmarshal number into Go value of type string");
        assert_eq!(check::<bool>("{}").unwrap_err(), "json: cannot unmarshal object into Go value of type bool");
        check::<u8>("whatever").unwrap();
        for (bad, words) in [
            (&*hash, "hex number > 64 bits"),
            ("5", "hex string without 0x prefix"),
            (r#""""#, "empty hex string"),
            (r#""0x8000000000000000""#, "block number larger than int64"),
        ] {
            assert_eq!(check::<BlockNumberOrTag>(bad).unwrap_err(), words);
        }
        for (bad, words) in [
            (r#""0x8000000000000000""#, "blocknumber too high"),
            (r#""latests""#, "hex string without 0x prefix"),
            ("{}", "must specify either BlockHash or BlockNumber"),
            (r#"{"blockHash":"0x12"}"#, "json: cannot unmarshal object into Go value of type string"),
            ("[]", "json: cannot unmarshal array into Go value of type string"),
        ] {
            assert_eq!(check::<BlockId>(bad).unwrap_err(), words);
        }
        let both = check::<BlockId>(&format!(r#"{{"blockHash":{hash},"blockNumber":"0x1"}}"#)).unwrap_err();
        assert_eq!(both, "cannot specify both BlockHash and BlockNumber, choose one or the other");
    }

    #[test]
    fn fields_of_calls_and_of_tracing_options_are_named_with_what_is_wrong() {
        check::<TransactionRequest>(r#"{"from":null,"value":"0x0","accessList":[],"whatever":1}"#).unwrap();
        for (bad, words) in [
            ("[]", "json: cannot unmarshal array into Go value of type ethapi.TransactionArgs"),
            (r#""0x""#, "json: cannot unmarshal string into Go value of type ethapi.TransactionArgs"),
            (r#"{"to":"0x12"}"#, "hex string has length 2, want 40 for common.Address"),
            (r#"{"to":""}"#, "hex string has length 0, want 40 for common.Address"),
            (r#"{"gas":21000}"#, "json: cannot unmarshal non-string into Go struct field TransactionArgs.gas of type hexutil.Uint64"),
            (
                r#"{"value":"0x01"}"#,
                "json: cannot unmarshal hex number with leading zero digits into Go struct field TransactionArgs.value of type *hexutil.Big",
            ),
            (
                r#"{"data":"0x1"}"#,
                "json: cannot unmarshal hex string of odd length into Go struct field TransactionArgs.data of type hexutil.Bytes",
            ),
        ] {
            assert_eq!(check::<TransactionRequest>(bad).unwrap_err(), words);
        }
        let tracer = check::<GethDebugTracingOptions>(r#"{"tracer":5}"#).unwrap_err();
        assert_eq!(tracer, "json: cannot unmarshal number into Go struct field TraceConfig.Tracer of type string");
    }
}
