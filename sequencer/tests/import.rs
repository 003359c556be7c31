//! `tributary import` and `tributary serve` as their user meets them, on the chain of ethereum/execution-apis where the shared data is.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]
#![allow(clippy::disallowed_macros, reason = "a test says why it was skipped")]

#[allow(dead_code, reason = "each test file uses its own part")]
mod node;

use node::{complaint, run, tributary};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The chain's folder, unpacked; `None` where the shared data is absent.
fn chain(into: &Path) -> Option<PathBuf> {
    let shared = std::env::var_os("TRIBUTARY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
        .join("conformance/small.tar.xz");
    if !shared.exists() {
        println!("skipped: no conformance tests in TRIBUTARY_SHARED or ../shared");
        return None;
    }
    let unpacked = Command::new("tar").arg("xf").arg(shared).arg("-C").arg(into).arg("rpc-compat").status().unwrap();
    assert!(unpacked.success());
    Some(into.join("rpc-compat"))
}

fn import(genesis: &Path, chain: &Path, datadir: &Path) -> std::process::Output {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    run(&["import", "--genesis", &path(genesis), &path(chain), "--datadir", &path(datadir)])
}

#[test]
fn an_import_that_was_cut_off_goes_on_and_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let Some(data) = chain(dir.path()) else { return };
    let (genesis, whole, datadir) = (data.join("genesis.json"), data.join("chain.rlp"), dir.path().join("data"));
    let part = dir.path().join("part.rlp");
    fs::write(&part, &fs::read(&whole).unwrap()[..30_000]).unwrap();
    assert!(complaint(import(&genesis, &part, &datadir)).ends_with("ends in the middle of a block"));
    let done = import(&genesis, &whole, &datadir);
    assert!(done.status.success());
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("imported 34 blocks (20 were there)") && told.contains("block 54 0xd226371d"), "{told}");

    let mut server = tributary(&["serve", "--datadir", datadir.to_str().unwrap(), "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("http://").unwrap().split_whitespace().next().unwrap();
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["finalized",false]}"#;
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{request}", request.len()).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#""number":"0x36","hash":"0xd226371d"#), "{answer}");
    assert!(complaint(import(&genesis, &whole, &datadir)).contains("in use already"));
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn what_cannot_be_imported_or_served_is_told_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let genesis = dir.path().join("genesis.json");
    fs::write(&genesis, r#"{"config":{"chainId":5},"difficulty":"0x1","gasLimit":"0x1388","alloc":{}}"#).unwrap();
    let datadir = dir.path().join("data");
    assert!(complaint(run(&["serve", "--datadir", datadir.to_str().unwrap()])).contains("holds no imported chain"));
    assert!(complaint(import(&genesis, &genesis, &datadir)).contains("is not a sequence of blocks in RLP"));
    assert!(complaint(import(&genesis, &dir.path().join("absent.rlp"), &datadir)).contains("absent.rlp"));
    let other = dir.path().join("other.json");
    fs::write(&other, r#"{"config":{"chainId":6},"difficulty":"0x1","gasLimit":"0x1388","alloc":{}}"#).unwrap();
    assert!(complaint(import(&other, &genesis, &datadir)).contains("another genesis"));
}
