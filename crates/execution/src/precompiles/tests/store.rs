use super::machine::{ALICE, BOB, Machine, OTHER_PROGRAM, Opcode, PROGRAM, Program, assert_refused};
use crate::precompiles::{sets::MAX_PAYLOAD, shards::shard_address};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use revm::{Database, context::result::ExecutionResult};
use tributary_contracts::{
    IAttributionErrors as errors, IAttributionStore as api,
    predeploys::{ATTRIBUTION, ATTRIBUTION_STORE as STORE},
    slots::attribution_store,
};

fn append(set: u64, contributor: u32, payload: &[u8]) -> api::appendCall {
    api::appendCall { setId: U256::from(set), contributor, payload: payload.to_vec().into() }
}

fn sketches(dim: u16, labelled: bool) -> api::createSketchSetCall {
    api::createSketchSetCall { dim, labelled, minExponent: 0, maxExponent: 63 }
}

fn status(row: u64, status: u8) -> api::setStatusCall {
    api::setStatusCall { setId: U256::ONE, row, status }
}

fn row(index: u64) -> api::rowCall {
    api::rowCall { setId: U256::ONE, index }
}

fn info(set: u64) -> api::infoCall {
    api::infoCall { setId: U256::from(set) }
}

fn text_set(machine: &mut Machine, documents: &[&str]) {
    machine.call(ALICE, STORE, api::createTextSetCall {}).unwrap();
    for (at, document) in documents.iter().enumerate() {
        machine.call(ALICE, STORE, append(1, at as u32, document.as_bytes())).unwrap();
    }
}

fn code(machine: &mut Machine, at: Address) -> Bytes {
    let hash = machine.state.basic(at).unwrap().map_or(B256::ZERO, |account| account.code_hash);
    machine.state.code_by_hash(hash).unwrap().original_bytes()
}

#[test]
fn sets_count_from_one_and_belong_to_who_made_them() {
    let mut machine = Machine::new();
    assert_eq!(machine.call(ALICE, STORE, api::createTextSetCall {}), Ok(U256::from(1)));
    assert_eq!(machine.call(BOB, STORE, sketches(4096, true)), Ok(U256::from(2)));
    let text = machine.call(BOB, STORE, info(1)).unwrap();
    assert_eq!((text.owner, text.kind, text.dim, text.labelled), (ALICE, 2, 0, false));
    assert_eq!((text.shards, text.rows, text.size, text.root), (0, 0, 0, B256::ZERO));
    let sketches = machine.call(BOB, STORE, info(2)).unwrap();
    assert_eq!((sketches.owner, sketches.kind, sketches.dim, sketches.labelled), (BOB, 1, 4096, true));
}

#[test]
fn an_append_writes_a_shard_and_the_running_root() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["first", "second text"]);
    let (mut root, mut expected) = (B256::ZERO, Vec::new());
    for (at, text) in ["first", "second text"].iter().enumerate() {
        let preimage = [b"tributary/shard".as_slice(), &U256::ONE.to_be_bytes::<32>(), &(at as u64).to_be_bytes()].concat();
        let address = Address::from_slice(&keccak256(preimage)[12..]);
        assert_eq!(address, shard_address(U256::ONE, at as u64));
        expected.splice(.., [0xEF, 0xA7, 0x02, 2]);
        expected.extend((at as u32).to_be_bytes());
        expected.extend(1_u32.to_be_bytes());
        expected.extend((at as u64 + 2).to_be_bytes());
        // No runs.
        expected.extend(0_u32.to_be_bytes());
        expected.extend(text.as_bytes());
        assert_eq!(code(&mut machine, address), expected);
        root = keccak256([root, keccak256(&expected)].concat());
    }
    let info = machine.call(BOB, STORE, info(1)).unwrap();
    assert_eq!((info.version, info.shards, info.rows, info.size, info.root), (3, 2, 2, 16, root));
    let row = machine.call(BOB, STORE, api::rowCall { setId: U256::ONE, index: 1 }).unwrap();
    assert_eq!((row.contributor, row.status, row.born, row.data), (1, 0, 3, Bytes::from_static(b"second text")));
}

#[test]
fn an_append_announces_itself_and_costs_its_size() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a"]);
    let result = machine.transact(ALICE, STORE, append(1, 7, b"hello").abi_encode(), 0);
    let [log] = result.logs() else { panic!("{result:?}") };
    let event = api::Appended::decode_log(log).unwrap();
    assert_eq!(event.address, STORE);
    assert_eq!((event.setId, event.contributor, event.shard, event.firstRow, event.rows, event.version), (U256::ONE, 7, 1, 1, 1, 3));
}

