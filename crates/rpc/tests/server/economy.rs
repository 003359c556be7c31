//! Questions about the economy, whose index is a moment behind the chain.

use crate::{rig::Rig, wire};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_waits_for_the_index_to_come_to_the_block_that_was_the_newest_when_it_was_asked() {
    // On a machine that stands still for long, the index comes too late once, and not each time.
    for attempt in 0.. {
        let (rig, told) = Rig::indexed().await;
        let chain = rig.chain.clone();
        let follow = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let head = chain.store.heads().unwrap().unsafe_head;
            let block = chain.store.block(head.hash).unwrap().unwrap().block;
            let index = &chain.rollup.as_ref().unwrap().index.as_ref().unwrap().index;
            let mut writer = index.write().unwrap();
            writer.block(head, (&block, &[]), 0).unwrap();
            writer.commit().unwrap();
            told.send_replace(Some(head));
        });
        let answer = wire::call(rig.address, "tributary_datanets", json!([])).await;
        follow.await.unwrap();
        match answer {
            Ok(answer) => return assert_eq!((&answer["blockNumber"], &answer["items"]), (&json!("0x0"), &json!([]))),
            Err(error) => assert!(attempt < 5, "{error:?}"),
        }
    }
}
