//! A node's status in one line, and its milestones as log lines.

use tributary_node::Status;

/// The live line.
pub(crate) fn line(status: &Status) -> String {
    let batch = match &status.last_batch {
        Some(batch) => format!("batch {}–{} in L1 block {} ({} B)", batch.first, batch.last, batch.l1_block, batch.bytes),
        None => "no batch yet".to_owned(),
    };
    let proposal = status.last_proposal.map_or_else(String::new, |block| format!(" · proposed {block}"));
    format!(
        "unsafe {} · safe {} · finalized {} · L1 {} · {} tx · {batch}{proposal}",
        status.unsafe_head, status.safe_head, status.finalized_head, status.l1_head, status.transactions
    )
}

/// Logs what is worth a line in a file: batches and proposals, each once.
#[derive(Debug, Default)]
pub(crate) struct Narrator {
    batch: Option<u64>,
    proposal: Option<u64>,
}

impl Narrator {
    /// Compares with what was told before.
    pub(crate) fn tell(&mut self, status: &Status) {
        if let Some(batch) = &status.last_batch
            && self.batch.replace(batch.last) != Some(batch.last)
        {
            tracing::info!(
                first = batch.first,
                last = batch.last,
                bytes = batch.bytes,
                l1_block = batch.l1_block,
                l1_transaction = %batch.l1_tx,
                safe = status.safe_head,
                finalized = status.finalized_head,
                transactions = status.transactions,
                "batch on L1"
            );
        }
        if let Some(block) = status.last_proposal
            && self.proposal.replace(block) != Some(block)
        {
            tracing::info!(block, "output root on L1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use tributary_node::BatchStatus;

    #[test]
    fn the_line_has_heads_transactions_and_the_last_batch() {
        let mut status = Status { unsafe_head: 9, safe_head: 6, finalized_head: 2, l1_head: 5, transactions: 41, ..Default::default() };
        assert_eq!(line(&status), "unsafe 9 · safe 6 · finalized 2 · L1 5 · 41 tx · no batch yet");
        status.last_batch = Some(BatchStatus { l1_tx: B256::ZERO, l1_block: 4, first: 3, last: 6, bytes: 812 });
        status.last_proposal = Some(6);
        assert!(line(&status).ends_with("41 tx · batch 3–6 in L1 block 4 (812 B) · proposed 6"));
    }
}
