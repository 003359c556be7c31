//! A JSON-RPC client of a few lines.

use crate::error::Error;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// A JSON-RPC endpoint over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    http: reqwest::Client,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Response {
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    message: String,
    data: Option<Value>,
}

impl Rpc {
    /// The endpoint at `url`. Nothing is sent yet.
    pub(crate) fn new(url: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned() }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Calls `method`. `params` is an array.
    pub(crate) async fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, Error> {
        let unreachable = |error: reqwest::Error| Error::Unreachable { url: self.url.clone(), reason: root_cause(&error) };
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.http.post(&self.url).json(&request).send().await.map_err(unreachable)?;
        let response: Response = answer.json().await.map_err(unreachable)?;
        if let Some(refusal) = response.error {
            let data = refusal.data.map_or_else(String::new, |data| format!(" {data}"));
            return Err(Error::Refused { method: method.to_owned(), message: format!("{}{data}", refusal.message) });
        }
        serde_json::from_value(response.result).map_err(|error| Error::Answer { method: method.to_owned(), reason: error.to_string() })
    }
}

/// The innermost reason: reqwest's own words only say that a request was not sent.
fn root_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[tokio::test]
    async fn nobody_there_is_said_in_one_line() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = Rpc::new(&format!("http://{free}")).call::<Value>("eth_chainId", json!([])).await.unwrap_err().to_string();
        assert!(error.contains("does not answer") && error.contains("tributary dev"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
