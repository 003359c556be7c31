//! One index by itself: what it takes in, and where it goes back to.

use super::{super::shards::encode_text, *};
use alloy_primitives::Address;

const SKETCHES: Terms = Terms { kind: Kind::Sketch, dim: 32, labelled: false, band: (0, 63) };

fn sketches(contributor: u32, rows: u32, born: u64) -> Shard {
    Shard { kind: Kind::Sketch, contributor, rows, born, payload: vec![1; 33 * rows as usize].into() }
}

fn text(document: &str, born: u64) -> Shard {
    Shard { kind: Kind::Text, contributor: 1, rows: 1, born, payload: encode_text(&[], document) }
}

#[test]
fn a_shard_that_claims_more_rows_than_it_holds_takes_no_memory() {
    let mut index = SetIndex::empty(SKETCHES);
    let before = index.memory();
    for rows in [0, 1, 3, u32::MAX] {
        assert!(!index.push(&Shard { rows, ..sketches(1, 2, 2) }, B256::ZERO), "{rows}");
    }
    assert!(!index.push(&sketches(1, 2, 1), B256::ZERO), "as old as the set");
    assert_eq!(index.memory(), before);
    assert!(index.push(&sketches(1, 2, 2), B256::ZERO));
    let mut index = SetIndex::empty(Terms::TEXT);
    assert!(!index.push(&Shard { rows: u32::MAX, ..text("a", 2) }, B256::ZERO));
    assert!(!index.push(&Shard { payload: vec![0xFF; 9].into(), ..text("a", 2) }, B256::ZERO));
}

#[test]
fn an_index_that_went_back_is_as_one_that_never_went_on() {
    for (terms, shards) in [(SKETCHES, [sketches(5, 2, 2), sketches(6, 3, 9)]), (Terms::TEXT, [text("a b c", 2), text("a b c d", 9)])] {
        let mut index = SetIndex::empty(terms);
        assert!(index.push(&shards[0], B256::repeat_byte(1)));
        let before = (index.root(1), index.rows_of(1), format!("{:?}", index.contributors));
        assert!(index.push(&shards[1], B256::repeat_byte(2)));
        let rows = index.rows_of(2);
        let set = Set {
            id: Default::default(),
            owner: Address::ZERO,
            terms,
            changed: 0,
            shards: 2,
            rows,
            size: 0,
            version: 9,
            root: index.root(2),
        };
        assert!(index.covers(&set));
        assert_eq!([1, 2, 8, 9].map(|version| index.rows_at(&set, version)), [0, before.1, before.1, rows]);
        index.unwind(1).unwrap();
        assert!(!index.covers(&set) && index.covers(&Set { shards: 1, rows: before.1, root: before.0, ..set }));
        assert_eq!((index.root(1), index.rows_of(1), format!("{:?}", index.contributors)), before);
    }
}
