//! What was tried on the first edition, and what it gains now.

use super::machine::{ALICE, BOB, Machine, assert_refused};
use crate::precompiles::{
    IndexCache,
    sets::Kind,
    shards::{Shard, encode_text, next_root, shard_address},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use revm::{bytecode::Bytecode, state::AccountInfo};
use std::sync::Arc;
use tributary_attribution::text::{Place, Run};
use tributary_contracts::{
    IAttributionErrors as errors, IAttributionStore as store, ISketchAttribution as sketch, ITextAttribution as text,
    predeploys::{ATTRIBUTION_STORE as STORE, SKETCH_ATTRIBUTION as SKETCH, TEXT_ATTRIBUTION as TEXT},
    slots::attribution_store,
};

/// Words that stand together in one text only; the text `n` has its own.
fn words(n: usize, count: usize) -> Vec<String> {
    (0..count).map(|word| format!("w{n}x{}", word * 7919 % 1009)).collect()
}

/// The original of contributor 1, behind enough other texts that its words are rare.
fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.cache = Some(Arc::new(IndexCache::new(usize::MAX)));
    machine.call(ALICE, STORE, store::createTextSetCall {}).unwrap();
    append(&mut machine, 1, &words(0, 256).join(" "));
    (1..4).for_each(|n| append(&mut machine, 9, &words(n, 200).join(" ")));
    machine
}

fn append(machine: &mut Machine, contributor: u32, document: &str) {
    let payload = document.as_bytes().to_vec().into();
    machine.call(ALICE, STORE, store::appendCall { setId: U256::ONE, contributor, payload }).unwrap();
}

fn set_status(machine: &mut Machine, row: u64, status: u8) {
    machine.call(ALICE, STORE, store::setStatusCall { setId: U256::ONE, row, status }).unwrap();
}

/// Of an output that quotes a text: the shares of contributors 1 and 2, and what is withheld, in thousandths of what is explained.
fn shares(machine: &mut Machine, output: &str) -> [u64; 3] {
    let call = text::traceByContributorCall { setId: U256::ONE, version: 0, output: output.as_bytes().to_vec().into(), topK: 0 };
    let found = machine.call(BOB, TEXT, call).unwrap();
    assert!(found.explained * U256::from(10) > found.total * U256::from(9), "{found:?}");
    let share = |part: U256| (part * U256::from(1000) / found.explained).to::<u64>();
    let of = |who: u32| found.contributors.iter().position(|&found| found == who).map_or(0, |at| share(found.credits[at]));
    [of(1), of(2), share(found.withheld)]
}

#[test]
fn a_verbatim_copy_that_is_withdrawn_takes_nothing_from_the_original() {
    let mut machine = machine();
    let original = words(0, 256).join(" ");
    append(&mut machine, 2, &original);
    assert_eq!(shares(&mut machine, &original), [1000, 0, 0]);
    set_status(&mut machine, 4, 2);
    assert_eq!(shares(&mut machine, &original), [1000, 0, 0]);
}

#[test]
fn three_hundred_copies_take_nothing_from_the_original() {
    let mut machine = machine();
    let original = words(0, 64).join(" ");
    for copy in 0..300 {
        append(&mut machine, 2, &original);
        if copy % 3 == 0 {
            set_status(&mut machine, 4 + copy, 2);
        }
    }
    assert_eq!(shares(&mut machine, &original), [1000, 0, 0]);
}

#[test]
fn a_copy_with_every_64th_word_changed_earns_nothing_even_for_an_answer_that_quotes_it() {
    let mut machine = machine();
    let mut copy = words(0, 256);
    for at in (31..256).step_by(64) {
        copy[at] = format!("changed{at}");
    }
    let copy = copy.join(" ");
    append(&mut machine, 2, &copy);
    let [original, copier, withheld] = shares(&mut machine, &copy);
    assert!(original > 960 && copier == 0 && withheld > 0, "{original} {copier} {withheld}");
    // What it changed is its own once it is accepted as a refinement.
    set_status(&mut machine, 4, 1);
    let [same, copier, withheld] = shares(&mut machine, &copy);
    assert!(same == original && copier > 0 && withheld == 0, "{same} {copier} {withheld}");
}

#[test]
fn a_copy_of_a_withdrawn_text_earns_nothing() {
    let mut machine = machine();
    let original = words(0, 256).join(" ");
    set_status(&mut machine, 0, 2);
    append(&mut machine, 2, &original);
    assert_eq!(shares(&mut machine, &original), [0, 0, 1000]);
    set_status(&mut machine, 0, 0);
    assert_eq!(shares(&mut machine, &original), [1000, 0, 0]);
}

#[test]
fn what_happens_after_a_question_moves_no_payment() {
    let mut machine = machine();
    let output = words(0, 256).join(" ");
    let ask = |machine: &mut Machine| {
        let call = text::traceCall { setId: U256::ONE, version: 5, output: output.as_bytes().to_vec().into(), topK: 0 };
        machine.call(BOB, TEXT, call).unwrap()
    };
    let before = ask(&mut machine);
    append(&mut machine, 2, &output);
    set_status(&mut machine, 0, 2);
    set_status(&mut machine, 4, 1);
    assert_eq!(ask(&mut machine), before);
}

