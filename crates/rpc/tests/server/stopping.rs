//! A server that stops, and is gone with its process right after.

use crate::rig::Rig;
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

#[test]
fn what_was_written_arrives_although_the_process_ends_and_the_client_had_more_to_send() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(Rig::rollup());
    let mut client = TcpStream::connect(rig.address).unwrap();
    // The precompile gives back what it is given: more than the client's side of the connection takes without being read.
    let data = "ab".repeat(600_000);
    let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{{"to":"0x{:040x}","data":"0x{data}"}},"latest"]}}"#, 4);
    write!(client, "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{call}", call.len())
        .unwrap();
    let mut answer = vec![0; 1];
    client.read_exact(&mut answer).unwrap();
    // Nobody will read this.
    client.write_all(&vec![b'x'; 100_000]).unwrap();
    let reader = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        client.read_to_end(&mut answer).map(|_| answer)
    });
    runtime.block_on(rig.server.stop());
    // As a process does that ends.
    runtime.shutdown_background();
    let answer = String::from_utf8(reader.join().unwrap().unwrap()).unwrap();
    assert!(answer.contains(&data), "cut off after {} bytes", answer.len());
}
