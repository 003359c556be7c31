//! Ether that moves, as logs: `traceTransfers` of `eth_simulateV1` (execution-apis), which writes them like the `Transfer` events of an ERC-20.

use alloy_primitives::{Address, B256, Log, U256, address, b256};
use revm::{
    Inspector,
    context::ContextTr,
    context_interface::JournalTr,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome},
};

/// The address that such logs come from.
const EMITTER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// keccak256("Transfer(address,address,uint256)").
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// A transfer, and how many of the transaction's logs were written before it.
#[derive(Debug)]
struct Transfer {
    /// `None` until the frame ends, for a self-destruct: it is the last thing that its frame does.
    after: Option<usize>,
    number: u64,
    log: Log,
}

/// Numbers the logs of one transaction, and records its transfers among them. What a failing frame wrote and moved is forgotten, but its numbers are not
/// given out again: so geth counts.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    /// Whether transfers are recorded.
    traced: bool,
    /// The number of the next log of the block.
    next: u64,
    found: Vec<Transfer>,
    /// The numbers of the transaction's logs so far.
    numbers: Vec<u64>,
    /// For each open frame, how many transfers there were before it.
    frames: Vec<usize>,
}

impl Transfers {
    /// For a transaction whose first log has the number `next` in its block.
    pub(crate) fn new(traced: bool, next: u64) -> Self {
        Self { traced, next, ..Default::default() }
    }

    /// The transaction's logs with its transfers among them, in the order of events and with their numbers; and the next number.
    pub(crate) fn merge(mut self, logs: Vec<Log>) -> (Vec<(u64, Log)>, u64) {
        self.see(logs.len());
        let mut merged = Vec::with_capacity(logs.len() + self.found.len());
        let mut transfers = self.found.into_iter().peekable();
        let count = logs.len();
        for (index, (log, number)) in logs.into_iter().zip(self.numbers).enumerate() {
            while let Some(transfer) = transfers.next_if(|transfer| transfer.after.unwrap_or(count) <= index) {
                merged.push((transfer.number, transfer.log));
            }
            merged.push((number, log));
        }
        merged.extend(transfers.map(|transfer| (transfer.number, transfer.log)));
        (merged, self.next)
    }

    /// Gives numbers to logs that have none yet, of `logs` that there are.
    fn see(&mut self, logs: usize) {
        while self.numbers.len() < logs {
            self.numbers.push(self.next);
            self.next += 1;
        }
    }

    fn enter(&mut self, logs: usize, from: Address, to: Address, value: U256) {
        self.see(logs);
        self.frames.push(self.found.len());
        self.push(Some(logs), from, to, value);
    }

    fn push(&mut self, after: Option<usize>, from: Address, to: Address, value: U256) {
        if self.traced && !value.is_zero() {
            let topics = vec![TRANSFER, from.into_word(), to.into_word()];
            let log = Log::new_unchecked(EMITTER, topics, value.to_be_bytes_vec().into());
            self.found.push(Transfer { after, number: self.next, log });
            self.next += 1;
        }
    }

    fn leave(&mut self, logs: usize, succeeded: bool) {
        let Some(before) = self.frames.pop() else { return };
        if succeeded {
            self.see(logs);
        } else {
            self.found.truncate(before);
            self.numbers.truncate(logs);
        }
        self.found.iter_mut().filter(|transfer| transfer.after.is_none()).for_each(|transfer| transfer.after = Some(logs));
    }
}

impl<CTX: ContextTr> Inspector<CTX> for Transfers {
    fn log(&mut self, context: &mut CTX, _: Log) {
        self.see(context.journal().logs().len());
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let value = inputs.transfer_value().unwrap_or_default();
        self.enter(context.journal().logs().len(), inputs.transfer_from(), inputs.transfer_to(), value);
        None
    }

    fn call_end(&mut self, context: &mut CTX, _: &CallInputs, outcome: &mut CallOutcome) {
        self.leave(context.journal().logs().len(), outcome.result.is_ok());
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        // A caller that cannot be loaded fails the creation itself.
        let nonce = context.journal_mut().load_account(inputs.caller()).map_or(0, |account| account.data.info.nonce);
        let created = inputs.created_address(nonce);
        self.enter(context.journal().logs().len(), inputs.caller(), created, inputs.value());
        None
    }

    fn create_end(&mut self, context: &mut CTX, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.leave(context.journal().logs().len(), outcome.result.is_ok());
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.push(None, contract, target, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::repeat_byte(0xa);
    const B: Address = Address::repeat_byte(0xb);

    fn log(byte: u8) -> Log {
        Log::new_unchecked(Address::repeat_byte(byte), Vec::new(), Default::default())
    }

    fn merged(transfers: Transfers, logs: Vec<Log>) -> Vec<(u64, u8)> {
        transfers.merge(logs).0.iter().map(|(number, log)| (*number, log.address[0])).collect()
    }

    #[test]
    fn transfers_stand_among_the_logs_where_they_happened() {
        let mut transfers = Transfers::new(true, 5);
        transfers.enter(0, A, B, U256::from(1));
        transfers.enter(1, B, A, U256::from(1));
        transfers.see(2);
        transfers.push(None, A, B, U256::from(9));
        transfers.leave(2, true);
        transfers.leave(3, true);
        let expected = [(5, 0xee), (6, 1), (7, 0xee), (8, 2), (9, 0xee), (10, 3)];
        assert_eq!(merged(transfers, vec![log(1), log(2), log(3)]), expected);
    }

    #[test]
    fn what_a_failing_frame_moved_did_not_move_but_was_counted() {
        let mut transfers = Transfers::new(true, 0);
        transfers.enter(0, A, B, U256::from(1));
        transfers.enter(0, B, A, U256::from(1));
        transfers.see(1);
        transfers.leave(0, false);
        transfers.enter(0, B, A, U256::ZERO);
        transfers.leave(0, true);
        transfers.leave(1, true);
        assert_eq!(merged(transfers, vec![log(7)]), [(0, 0xee), (3, 7)]);
    }

    #[test]
    fn untraced_transfers_are_not_there() {
        let mut transfers = Transfers::new(false, 2);
        transfers.enter(0, A, B, U256::from(1));
        transfers.leave(1, true);
        assert_eq!(merged(transfers, vec![log(7)]), [(2, 7)]);
    }
}
