//! The load: signed transactions, the requests that carry them, and the threads that send them.

use super::measure::Error;
use crate::{
    rpc::{Rpc, RpcError},
    token,
    wallet::{Signed, Wallet},
};
use alloy_primitives::{Address, keccak256};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Chain id of all contenders.
pub(super) const CHAIN_ID: u64 = 630_925;

/// How long a paced measurement goes on at most.
const BEHIND: Duration = Duration::from_secs(20);

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sends one wei.
    Transfer,
    /// Moves one unit of the token.
    Token(Address),
}

/// Transactions of one sender, in the order of their nonces.
pub(super) type Lane = Vec<Signed>;

/// Signs `count` transactions for each account of `accounts`. Recipients are a thousand accounts in turn.
pub(super) fn sign(accounts: std::ops::Range<u32>, count: usize, kind: Kind) -> Vec<Lane> {
    let sign = |account: u32| {
        let mut wallet = Wallet::funded(account, CHAIN_ID);
        let transaction = |index: usize| {
            let recipient = Address::from_word(keccak256(((index as u64 + u64::from(account) * 37) % 1000).to_be_bytes()));
            match kind {
                Kind::Transfer => wallet.transfer(recipient, 1),
                Kind::Token(token) => wallet.call(token, token::transfer(recipient, 1), token::TRANSFER_GAS),
            }
        };
        (0..count).map(transaction).collect()
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = accounts.map(|account| scope.spawn(move || sign(account))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("invariant: signing does not fail")).collect()
    })
}

/// One HTTP request for `transactions`: a batch when there are several.
fn request(rpc: &Rpc, method: &str, transactions: &[Signed]) -> Vec<u8> {
    let call = |(id, transaction): (usize, &Signed)| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":[{}]}}"#, transaction.json())
    };
    let calls: Vec<String> = transactions.iter().enumerate().map(call).collect();
    match &calls[..] {
        [one] => rpc.request(one),
        many => rpc.request(&format!("[{}]", many.join(","))),
    }
}

/// Sends one request; fails unless every transaction in it was accepted.
fn deliver(rpc: &mut Rpc, request: &[u8]) -> Result<(), Error> {
    const ERROR: &[u8] = b"\"error\"";
    let answer = rpc.exchange(request)?;
    if answer.windows(ERROR.len()).any(|bytes| bytes == ERROR) {
        return Err(RpcError::Answer(String::from_utf8_lossy(&answer).chars().take(500).collect()).into());
    }
    Ok(())
}

/// Sends each lane over its own connection as fast as the node answers, `batch` transactions a request, for `time` or until there are no more.
/// How many were acknowledged.
pub(super) fn flood(url: &str, lanes: &[Lane], batch: usize, time: Duration) -> Result<usize, Error> {
    let send = |lane: &Lane| -> Result<usize, Error> {
        let mut rpc = Rpc::connect(url)?;
        let start = Instant::now();
        let mut sent = 0;
        for transactions in lane.chunks(batch).take_while(|_| start.elapsed() < time) {
            let request = request(&rpc, "eth_sendRawTransaction", transactions);
            deliver(&mut rpc, &request)?;
            sent += transactions.len();
        }
        Ok(sent)
    };
    thread::scope(|scope| {
        let senders: Vec<_> = lanes.iter().map(|lane| scope.spawn(|| send(lane))).collect();
        senders.into_iter().map(|sender| sender.join().expect("invariant: senders do not panic")).sum()
    })
}

/// Asks these questions in turn over so many connections, one a request, for `time`. How many were answered.
pub(super) fn ask(url: &str, questions: &[String], connections: usize, time: Duration) -> Result<usize, Error> {
    let send = |first: usize| -> Result<usize, Error> {
        let mut rpc = Rpc::connect(url)?;
        let requests: Vec<_> = questions.iter().map(|question| rpc.request(question)).collect();
        let start = Instant::now();
        let mut answered = 0;
        for request in requests.iter().cycle().skip(first).take_while(|_| start.elapsed() < time) {
            deliver(&mut rpc, request)?;
            answered += 1;
        }
        Ok(answered)
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..connections).map(|number| scope.spawn(move || send(number * 7))).collect();
        askers.into_iter().map(|asker| asker.join().expect("invariant: askers do not panic")).sum()
    })
}

/// Sends `rate` transactions a second, each at its time, whatever became of those before it, as far as there is a free connection. How long
/// each took from the time at which it should have been sent to its acknowledgement, in order of duration. A node that cannot keep up is left
/// after [`BEHIND`].
pub(super) fn paced(url: &str, lanes: &[Lane], method: &str, rate: u32) -> Result<Vec<Duration>, Error> {
    let start = Instant::now() + Duration::from_millis(100);
    let every = Duration::from_secs(1) / rate;
    let send = |number: usize, lane: &Lane| -> Result<Vec<Duration>, Error> {
        let mut rpc = Rpc::connect(url)?;
        let mut taken = Vec::with_capacity(lane.len());
        for (turn, transaction) in lane.iter().enumerate() {
            let request = request(&rpc, method, std::slice::from_ref(transaction));
            if start.elapsed() > BEHIND {
                break;
            }
            let due = start + every * u32::try_from(turn * lanes.len() + number).expect("invariant: few transactions");
            thread::sleep(due.saturating_duration_since(Instant::now()));
            deliver(&mut rpc, &request)?;
            taken.push(due.elapsed());
        }
        Ok(taken)
    };
    let taken: Result<Vec<_>, Error> = thread::scope(|scope| {
        let senders: Vec<_> = lanes.iter().enumerate().map(|(number, lane)| scope.spawn(move || send(number, lane))).collect();
        senders.into_iter().map(|sender| sender.join().expect("invariant: senders do not panic")).collect()
    });
    let mut taken = taken?.concat();
    taken.sort_unstable();
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_has_its_own_sender_and_one_nonce_after_the_other() {
        let lanes = sign(3..5, 3, Kind::Transfer);
        assert_eq!(lanes.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
        let mut wallet = Wallet::funded(4, CHAIN_ID);
        wallet.nonce = 2;
        let recipient = Address::from_word(keccak256((2u64 + 4 * 37).to_be_bytes()));
        assert_eq!(lanes[1][2].hash, wallet.transfer(recipient, 1).hash);
    }
}
