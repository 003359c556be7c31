//! The real binary, started on free ports.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::JoinHandle,
};

/// A command of the binary with its log reduced to errors, so that stderr holds what the user must know.
pub(crate) fn tributary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command.args(arguments).env("TRIBUTARY_LOG", "error").env_remove("TRIBUTARY_MNEMONIC");
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    tributary(arguments).output().unwrap()
}

/// What a failing command told its user: exit code 1 and one line on stderr.
pub(crate) fn complaint(output: Output) -> String {
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

/// A running `tributary dev`. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    pub(crate) banner: String,
    rest: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts a node on free ports and waits for its banner.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = tributary(&["dev", "--port", "0", "--l1-port", "0", "--dashboard-port", "0"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Ctrl-C stops") {
            assert_ne!(stdout.read_line(&mut banner).unwrap(), 0, "the node ended: {banner}");
        }
        // What follows is read so that the node never waits for us.
        let rest = std::thread::spawn(move || drop(std::io::copy(&mut stdout, &mut std::io::sink())));
        Self { child, banner, rest: Some(rest) }
    }

    /// The URL in the banner's line that starts with `what`.
    pub(crate) fn url(&self, what: &str) -> &str {
        let line = self.banner.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap()
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        self.rest.take().unwrap().join().unwrap();
        status
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status code and body of a GET.
pub(crate) fn get(url: &str, path: &str) -> (u16, String) {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The answer to a JSON-RPC request.
pub(crate) fn post(url: &str, request: &impl std::fmt::Display) -> String {
    let (address, body) = (url.trim_start_matches("http://"), request.to_string());
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close",
        body.len()
    );
    write!(stream, "{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
