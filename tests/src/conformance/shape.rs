//! Whether an answer is of the same kind as an expected one, whatever its values.

use super::{Failure, rpc::brief};
use serde_json::{Map, Value};

/// Fields that the specification leaves to the node, though the expected answer has them.
const OPTIONAL: [&str; 1] = ["deleteStrategy"];

/// Fails unless `got` has the shape of `expected`: the same JSON types, and hexadecimal text where there is some; at least the same fields in objects; every
/// element of a list, and every value of a map (an object whose keys are addresses or numbers), like one of those expected.
pub(super) fn same_shape(path: &str, got: &Value, expected: &Value) -> Result<(), Failure> {
    let differs = || Failure::new(format!("{path} is {}, expected something like {}", brief(got), brief(expected)));
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) if is_map(got) && is_map(expected) => {
            let values: Vec<&Value> = expected.values().collect();
            got.iter().try_for_each(|(key, value)| like_one_of(&format!("{path}.{key}"), value, &values))
        }
        (Value::Object(got), Value::Object(expected)) => expected.iter().try_for_each(|(key, value)| match got.get(key) {
            Some(found) => same_shape(&format!("{path}.{key}"), found, value),
            None if OPTIONAL.contains(&key.as_str()) => Ok(()),
            None => Err(Failure::new(format!("{path}.{key} is missing, expected something like {}", brief(value)))),
        }),
        (Value::Array(got), Value::Array(expected)) if got.is_empty() == expected.is_empty() => {
            let values: Vec<&Value> = expected.iter().collect();
            got.iter().enumerate().try_for_each(|(index, value)| like_one_of(&format!("{path}[{index}]"), value, &values))
        }
        (Value::String(got), Value::String(expected)) if is_hex(got) == is_hex(expected) => Ok(()),
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => Ok(()),
        _ => Err(differs()),
    }
}

/// Fails unless the value has the shape of one of those; of several reasons it gives the first.
fn like_one_of(path: &str, got: &Value, expected: &[&Value]) -> Result<(), Failure> {
    let mut reasons = Vec::new();
    for candidate in expected {
        match same_shape(path, got, candidate) {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(reason),
        }
    }
    // A map that is expected to be empty says nothing of its values.
    reasons.into_iter().next().map_or(Ok(()), Err)
}

fn is_map(object: &Map<String, Value>) -> bool {
    object.keys().all(|key| is_hex(key) || key.parse::<u64>().is_ok())
}

fn is_hex(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_may_differ_and_kinds_may_not() {
        let expected = json!({ "code": "0x60", "gas": 5, "words": "no", "logs": [{ "op": "ADD" }, { "op": "SUB", "memory": ["0x"] }] });
        let with = |key: &str, value: Value| {
            let mut got = expected.clone();
            got[key] = value;
            same_shape("answer", &got, &expected).map_err(|failure| failure.to_string())
        };
        with("code", json!("0x01")).unwrap();
        with("extra", json!(1)).unwrap();
        with("logs", json!([{ "op": "MUL" }])).unwrap();
        for (key, wrong) in [
            ("code", json!("sixty")),
            ("gas", json!("0x5")),
            ("words", json!(null)),
            ("logs", json!([])),
            ("logs", json!([{ "memory": [] }])),
        ] {
            assert!(with(key, wrong.clone()).unwrap_err().starts_with(&format!("answer.{key}")), "{key}: {wrong}");
        }
        assert!(same_shape("answer", &json!({}), &json!({ "result": 1 })).is_err());
    }

    #[test]
    fn the_keys_of_a_map_are_not_fields() {
        let expected = json!({ "pending": { "0x01": { "7": { "gas": "0x1" } } } });
        same_shape("answer", &json!({ "pending": { "0x02": { "8": { "gas": "0x2" } } } }), &expected).unwrap();
        same_shape("answer", &json!({ "pending": {} }), &expected).unwrap();
        same_shape("answer", &json!({ "pending": { "0x02": { "8": { "fee": "0x2" } } } }), &expected).unwrap_err();
    }
}
