//! What the text rules announce before they do it, and what they answer to odd questions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tributary_attribution::{
    Error,
    text::{
        Host, MemoryIndex, Overlay, Run, Status, StoredRow, TextIndex, Trace, Unmetered, Work, append, evidence, novelty, restore, trace,
    },
};

const RIVER: &str = "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.";
const GRAIN: &str = "Winter barley is sown in autumn; it ripens weeks before any summer wheat does.";

/// Keeps what was announced, and refuses once its charges are used up.
#[derive(Default)]
struct Ledger {
    work: Vec<Work>,
    left: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Refused,
    Rule(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl Host for Ledger {
    type Error = Stop;

    fn charge(&mut self, work: Work) -> Result<(), Stop> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Stop::Refused)?;
        }
        self.work.push(work);
        Ok(())
    }
}

impl Ledger {
    fn sum(&self, amount: impl Fn(Work) -> Option<u64>) -> u64 {
        self.work.iter().filter_map(|&work| amount(work)).sum()
    }
}

fn set(texts: &[&str]) -> MemoryIndex {
    let mut set = MemoryIndex::new();
    for text in texts {
        set.append(text, 0, &mut Unmetered).unwrap();
    }
    set
}

#[test]
fn a_host_that_refuses_any_one_charge_stops_each_function() {
    let mut set = set(&[RIVER, GRAIN]);
    set.append(&format!("{GRAIN} barley {RIVER}"), 0, &mut Unmetered).unwrap();
    let output = format!("{GRAIN} {RIVER}");
    let version = set.version().unwrap();
    type Ask<'a> = Box<dyn Fn(&mut Ledger) -> Result<(), Stop> + 'a>;
    let functions: [Ask<'_>; 4] = [
        Box::new(|host| trace(&set, version, &output, host).map(drop)),
        Box::new(|host| evidence(&set, version, &output, 0, host).map(drop)),
        Box::new(|host| novelty(&set, version, &output, host).map(drop)),
        Box::new(|host| append(&set, &output, 0, host).map(drop)),
    ];
    for function in functions {
        let mut whole = Ledger::default();
        function(&mut whole).unwrap();
        for charges in 0..whole.work.len() {
            let mut purse = Ledger { left: Some(charges), ..Ledger::default() };
            assert_eq!(function(&mut purse), Err(Stop::Refused));
            assert_eq!(purse.work, whole.work[..charges]);
        }
    }
}

#[test]
fn what_is_announced_depends_on_nothing_after_the_version() {
    let mut set = set(&[RIVER, GRAIN]);
    let version = set.version().unwrap();
    let output = format!("{GRAIN} new words {RIVER}");
    let ask = |set: &MemoryIndex| {
        let mut ledger = Ledger::default();
        evidence(set, version, &output, 0, &mut ledger).unwrap();
        novelty(set, version, &output, &mut ledger).unwrap();
        ledger.work
    };
    let before = ask(&set);
    set.set_status(0, Status::Withdrawn).unwrap();
    for text in [&output, GRAIN, RIVER, "new words"] {
        set.append(text, 0, &mut Unmetered).unwrap();
    }
    assert_eq!(ask(&set), before);
}

#[test]
fn what_is_announced_is_the_same_wherever_the_rows_are_kept() {
    let copy = format!("{GRAIN} words of its own {RIVER} {RIVER}");
    let whole = set(&[RIVER, GRAIN, &copy, "one more"]);
    // The same rows once more, in front of an index that has them, and others, after version 2.
    let below = set(&[RIVER, &format!("{GRAIN} {GRAIN}"), GRAIN, "one more", &copy]);
    let mut overlay = Overlay::over(&below, 2).unwrap();
    for text in [GRAIN, &copy, "one more"] {
        overlay.append(text, 0, &mut Unmetered).unwrap();
    }
    fn asked(index: &impl TextIndex<Error = Error>, output: &str) -> Vec<Work> {
        let mut ledger = Ledger::default();
        evidence(index, 5, output, 0, &mut ledger).unwrap();
        trace(index, 3, output, &mut ledger).unwrap();
        append(index, output, 0, &mut ledger).unwrap();
        ledger.work
    }
    for output in [&copy, RIVER, "new words, one more"] {
        assert_eq!(asked(&overlay, output), asked(&whole, output));
    }
}

#[test]
fn one_symbol_many_times_pays_for_each_token_that_is_compared() {
    let text = "! ".repeat(2_000);
    let others: Vec<String> = (0..6_000).map(|n| format!("w{n}")).collect();
    let set = set(&[&text, &others.join(" ")]);
    let mut ledger = Ledger::default();
    trace(&set, 3, &text, &mut ledger).unwrap();
    let compared = ledger.sum(|work| if let Work::Extension(tokens) = work { Some(tokens) } else { None });
    let anchors = ledger.sum(|work| if let Work::Anchors(anchors) = work { Some(anchors) } else { None });
    // One match on each diagonal that the row's first four places and the output's tokens make, with
    // a mean length of half the text.
    assert_eq!(anchors, 2_001);
    assert!(compared >= anchors * 900, "{compared}");
}