#[test]
fn each_change_of_a_status_makes_a_version_and_a_fifth_is_refused() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a", "b"]);
    for (version, to) in (4..).zip([2, 0, 1, 1]) {
        let result = machine.transact(ALICE, STORE, status(1, to).abi_encode(), 0);
        let event = api::StatusChanged::decode_log(&result.logs()[0]).unwrap();
        assert_eq!((event.setId, event.row, event.status, event.version), (U256::ONE, 1, to, version));
        assert_eq!(api::setStatusCall::abi_decode_returns(result.output().unwrap()), Ok(version));
        assert_eq!(machine.call(BOB, STORE, info(1)).unwrap().version, version);
        assert_eq!([0, 1].map(|index| machine.call(BOB, STORE, row(index)).unwrap().status), [0, to]);
    }
    assert_refused(machine.call(ALICE, STORE, status(1, 0)), errors::TooManyChanges { setId: U256::ONE, row: 1 });
    assert_refused(machine.call(ALICE, STORE, status(0, 3)), errors::UnknownStatus { status: 3 });
    assert_eq!(machine.call(ALICE, STORE, append(1, 0, b"c")).unwrap().version, 8);
    assert_eq!(machine.call(BOB, STORE, row(2)).unwrap().born, 8);
}

#[test]
fn a_row_is_reassigned_again_and_again_and_makes_no_version() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a", "b"]);
    for contributor in [9, 0, u32::MAX] {
        let call = api::reassignCall { setId: U256::ONE, row: 1, contributor };
        let result = machine.transact(ALICE, STORE, call.abi_encode(), 0);
        let event = api::Reassigned::decode_log(&result.logs()[0]).unwrap();
        assert_eq!((event.setId, event.row, event.contributor), (U256::ONE, 1, contributor));
        assert_eq!([0, 1].map(|index| machine.call(BOB, STORE, row(index)).unwrap().contributor), [0, contributor]);
    }
    assert_eq!(machine.call(BOB, STORE, info(1)).unwrap().version, 3);
}

#[test]
fn a_set_takes_no_more_bytes_than_the_limit_in_the_stores_account() {
    let limit = attribution_store::SET_LIMIT.key();
    let default = attribution_store::SET_BYTES;
    // A chain without the slot has what genesis writes, and no limit lets a set have more than 2³² bytes.
    for (slot, most) in [(None, default), (Some(0), default), (Some(1_000), 1_000), (Some(1 << 33), 1 << 32), (Some(u64::MAX), 1 << 32)] {
        let mut machine = Machine::new();
        text_set(&mut machine, &["a"]);
        if let Some(slot) = slot {
            machine.pretend(limit, U256::from(slot));
        }
        let [_, growth, _] = attribution_store::set(U256::ONE);
        let mut limbs = machine.slot(growth).into_limbs();
        limbs[2] = most - 3;
        machine.pretend(growth, U256::from_limbs(limbs));
        let full = errors::SetFull { setId: U256::ONE, size: most - 3 };
        assert_refused(machine.call(ALICE, STORE, append(1, 0, b"four")), full);
        assert!(machine.call(ALICE, STORE, append(1, 0, b"two")).is_ok(), "{slot:?}");
    }
}

#[test]
fn a_set_that_is_larger_than_it_may_be_today_still_changes_statuses() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a"]);
    machine.pretend(attribution_store::SET_LIMIT.key(), U256::ONE);
    assert_refused(machine.call(ALICE, STORE, append(1, 0, b"b")), errors::SetFull { setId: U256::ONE, size: 1 });
    assert!(machine.call(ALICE, STORE, api::setStatusCall { setId: U256::ONE, row: 0, status: 2 }).is_ok());
}

#[test]
fn exponents_stay_within_the_band_of_the_set() {
    let mut machine = Machine::new();
    let band = |least, most| api::createSketchSetCall { minExponent: least, maxExponent: most, ..sketches(32, false) };
    assert_refused(machine.call(ALICE, STORE, band(0, 64)), errors::ExponentOutOfRange { row: 0, exponent: 64 });
    assert_refused(machine.call(ALICE, STORE, band(5, 4)), errors::ExponentOutOfRange { row: 0, exponent: 5 });
    machine.call(ALICE, STORE, band(4, 5)).unwrap();
    let payload = |exponents: &[u8]| exponents.iter().flat_map(|&exponent| [vec![exponent], vec![1; 32]].concat()).collect::<Vec<u8>>();
    for (exponents, outside) in [([4, 3], 3), ([5, 6], 6)] {
        let refused = machine.call(ALICE, STORE, append(1, 0, &payload(&exponents)));
        assert_refused(refused, errors::ExponentOutOfRange { row: 1, exponent: outside });
    }
    assert_eq!(machine.call(ALICE, STORE, append(1, 0, &payload(&[4, 5]))).unwrap().rows, 2);
}

