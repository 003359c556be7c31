//! Which accounts a block changed.

use crate::rig::{COUNTER, REVERTER, Rig};
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};

fn holds(list: &Value, address: Address) -> bool {
    list.as_array().unwrap().contains(&json!(address))
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_modified_by_what_they_pay_and_by_their_storage() {
    let rig = Rig::rollup().await;
    rig.send(0, 0, COUNTER, Bytes::new()).await;
    let first = rig.seal().await;
    rig.send(1, 0, REVERTER, Bytes::new()).await;
    let second = rig.seal().await;
    let by_number = async |params: Value| rig.ok("debug_getModifiedAccountsByNumber", params).await;
    let of_first = by_number(json!([1])).await;
    assert!(holds(&of_first, rig.who(0)) && holds(&of_first, COUNTER) && !holds(&of_first, rig.who(1)), "{of_first}");
    assert_eq!(by_number(json!([0, 1])).await, of_first);
    assert_eq!(by_number(json!(["0x0", "0x1"])).await, of_first);
    let of_second = by_number(json!([2])).await;
    assert!(holds(&of_second, rig.who(1)), "{of_second}");
    assert!(!holds(&of_second, COUNTER) && !holds(&of_second, REVERTER), "a reverted call changes nobody else");
    let both = by_number(json!([0, 2])).await;
    assert!(holds(&both, rig.who(0)) && holds(&both, rig.who(1)) && holds(&both, COUNTER), "{both}");
    assert_eq!(rig.ok("debug_getModifiedAccountsByHash", json!([first])).await, of_first);
    assert_eq!(rig.ok("debug_getModifiedAccountsByHash", json!([first, second])).await, of_second);
}
