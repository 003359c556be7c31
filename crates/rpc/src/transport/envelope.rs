//! JSON-RPC 2.0 messages as geth reads them: any scalar is an id, of a key that occurs twice the last one counts, keys that nobody knows are passed
//! over, and bytes that are no UTF-8 are replaced rather than refused.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep JSON may be nested (Go's bound).
const MAX_DEPTH: usize = 10_000;

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    /// No message: nothing is answered.
    Nothing,
    /// Not JSON.
    Malformed,
    Single(Message<'a>),
    Batch(Vec<Message<'a>>),
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) enum Message<'a> {
    Call(Call<'a>),
    /// An answer. We ask clients nothing, so that it is passed over.
    Answer,
    /// Neither, with the id if it has one.
    Invalid(Option<&'a RawValue>),
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    /// `None` for a notification: it is executed and not answered.
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) method: String,
    pub(crate) params: Option<&'a RawValue>,
}

impl<'a> Received<'a> {
    /// Reads the first JSON value of `text`; what follows it is not looked at.
    pub(crate) fn read(text: &'a str) -> Self {
        if is_too_deep(text) {
            return Self::Malformed;
        }
        let raw: &RawValue = match serde_json::Deserializer::from_str(text).into_iter().next() {
            Some(Ok(raw)) => raw,
            Some(Err(_)) => return Self::Malformed,
            None => return Self::Nothing,
        };
        if !raw.get().starts_with('[') {
            return Self::Single(Message::read(raw));
        }
        match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(members) => Self::Batch(members.into_iter().map(Message::read).collect()),
            Err(_) => Self::Malformed,
        }
    }
}

impl<'a> Message<'a> {
    fn read(raw: &'a RawValue) -> Self {
        let fields: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        let text = |field: Option<&RawValue>| field.and_then(|field| serde_json::from_str::<String>(field.get()).ok()).unwrap_or_default();
        let method = text(fields.method);
        let is_scalar = |id: &&RawValue| !id.get().starts_with(['{', '[']);
        if text(fields.version) != "2.0" || fields.id.is_some_and(|id| !is_scalar(&id)) {
            return Self::Invalid(fields.id.filter(is_scalar));
        }
        if method.is_empty() {
            return match fields.is_answer && fields.id.is_some() && fields.params.is_none() {
                true => Self::Answer,
                false => Self::Invalid(fields.id),
            };
        }
        Self::Call(Call { id: fields.id, method, params: fields.params })
    }
}

#[derive(Debug, Default)]
struct Fields<'a> {
    version: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    is_answer: bool,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.to_ascii_lowercase().as_str() {
                        "jsonrpc" => fields.version = Some(map.next_value()?),
                        "id" => fields.id = Some(map.next_value()?),
                        "method" => fields.method = Some(map.next_value()?),
                        "params" => fields.params = Some(map.next_value()?),
                        name => {
                            fields.is_answer |= matches!(name, "result" | "error");
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Whether more brackets are open at once than Go would follow. Only long texts can be.
fn is_too_deep(text: &str) -> bool {
    if text.len() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(text: &str) -> Message<'_> {
        match Received::read(text) {
            Received::Single(message) => message,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn any_scalar_is_an_id_and_no_id_makes_a_notification() {
        for id in ["1", "-1", "1.50", "1e400", "null", "true", "\"a\\u0000b\"", "123456789012345678901234567890"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
            let Message::Call(call) = single(&text) else { panic!("{text}") };
            assert_eq!(call.id.unwrap().get(), id);
        }
        let Message::Call(call) = single(r#"{"jsonrpc":"2.0","method":"m"}"#) else { panic!("no call") };
        assert!(call.id.is_none());
        for id in ["{}", "[1]"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
            assert!(matches!(single(&text), Message::Invalid(None)), "{text}");
        }
    }

    #[test]
    fn keys_may_come_twice_in_capitals_and_in_company() {
        let text = r#"{"JSONRPC":"2.0","id":1,"method":"a","other":{"deep":[1]},"Id":2,"method":"b"} and more"#;
        let Message::Call(call) = single(text) else { panic!("no call") };
        assert_eq!((call.id.unwrap().get(), call.method.as_str(), call.params.is_none()), ("2", "b", true));
    }

    #[test]
    fn what_is_neither_call_nor_answer_is_invalid_and_keeps_its_id() {
        for text in [r#"{"id":7,"method":"m"}"#, r#"{"jsonrpc":"1.0","id":7,"method":"m"}"#, r#"{"jsonrpc":"2.0","id":7,"method":5}"#] {
            let Message::Invalid(Some(id)) = single(text) else { panic!("{text}") };
            assert_eq!(id.get(), "7");
        }
        assert!(matches!(single("5"), Message::Invalid(None)));
        assert!(matches!(single(r#"{"jsonrpc":"2.0","id":7,"result":null}"#), Message::Answer));
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_are_none() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(matches!(Received::read(&nested(MAX_DEPTH)), Received::Batch(_)));
        assert!(matches!(Received::read(&nested(MAX_DEPTH + 1)), Received::Malformed));
        let quoted = format!(r#"["\"{}"]"#, "[".repeat(2 * MAX_DEPTH));
        assert!(matches!(Received::read(&quoted), Received::Batch(_)));
        assert!(matches!(Received::read(" \n"), Received::Nothing));
        assert!(matches!(Received::read("{"), Received::Malformed));
    }
}
