//! Positional parameters, read one after the other, with geth's words for what is wrong with them.

use crate::{error::RpcError, forms};
use jsonrpsee::types::Params;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::VecDeque;

/// The parameters of one call. Owned, so that they can move to another thread.
#[derive(Debug)]
pub(crate) struct Args {
    values: VecDeque<Box<RawValue>>,
    taken: usize,
}

impl Args {
    /// Splits the parameters. No parameters and `null` are an empty list.
    pub(crate) fn new(params: &Params<'_>) -> Result<Self, RpcError> {
        let Some(json) = params.as_str().filter(|json| !json.is_empty() && *json != "null") else {
            return Ok(Self { values: VecDeque::new(), taken: 0 });
        };
        let values = serde_json::from_str(json).map_err(|_| RpcError::params("non-array args"))?;
        Ok(Self { values, taken: 0 })
    }

    /// The next parameter, which must be there.
    pub(crate) fn required<T: DeserializeOwned + 'static>(&mut self) -> Result<T, RpcError> {
        let position = self.taken;
        self.optional()?.ok_or_else(|| RpcError::params(format!("missing value for required argument {position}")))
    }

    /// The next parameter, `None` when it is missing or `null`.
    pub(crate) fn optional<T: DeserializeOwned + 'static>(&mut self) -> Result<Option<T>, RpcError> {
        let position = self.taken;
        self.taken += 1;
        let Some(value) = self.values.pop_front().filter(|value| value.get() != "null") else { return Ok(None) };
        forms::check::<T>(value.get()).map_err(|words| RpcError::params(format!("invalid argument {position}: {words}")))?;
        serde_json::from_str(value.get()).map(Some).map_err(|error| {
            let words = error.to_string();
            // Where in the parameter the fault is says nothing to a client that sees the request.
            let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
            RpcError::params(format!("invalid argument {position}: {}", without_type_names(words)))
        })
    }

    /// An error when parameters are left over.
    pub(crate) fn end(self) -> Result<(), RpcError> {
        match self.values.is_empty() {
            true => Ok(()),
            false => Err(RpcError::params(format!("too many arguments, want at most {}", self.taken))),
        }
    }
}

/// The words of a parser without names that only this program knows: «expected struct Filter» is an object to a client.
pub(crate) fn without_type_names(words: &str) -> String {
    let mut told = String::new();
    let mut rest = words;
    while let Some((before, named)) = rest.split_once("expected struct ") {
        told.push_str(before);
        told.push_str("expected an object");
        rest = named.trim_start_matches(|symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_');
    }
    told + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;

    #[test]
    fn words_of_a_parser_name_no_type_of_this_program() {
        let words = "invalid type: integer `5`, expected struct Fields";
        assert_eq!(without_type_names(words), "invalid type: integer `5`, expected an object");
        // geth has some, and clients know them.
        let geth = "json: cannot unmarshal string into Go struct field input.topics of type []interface {}";
        assert_eq!(without_type_names(geth), geth);
    }

    fn args(json: &str) -> Args {
        Args::new(&Params::new(Some(json))).unwrap()
    }

    #[test]
    fn what_is_missing_or_malformed_is_named_by_its_position() {
        let mut given = args(r#"["0x0000000000000000000000000000000000000001", 5]"#);
        assert_eq!(given.required::<Address>().unwrap(), Address::with_last_byte(1));
        let error = given.required::<Address>().unwrap_err();
        assert_eq!(error.code, -32602);
        assert!(error.message.starts_with("invalid argument 1: "), "{}", error.message);
        assert_eq!(given.required::<Address>().unwrap_err().message, "missing value for required argument 2");
    }

    #[test]
    fn null_stands_for_a_parameter_that_is_left_out() {
        let mut given = args("[null, 7]");
        assert_eq!(given.optional::<u64>().unwrap(), None);
        assert_eq!(given.required::<u64>().unwrap(), 7);
        assert!(args("[]").optional::<u64>().unwrap().is_none());
    }

    #[test]
    fn left_over_parameters_are_an_error() {
        let mut given = args("[1, 2]");
        given.required::<u64>().unwrap();
        assert_eq!(given.end().unwrap_err().message, "too many arguments, want at most 1");
        assert_eq!(Args::new(&Params::new(Some("{\"a\":1}"))).unwrap_err().message, "non-array args");
    }
}