#[test]
fn rows_that_cannot_reach_the_floor_are_not_read() {
    let common = "so it is";
    let rows: Vec<String> = (0..40).map(|n| format!("a{n} b{n} {common} c{n} d{n} e{n} f{n}")).collect();
    let set = set(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let mut ledger = Ledger::default();
    let found = trace(&set, set.version().unwrap(), &format!("x {common} y {}", rows[7]), &mut ledger).unwrap();
    assert_eq!(found.credits.iter().map(|credit| credit.row).collect::<Vec<_>>(), [7]);
    let read = ledger.sum(|work| if let Work::Rows(rows) = work { Some(rows) } else { None });
    // As a row that may have the words, and as the origin of those that it has.
    assert_eq!(read, 2);
}

#[test]
fn a_match_is_extended_once() {
    let words: Vec<String> = (0..5_000).map(|n| format!("w{n}")).collect();
    let text = words.join(" ");
    let set = set(&[&text]);
    let mut ledger = Ledger::default();
    let found = trace(&set, 2, &text, &mut ledger).unwrap();
    assert_eq!(found.explained, found.total);
    assert_eq!(ledger.sum(|work| if let Work::Anchors(anchors) = work { Some(anchors) } else { None }), 1);
    assert_eq!(ledger.sum(|work| if let Work::Extension(tokens) = work { Some(tokens) } else { None }), 4_997);
}

#[test]
fn versions_that_do_not_exist_are_named() {
    let set = set(&[RIVER]);
    for version in [0, 3, u64::MAX] {
        let error = Error::UnknownVersion { version, newest: 2 };
        assert_eq!(trace(&set, version, GRAIN, &mut Unmetered), Err(error));
        assert_eq!(evidence(&set, version, GRAIN, 0, &mut Unmetered), Err(error));
        assert_eq!(novelty(&set, version, GRAIN, &mut Unmetered), Err(error));
        assert_eq!(set.clone().unwind(version), Err(error));
    }
}

#[test]
fn empty_sets_rows_and_outputs_explain_nothing() {
    let empty = MemoryIndex::new();
    assert_eq!(trace(&empty, 1, RIVER, &mut Unmetered).unwrap(), Trace::default());
    let set = set(&["", " \n\u{a0}", "one two", RIVER]);
    assert_eq!(trace(&set, 3, RIVER, &mut Unmetered).unwrap(), Trace::default());
    assert_eq!(trace(&set, 5, "", &mut Unmetered).unwrap(), Trace::default());
    assert_eq!(evidence(&set, 5, "\u{200b}", 0, &mut Unmetered).unwrap(), []);
    assert_eq!(trace(&set, 5, "one two", &mut Unmetered).unwrap().explained, 0);
}

#[test]
fn rows_that_do_not_exist_and_a_fifth_change_are_named() {
    let mut set = set(&[RIVER]);
    assert_eq!(set.set_status(1, Status::Withdrawn), Err(Error::UnknownRow { row: 1 }));
    assert_eq!(set.reassign(u64::MAX, 3), Err(Error::UnknownRow { row: u64::MAX }));
    for version in 3..7 {
        assert_eq!(set.set_status(0, Status::Withdrawn), Ok(version));
    }
    assert_eq!(set.set_status(0, Status::Active), Err(Error::TooManyChanges { row: 0 }));
    assert_eq!(set.version(), Ok(6));
    assert_eq!(Status::try_from(3), Err(Error::UnknownStatus { status: 3 }));
}

#[test]
fn reassigning_a_row_names_its_new_author_and_makes_no_version() {
    let mut set = set(&[RIVER]);
    set.reassign(0, 9).unwrap();
    assert_eq!((set.facts(0).unwrap().contributor, set.version()), (9, Ok(2)));
}

#[test]
fn an_entry_is_written_to_the_set_that_it_was_made_for_and_no_other() {
    let mut set = set(&[RIVER]);
    let entry = append(&set, GRAIN, 7, &mut Unmetered).unwrap();
    let refused = Err(Error::OutOfOrder { row: 1, version: 3 });
    assert_eq!(set.write(&entry, "another text"), refused);
    assert_eq!(self::set(&[GRAIN]).write(&entry, GRAIN), refused);
    assert_eq!(set.write(&entry, GRAIN), Ok(()));
    assert_eq!(set.write(&entry, GRAIN), refused);
}

#[test]
fn runs_that_contradict_themselves_are_refused() {
    use tributary_attribution::text::Place;
    let set = set(&[RIVER]);
    let place = |row, token| Some(Place { row, token });
    let run = |start, length, origin| Run { start, length, origin };
    let bad = [
        vec![run(0, 0, None)],
        vec![run(0, u32::MAX, None)],
        vec![run(u32::MAX, 2, None)],
        vec![run(3, 2, None), run(4, 1, None)],
        vec![run(0, 1, place(1, 0))],
        vec![run(0, 3, place(0, 14))],
        vec![run(0, 3, place(0, u32::MAX))],
        vec![run(14, 3, None)],
    ];
    let stored = |born, runs: &[Run]| StoredRow { born, contributor: 0, runs: runs.to_vec(), document: GRAIN };
    for runs in bad {
        assert_eq!(restore(&set, stored(3, &runs), &mut Unmetered), Err(Error::Damaged { row: 1 }), "{runs:?}");
    }
    let good = vec![run(0, 3, place(0, 4)), run(3, 1, None)];
    assert_eq!(restore(&set, stored(3, &good), &mut Unmetered).unwrap().runs, good);
    assert_eq!(restore(&set, stored(2, &good), &mut Unmetered), Err(Error::Damaged { row: 1 }), "as old as the row before it");
}

#[test]
fn versions_of_statuses_that_an_index_does_not_know_lie_between_its_rows() {
    let mut set = set(&[RIVER]);
    set.restore(StoredRow { born: 7, contributor: 1, runs: Vec::new(), document: GRAIN }, &mut Unmetered).unwrap();
    let rows = |version| set.totals(version).unwrap().rows;
    assert_eq!([2, 6, 7].map(rows), [1, 1, 2]);
    let (memory, before) = (set.memory(), self::set(&[RIVER]).memory());
    set.unwind(6).unwrap();
    assert!(set.memory() == before && before < memory);
    assert_eq!(set.version(), Ok(6));
}
