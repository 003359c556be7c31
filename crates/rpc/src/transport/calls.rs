//! From a message to its answer: calls, notifications and batches, with geth's words and codes for what cannot be answered.
//!
//! Calls of a batch run in order. A run of `eth_sendRawTransaction` in it is decoded together and waits for its acknowledgements together, so that a
//! client that sends a hundred transactions at once waits for the disk about once.

use super::{
    envelope::{Call, Message, Received},
    memory::{Full, Leave, Memory},
};
use crate::{
    api::Api,
    args::Args,
    error::{RpcError, code},
    eth::transaction::{send_all, send_arguments},
    ids::HexIds,
};
use jsonrpsee::{
    ConnectionId, Extensions, MethodCallback, MethodResponse, MethodSink, Methods, SubscriptionState,
    server::BoundedSubscriptions,
    types::{ErrorObjectOwned, Id, Params, error::OVERSIZED_RESPONSE_CODE},
};
use serde_json::value::RawValue;
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Longest name of a method that is looked up (geth's bound), bytes.
const MAX_METHOD: usize = 2048;
/// What every response of a call without id begins with.
const HEAD: &str = r#"{"jsonrpc":"2.0","id":null,"#;

/// Answers messages of one connection. Without `link` it knows no subscriptions.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) api: Arc<Api>,
    pub(crate) methods: Methods,
    pub(crate) memory: Memory,
    pub(crate) link: Option<Link>,
}

/// What subscriptions belong to: a connection on which they can be told.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) connection: ConnectionId,
    pub(crate) subscriptions: BoundedSubscriptions,
}

/// Notifications of a subscription, to be passed on once its answer is.
pub(crate) type Notifications = mpsc::Receiver<Box<RawValue>>;

/// What goes back to the client.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// JSON; `None` where nothing is answered.
    pub(crate) json: Option<String>,
    /// Leave to hold it, if it is large.
    pub(crate) leave: Option<Leave>,
    /// Subscriptions that the answer tells of.
    pub(crate) started: Vec<Notifications>,
}

/// The rest of a response after its id: `"result":…}` or `"error":…}`.
type Tail = String;

