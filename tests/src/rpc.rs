//! A JSON-RPC client of one HTTP connection, as thin as one can be: what it measures is the node.

use serde_json::{Value, json};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may take. A guard against waiting for ever, not a limit that a test checks.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The connection failed or was closed.
    #[error("connection: {0}")]
    Connection(#[from] io::Error),
    /// The answer is not what HTTP or JSON-RPC allow.
    #[error("answer: {0}")]
    Answer(String),
    /// The node refused.
    #[error("{code}: {message}")]
    Refused {
        /// JSON-RPC error code.
        code: i64,
        /// In words.
        message: String,
        /// The error's `data`, `Null` without one.
        data: Value,
    },
}

/// One keep-alive connection.
#[derive(Debug)]
pub struct Rpc {
    authority: String,
    path: String,
    stream: BufReader<TcpStream>,
}

impl Rpc {
    /// Connects to `http://host:port`, or to a path there.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(url: &str) -> io::Result<Self> {
        let rest = url.trim_start_matches("http://");
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (authority, path) = (authority.to_owned(), format!("/{path}"));
        let stream = TcpStream::connect(&authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { authority, path, stream: BufReader::new(stream) })
    }

    /// Calls a method; its result.
    ///
    /// # Errors
    /// [`RpcError::Refused`] with the node's error; the others when the exchange itself failed.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer = self.exchange(&self.request(&body))?;
        let mut answer: Value = serde_json::from_slice(&answer).map_err(|error| RpcError::Answer(error.to_string()))?;
        match answer["error"].take() {
            Value::Null => Ok(answer["result"].take()),
            error => Err(RpcError::Refused {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: error["data"].clone(),
            }),
        }
    }

    /// A whole HTTP request with this body, for [`Rpc::exchange`].
    pub fn request(&self, body: &str) -> Vec<u8> {
        post(&self.authority, &self.path, body)
    }

    /// Sends a whole HTTP request; the body of the answer.
    ///
    /// # Errors
    /// When the connection fails or the answer's status is not 200.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, RpcError> {
        self.stream.get_mut().write_all(request)?;
        let status = self.line()?;
        let mut length = None;
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok(),
                Some(_) => {}
                None => break,
            }
        }
        let length = length.ok_or_else(|| RpcError::Answer(format!("{status} without a length")))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        if status.contains(" 200 ") { Ok(body) } else { Err(RpcError::Answer(format!("{status}: {}", String::from_utf8_lossy(&body)))) }
    }

    fn line(&mut self) -> Result<String, RpcError> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn post(authority: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The body of a page, as `curl` gets it.
///
/// # Errors
/// When it cannot be had.
pub fn get(url: &str) -> io::Result<String> {
    let rest = url.trim_start_matches("http://");
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// A quantity of JSON-RPC, `0x…`.
///
/// # Panics
/// When it is none: the node answered something else than the method gives.
pub fn number(quantity: &Value) -> u128 {
    let digits = quantity.as_str().and_then(|text| text.strip_prefix("0x"));
    digits.and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_else(|| panic!("not a quantity: {quantity}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    /// A server that gives each connection's requests these answers.
    fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for body in answers {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).unwrap();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn results_and_refusals_come_over_one_connection() {
        let ok = json!({ "jsonrpc": "2.0", "id": 1, "result": "0x10" }).to_string();
        let no = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": "nonce too low" } }).to_string();
        let mut rpc = Rpc::connect(&server(vec![ok, no])).unwrap();
        assert_eq!(number(&rpc.call("eth_chainId", json!([])).unwrap()), 16);
        let error = rpc.call("eth_sendRawTransaction", json!(["0x"])).unwrap_err();
        assert_eq!(error.to_string(), "-32000: nonce too low");
        assert!(matches!(rpc.call("eth_chainId", json!([])), Err(RpcError::Connection(_))));
    }
}