/// Pretends that set 1 has one shard more, with this code.
fn pretend_shard(machine: &mut Machine, code: Bytes, rows: u64) {
    let [_, growth, root] = attribution_store::set(U256::ONE);
    let mut limbs = machine.slot(growth).into_limbs();
    let at = shard_address(U256::ONE, limbs[0]);
    let (before, hash): (B256, B256) = (machine.slot(root).into(), keccak256(&code));
    machine.state.insert_account_info(at, AccountInfo::default().with_code(Bytecode::new_legacy(code)).with_nonce(1));
    (limbs[0], limbs[1]) = (limbs[0] + 1, limbs[1] + rows);
    limbs[3] += 1;
    machine.pretend(growth, U256::from_limbs(limbs));
    machine.pretend(root, next_root(before, hash).into());
}

#[test]
fn an_override_that_claims_a_shard_with_as_many_rows_as_can_be_is_refused() {
    let ask = sketch::influenceCall { setId: U256::ONE, version: 0, query: vec![1; 32].into(), topK: 1 };
    let mut machine = Machine::new();
    machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 }).unwrap();
    let payload: Bytes = vec![1; 33].into();
    machine.call(ALICE, STORE, store::appendCall { setId: U256::ONE, contributor: 1, payload: payload.clone() }).unwrap();
    let shard = Shard { kind: Kind::Sketch, contributor: 1, rows: u32::MAX, born: 3, payload };
    pretend_shard(&mut machine, shard.encode(), u32::MAX.into());
    assert_refused(machine.call(BOB, SKETCH, ask), errors::DamagedShard { setId: U256::ONE, shard: 1 });
}

#[test]
fn overrides_of_texts_that_hold_less_than_they_claim_are_refused() {
    let far = Run { start: 0, length: 1, origin: Some(Place { row: 77, token: 0 }) };
    let shard = |payload: Bytes| Shard { kind: Kind::Text, contributor: 1, rows: 1, born: 6, payload };
    let claims = [
        shard(vec![0xFF; 64].into()),
        shard(Bytes::new()),
        shard(encode_text(&[far], "one word")),
        shard(vec![0, 0, 0, 0, 0xFF].into()),
        Shard { rows: u32::MAX, ..shard(encode_text(&[], "one word")) },
        Shard { born: 5, ..shard(encode_text(&[], "one word")) },
        Shard { kind: Kind::Sketch, ..shard(encode_text(&[], "one word")) },
    ];
    for claim in claims {
        let mut machine = machine();
        pretend_shard(&mut machine, claim.encode(), claim.rows.into());
        let call = text::traceCall { setId: U256::ONE, version: 0, output: Bytes::from_static(b"a b c"), topK: 0 };
        assert_refused(machine.call(BOB, TEXT, call), errors::DamagedShard { setId: U256::ONE, shard: 4 });
    }
}

#[test]
fn an_override_that_claims_more_shards_than_there_are_is_refused_at_the_first() {
    let mut machine = machine();
    let [_, growth, _] = attribution_store::set(U256::ONE);
    let mut limbs = machine.slot(growth).into_limbs();
    (limbs[0], limbs[1]) = (u64::MAX, u64::MAX);
    machine.pretend(growth, U256::from_limbs(limbs));
    let call = text::traceCall { setId: U256::ONE, version: 0, output: Bytes::from_static(b"a b c"), topK: 0 };
    assert_refused(machine.call(BOB, TEXT, call), errors::DamagedShard { setId: U256::ONE, shard: u64::MAX - 1 });
}

#[test]
fn an_override_of_numbers_that_no_set_has_is_refused_and_nothing_overflows() {
    for limb in [0, 1, 2, 3] {
        let mut machine = Machine::new();
        machine.call(ALICE, STORE, store::createSketchSetCall { dim: 32, labelled: false, minExponent: 0, maxExponent: 63 }).unwrap();
        let [_, growth, _] = attribution_store::set(U256::ONE);
        let mut limbs = machine.slot(growth).into_limbs();
        limbs[limb] = u64::MAX;
        machine.pretend(growth, U256::from_limbs(limbs));
        let payload: Bytes = vec![1; 33].into();
        let full = errors::SetFull { setId: U256::ONE, size: limbs[2] };
        let append = store::appendCall { setId: U256::ONE, contributor: 1, payload };
        assert_refused(machine.call(ALICE, STORE, append), full.clone());
        let change = store::setStatusCall { setId: U256::ONE, row: 0, status: 2 };
        assert_refused(machine.call(ALICE, STORE, change), full);
        let ask = sketch::influenceCall { setId: U256::ONE, version: 0, query: vec![1; 32].into(), topK: 1 };
        assert!(machine.call(BOB, SKETCH, ask).is_err() || limb > 1);
        assert!(machine.call(BOB, STORE, store::rowCall { setId: U256::ONE, index: u64::MAX - 1 }).is_err());
    }
}