#[test]
fn only_the_owner_appends_and_decides() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a"]);
    let stranger = errors::NotOwner { setId: U256::ONE, caller: BOB };
    assert_refused(machine.call(BOB, STORE, append(1, 0, b"b")), stranger.clone());
    assert_refused(machine.call(BOB, STORE, status(0, 2)), stranger.clone());
    assert_refused(machine.call(BOB, STORE, api::reassignCall { setId: U256::ONE, row: 0, contributor: 1 }), stranger);
}

#[test]
fn what_is_not_there_is_named() {
    let mut machine = Machine::new();
    text_set(&mut machine, &["a"]);
    let unknown = |set| errors::UnknownSet { setId: U256::from(set) };
    assert_refused(machine.call(ALICE, STORE, info(0)), unknown(0));
    assert_refused(machine.call(ALICE, STORE, append(2, 0, b"b")), unknown(2));
    let beyond = errors::RowOutOfRange { setId: U256::ONE, row: 1, rows: 1 };
    assert_refused(machine.call(ALICE, STORE, row(1)), beyond.clone());
    assert_refused(machine.call(ALICE, STORE, status(1, 1)), beyond.clone());
    assert_refused(machine.call(ALICE, STORE, api::reassignCall { setId: U256::ONE, row: 1, contributor: 1 }), beyond);
}

#[test]
fn documents_are_utf8_of_one_byte_to_128_kib() {
    let mut machine = Machine::new();
    text_set(&mut machine, &[]);
    assert_refused(machine.call(ALICE, STORE, append(1, 0, b"")), errors::EmptyPayload {});
    assert_refused(machine.call(ALICE, STORE, append(1, 0, b"\xC3\x28")), errors::NotUtf8 {});
    assert!(machine.call(ALICE, STORE, append(1, 0, &vec![b'a'; MAX_PAYLOAD])).is_ok());
    for over in [1, 32, 1_000_000] {
        let refused = machine.call(ALICE, STORE, append(1, 0, &vec![b'a'; MAX_PAYLOAD + over])).unwrap_err();
        assert_eq!(refused[..4], errors::PayloadTooLong::SELECTOR);
    }
    assert_eq!(machine.call(ALICE, STORE, info(1)).unwrap().rows, 1);
}

#[test]
fn sketch_rows_are_checked_one_by_one() {
    let mut machine = Machine::new();
    for dim in [0, 16, 33, 4097, 4128] {
        let call = sketches(dim, false);
        assert_refused(machine.call(ALICE, STORE, call), errors::InvalidDimension { dim });
    }
    machine.call(ALICE, STORE, sketches(32, true)).unwrap();
    let good = [vec![63, 0, 9], vec![0x81; 32]].concat();
    let mut bad = good.clone();
    bad[0] = 64;
    let payload = [good.clone(), bad].concat();
    assert_refused(machine.call(ALICE, STORE, append(1, 0, &payload)), errors::ExponentOutOfRange { row: 1, exponent: 64 });
    let mut bad = good.clone();
    bad[34] = 0x80;
    assert_refused(machine.call(ALICE, STORE, append(1, 0, &bad)), errors::ValueOutOfRange { row: 0 });
    let partial = errors::PartialRow { length: U256::from(34), rowLength: U256::from(35) };
    assert_refused(machine.call(ALICE, STORE, append(1, 0, &good[..34])), partial);
    // Neither a label of 128 nor an exponent is a value.
    let label = [vec![0, 0x80, 0x80], vec![1; 32]].concat();
    let appended = machine.call(ALICE, STORE, append(1, 0, &[good.clone(), label].concat())).unwrap();
    assert_eq!((appended.firstRow, appended.rows), (0, 2));
    let appended = machine.call(ALICE, STORE, append(1, 5, &good)).unwrap();
    assert_eq!((appended.firstRow, appended.rows), (2, 1));
    let row = machine.call(ALICE, STORE, api::rowCall { setId: U256::ONE, index: 2 }).unwrap();
    assert_eq!((row.contributor, row.data), (5, Bytes::from(good)));
}

