//! Transactions that come to a node which builds no blocks: the sequencer is sent them, and its answer is ours.

use alloy_primitives::B256;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tributary_chain::{Accepted, Refusal, Submission};
use tributary_client::{Client, Error};

/// Submissions that may wait to be sent on; clients beyond that wait for room.
const SUBMISSIONS: usize = 1_024;

/// Transactions that the sequencer is sent at a time.
const AT_A_TIME: usize = 64;

/// Starts to send transactions to `sequencer`, or to refuse them where there is none. Ends when nobody can hand one in any more.
pub(crate) fn start(sequencer: Option<Client>) -> mpsc::Sender<Submission> {
    let (submit, mut submissions) = mpsc::channel::<Submission>(SUBMISSIONS);
    tokio::spawn(async move {
        let permits = Arc::new(Semaphore::new(AT_A_TIME));
        while let Some(Submission { tx, reply, .. }) = submissions.recv().await {
            let Some(client) = sequencer.clone() else {
                // The client may have gone meanwhile, here and below.
                let _ = reply.send(Err(Refusal::NotTaken));
                continue;
            };
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            tokio::spawn(async move {
                // Once, and with nothing made of the answer: what it says is what our client is told.
                let answer = client.request_once::<B256>("eth_sendRawTransaction", [&tx.encoded]).await;
                let _ = reply.send(answer.map(|_| Accepted::Queued).map_err(refusal));
                drop(permit);
            });
        }
    });
    submit
}

/// What the sequencer says against a transaction, in its words; that it does not answer, in ours.
fn refusal(error: Error) -> Refusal {
    match error {
        Error::Rejected { fault, .. } => Refusal::Elsewhere { code: fault.code, words: fault.message },
        _ => Refusal::Unreachable,
    }
}