impl Session {
    /// Answers what a client sent.
    pub(crate) async fn answer(&self, bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes);
        let mut started = Vec::new();
        let received = Received::read(&text);
        let json = match &received {
            Received::Nothing => None,
            Received::Malformed => Some(response(None, &failure(RpcError::parse()))),
            Received::Single(message) => self.single(message, &mut started).await,
            Received::Batch(messages) => self.batch(messages, &mut started).await,
        };
        match self.memory.answer(json.as_ref().map_or(0, String::len)) {
            Ok(leave) => Answer { json, leave, started },
            // A subscription's answer is small, but it may be in a large batch.
            Err(Full) => Answer { json: Some(refusal(&received, RpcError::limit("server is busy, try again later"))), ..Answer::default() },
        }
    }

    async fn single(&self, message: &Message<'_>, started: &mut Vec<Notifications>) -> Option<String> {
        match message {
            Message::Answer => None,
            Message::Invalid(id) => Some(response(*id, &failure(RpcError::invalid_request("invalid request")))),
            Message::Call(call) => {
                let tail = self.call(call, started).await;
                call.id.map(|id| response(Some(id), &tail))
            }
        }
    }

    async fn batch(&self, messages: &[Message<'_>], started: &mut Vec<Notifications>) -> Option<String> {
        let limits = &self.api.chain.limits;
        if messages.is_empty() {
            return Some(response(None, &failure(RpcError::invalid_request("empty batch"))));
        }
        if messages.len() > limits.batch as usize {
            return Some(refused_batch(messages, RpcError::invalid_request("batch too large")));
        }
        let mut responses = Responses { json: String::new(), limit: limits.response_size as usize };
        let mut sends = Vec::new();
        for message in messages {
            if let Message::Call(Call { id: Some(id), method, params }) = message
                && method == "eth_sendRawTransaction"
            {
                sends.push((*id, Args::new(&parameters(*params)).and_then(send_arguments)));
                continue;
            }
            self.send(&mut sends, &mut responses).await;
            if responses.is_full() {
                responses.refuse(message);
            } else if let Some(response) = self.single(message, started).await {
                responses.push(&response);
            }
        }
        self.send(&mut sends, &mut responses).await;
        responses.finish()
    }

    /// Sends the transactions of a run of calls.
    async fn send(&self, sends: &mut Vec<(&RawValue, Result<alloy_primitives::Bytes, RpcError>)>, responses: &mut Responses) {
        if sends.is_empty() {
            return;
        }
        let (ids, raw): (Vec<_>, Vec<_>) = sends.drain(..).unzip();
        for (id, answer) in ids.into_iter().zip(send_all(&self.api, raw).await) {
            let tail = answer.map_or_else(failure, |hash| format!(r#""result":"{hash}"}}"#));
            responses.push(&response(Some(id), &tail));
        }
    }

    async fn call(&self, call: &Call<'_>, started: &mut Vec<Notifications>) -> Tail {
        self.run(call, started).await.unwrap_or_else(failure)
    }

    async fn run(&self, call: &Call<'_>, started: &mut Vec<Notifications>) -> Result<Tail, RpcError> {
        let Call { method, params, .. } = call;
        if method.len() > MAX_METHOD {
            return Err(RpcError::invalid_request(format!("method name too long: {} > {MAX_METHOD}", method.len())));
        }
        let callback = self.methods.method(method).ok_or_else(|| RpcError::unknown_method(method))?;
        let limit = self.api.chain.limits.response_size as usize;
        let (params, extensions) = (parameters(*params), Extensions::new());
        let connection = self.link.as_ref().map_or(ConnectionId(0), |link| link.connection);
        let response = match callback {
            MethodCallback::Sync(method) => {
                catch_unwind(AssertUnwindSafe(|| method(Id::Null, params, limit, extensions))).map_err(|_| RpcError::crashed())?
            }
            MethodCallback::Async(method) => caught(method(Id::Null, params.into_owned(), connection, limit, extensions)).await?,
            MethodCallback::Subscription(method) => {
                let link = self.link.as_ref().ok_or_else(RpcError::no_notifications)?;
                let permit = link.subscriptions.acquire().ok_or_else(|| {
                    RpcError::limit(format!("too many subscriptions on this connection, at most {}", link.subscriptions.max()))
                })?;
                let (sink, mut notifications) = mpsc::channel(self.api.chain.limits.backlog.max(1) as usize);
                let state = SubscriptionState { conn_id: connection, id_provider: &HexIds, subscription_permit: permit };
                let response = caught(method(Id::Null, params.into_owned(), MethodSink::new(sink), state, extensions)).await?;
                // The answer itself comes first; it goes out with the id that the client gave.
                let _ = notifications.try_recv();
                if response.is_success() {
                    started.push(notifications);
                }
                response
            }
            MethodCallback::Unsubscription(method) => {
                let mut args = Args::new(&params)?;
                args.required::<String>()?;
                args.end()?;
                let response = method(Id::Null, params, connection, limit, extensions);
                if response.as_ref().ends_with(r#""result":false}"#) {
                    return Err(RpcError::server("subscription not found"));
                }
                response
            }
        };
        finished(&response)
    }
}

/// The responses of a batch.
#[derive(Debug)]
struct Responses {
    json: String,
    limit: usize,
}

impl Responses {
    fn push(&mut self, response: &str) {
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.json.push_str(response);
    }

    /// Whether the calls that are left are refused.
    fn is_full(&self) -> bool {
        self.json.len() > self.limit
    }

    fn refuse(&mut self, message: &Message<'_>) {
        if let Message::Call(Call { id: Some(id), .. }) | Message::Invalid(Some(id)) = message {
            self.push(&response(Some(id), &failure(RpcError::response_too_large())));
        }
    }

    /// `None` when there was nothing to answer.
    fn finish(self) -> Option<String> {
        (!self.json.is_empty()).then(|| self.json + "]")
    }
}

/// What a message is answered with that is refused as a whole.
fn refusal(received: &Received<'_>, error: RpcError) -> String {
    match received {
        Received::Single(Message::Call(call)) => response(call.id, &failure(error)),
        Received::Batch(messages) => refused_batch(messages, error),
        _ => response(None, &failure(error)),
    }
}

/// geth's answer to a batch that it refuses: one error, with the id of the first call that has one.
fn refused_batch(messages: &[Message<'_>], error: RpcError) -> String {
    let id = messages.iter().find_map(|message| match message {
        Message::Call(call) => call.id,
        _ => None,
    });
    format!("[{}]", response(id, &failure(error)))
}

fn parameters(params: Option<&RawValue>) -> Params<'_> {
    Params::new(params.map(RawValue::get))
}

fn response(id: Option<&RawValue>, tail: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},{tail}"#, id.map_or("null", RawValue::get))
}

fn failure(error: RpcError) -> Tail {
    let object = serde_json::to_string(&ErrorObjectOwned::from(error)).expect("invariant: an error object is JSON");
    format!(r#""error":{object}}}"#)
}

/// What a method answered, without version and id.
fn finished(response: &MethodResponse) -> Result<Tail, RpcError> {
    if response.as_error_code() == Some(OVERSIZED_RESPONSE_CODE) {
        return Err(RpcError::response_too_large());
    }
    let tail = response.as_ref().strip_prefix(HEAD).expect("invariant: a response begins with version and id");
    Ok(tail.to_owned())
}

/// Waits for a method; when it panics that is an error of this call and of nothing else.
async fn caught(method: Pin<Box<dyn Future<Output = MethodResponse> + Send>>) -> Result<MethodResponse, RpcError> {
    let mut method = pin!(method);
    std::future::poll_fn(move |context| {
        let poll = catch_unwind(AssertUnwindSafe(|| method.as_mut().poll(context)));
        match poll {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err(RpcError::crashed())),
        }
    })
    .await
}

impl RpcError {
    fn parse() -> Self {
        Self { code: code::PARSE, message: "parse error".to_owned(), data: None }
    }

    fn invalid_request(message: impl ToString) -> Self {
        Self { code: code::INVALID_REQUEST, message: message.to_string(), data: None }
    }

    fn unknown_method(method: &str) -> Self {
        Self { code: code::METHOD_NOT_FOUND, message: format!("the method {method} does not exist/is not available"), data: None }
    }

    fn no_notifications() -> Self {
        Self { code: code::METHOD_NOT_FOUND, message: "notifications not supported".to_owned(), data: None }
    }

    fn response_too_large() -> Self {
        Self { code: code::RESPONSE_TOO_LARGE, message: "response too large".to_owned(), data: None }
    }

    fn crashed() -> Self {
        Self { code: code::INTERNAL, message: "method handler crashed".to_owned(), data: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonrpsee::ResponsePayload;

    #[test]
    fn a_methods_response_gets_the_id_that_the_client_gave() {
        let done = MethodResponse::response(Id::Null, ResponsePayload::success("0x1"), 1000);
        let id: Box<RawValue> = serde_json::from_str("-1.50").unwrap();
        assert_eq!(response(Some(&id), &finished(&done).unwrap()), r#"{"jsonrpc":"2.0","id":-1.50,"result":"0x1"}"#);
        let failed = MethodResponse::error(Id::Null, ErrorObjectOwned::owned(-32000, "no", None::<()>));
        assert_eq!(finished(&failed).unwrap(), r#""error":{"code":-32000,"message":"no"}}"#);
    }

    #[test]
    fn a_response_beyond_the_limit_is_an_error_of_its_own() {
        let large = MethodResponse::response(Id::Null, ResponsePayload::success("0".repeat(100)), 50);
        assert_eq!(finished(&large).unwrap_err(), RpcError::response_too_large());
    }

    #[tokio::test]
    async fn a_method_that_panics_is_an_error() {
        let error = caught(Box::pin(async { panic!("on purpose") })).await.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code::INTERNAL, "method handler crashed"));
    }
}