#[test]
fn state_changes_are_refused_unless_called_directly() {
    for opcode in [Opcode::StaticCall, Opcode::DelegateCall, Opcode::CallCode] {
        let mut machine = Machine::new();
        machine.run(&Program::default().call(STORE, api::createTextSetCall {}).call(STORE, append(1, 0, b"a")));
        let forbidden = Bytes::from(errors::DirectCallOnly {}.abi_encode());
        for program in [
            Program::default().with(opcode, STORE, api::createTextSetCall {}, 1_000_000),
            Program::default().with(opcode, STORE, sketches(32, false), 1_000_000),
            Program::default().with(opcode, STORE, append(1, 0, b"b"), 1_000_000),
            Program::default().with(opcode, STORE, status(0, 2), 1_000_000),
            Program::default().with(opcode, STORE, api::reassignCall { setId: U256::ONE, row: 0, contributor: 5 }, 1_000_000),
        ] {
            assert_eq!(machine.run(&program), (false, forbidden.clone()), "{opcode:?}");
        }
        let (read, data) = machine.run(&Program::default().with(opcode, STORE, info(1), 1_000_000));
        let found = api::infoCall::abi_decode_returns(&data).unwrap();
        assert!(read && found.owner == PROGRAM && found.rows == 1, "{opcode:?}");
    }
}

#[test]
fn a_revert_undoes_an_append_and_the_next_takes_its_place() {
    let mut machine = Machine::new();
    machine.run(&Program::default().call(STORE, api::createTextSetCall {}));
    let before = machine.call(BOB, STORE, info(1)).unwrap();
    let append_and_revert = Program::default().call(STORE, append(1, 1, b"undone")).reverting();
    machine.put(PROGRAM, &append_and_revert.assemble());
    machine.put(OTHER_PROGRAM, &Program::default().run(PROGRAM).call(STORE, info(1)).assemble());
    let result = machine.transact(ALICE, OTHER_PROGRAM, Vec::new(), 0);
    let after = api::infoCall::abi_decode_returns(&result.output().unwrap()[32..]).unwrap();
    assert_eq!(after, before);
    assert_eq!(result.logs(), []);
    assert!(code(&mut machine, shard_address(U256::ONE, 0)).is_empty());

    machine.run(&Program::default().call(STORE, append(1, 2, b"kept")));
    let row = machine.call(BOB, STORE, api::rowCall { setId: U256::ONE, index: 0 }).unwrap();
    assert_eq!((row.contributor, row.data), (2, Bytes::from_static(b"kept")));
}

#[test]
fn a_shard_is_written_where_somebody_sent_money_before() {
    let mut machine = Machine::new();
    text_set(&mut machine, &[]);
    let at = shard_address(U256::ONE, 0);
    assert!(machine.transact(BOB, at, Vec::new(), 5).is_success());
    machine.call(ALICE, STORE, append(1, 0, b"text")).unwrap();
    let account = machine.state.basic(at).unwrap().unwrap();
    assert_eq!((account.balance, code(&mut machine, at).len()), (U256::from(5), 28));
}

#[test]
fn money_selectors_and_arguments_that_do_not_fit_are_refused() {
    let mut machine = Machine::new();
    for address in ATTRIBUTION {
        let refused = |machine: &mut Machine, data: Vec<u8>, value, error: Vec<u8>| {
            let result = machine.transact(ALICE, address, data, value);
            let ExecutionResult::Revert { output, .. } = &result else { panic!("{result:?}") };
            assert_eq!(*output, error);
        };
        let unknown = |selector| errors::UnknownFunction { selector: FixedBytes(selector) }.abi_encode();
        refused(&mut machine, vec![], 0, unknown([0; 4]));
        refused(&mut machine, vec![1, 2, 3], 0, unknown([1, 2, 3, 0]));
        refused(&mut machine, vec![1, 2, 3, 4, 5], 0, unknown([1, 2, 3, 4]));
        refused(&mut machine, vec![], 3, errors::NotPayable { value: U256::from(3) }.abi_encode());
    }
    let mut dirty = sketches(32, true).abi_encode();
    dirty[5] = 1;
    let result = machine.transact(ALICE, STORE, dirty, 0);
    assert_eq!(result.output().unwrap(), &Bytes::from(errors::InvalidArguments {}.abi_encode()));
}
