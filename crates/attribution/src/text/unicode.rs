//! The frozen character table of the tokeniser: Unicode 14.0, `unicode.txt`.
//!
//! The table is consensus. It never changes with a library or a compiler, which is why it is a file
//! of this crate and not somebody's crate of Unicode data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// `kind FIRST LAST NAME` and `fold FROM TO...` lines, written by the reference's own program.
const SOURCE: &str = include_str!("unicode.txt");

/// Code points of one block of the two-stage table.
const BLOCK: usize = 256;
const CODE_POINTS: usize = 0x11_0000;
const ASCII: usize = 128;
/// The low bits of a cell are the kind, the others the number of its fold.
const KIND_BITS: u32 = 2;

/// What a folded code point does to the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ends a word and is no token.
    Separator,
    /// Joins a word.
    Word,
    /// A token of its own.
    Alone,
    /// Belongs to the token right before it.
    Mark,
}

impl Kind {
    fn named(name: &str) -> Self {
        match name {
            "separator" => Self::Separator,
            "word" => Self::Word,
            "mark" => Self::Mark,
            other => {
                assert!(other == "alone", "the committed table names four kinds");
                Self::Alone
            }
        }
    }

    fn of_cell(cell: u16) -> Self {
        [Self::Separator, Self::Word, Self::Alone, Self::Mark][usize::from(cell & 3)]
    }
}

/// A code point after folding, with its kind.
pub(super) type Folded = (char, Kind);

/// The parsed table: two stages for everything, a direct one for ASCII.
#[derive(Debug)]
pub(super) struct Table {
    ascii: [Folded; ASCII],
    /// Block of `code point / 256`.
    blocks: Vec<u16>,
    /// Cells of the blocks; equal blocks are one.
    cells: Vec<u16>,
    /// Fold number `n` (from 1) is `folded[ends[n - 1]..ends[n]]`.
    ends: Vec<u32>,
    folded: Vec<Folded>,
}

/// The table, parsed at the first use.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(SOURCE));
    &TABLE
}

impl Table {
    /// Calls `each` with what a code point folds to: nothing, itself or several code points.
    #[inline]
    pub(super) fn fold(&self, c: char, mut each: impl FnMut(Folded)) {
        if let Some(&folded) = self.ascii.get(c as usize) {
            return each(folded);
        }
        let cell = self.cell(c);
        match self.folds(cell) {
            None => each((c, Kind::of_cell(cell))),
            Some(folded) => folded.iter().copied().for_each(each),
        }
    }

    fn cell(&self, c: char) -> u16 {
        let block = usize::from(self.blocks[c as usize / BLOCK]);
        self.cells[block * BLOCK + c as usize % BLOCK]
    }

    fn parse(source: &str) -> Self {
        let mut kinds = vec![Kind::Alone; CODE_POINTS];
        let mut folds: Vec<(usize, Vec<char>)> = Vec::new();
        for line in source.lines() {
            let mut fields = line.split_ascii_whitespace();
            match fields.next() {
                Some("kind") => {
                    let (first, last) = (number(fields.next()), number(fields.next()));
                    kinds[first..=last].fill(Kind::named(fields.next().unwrap_or_default()));
                }
                Some("fold") => {
                    let from = number(fields.next());
                    folds.push((from, fields.map(|field| character(number(Some(field)))).collect()));
                }
                _ => {}
            }
        }
        let mut cells: Vec<u16> = kinds.iter().map(|&kind| kind as u16).collect();
        let (mut ends, mut folded) = (vec![0], Vec::new());
        for (from, to) in folds {
            folded.extend(to.into_iter().map(|c| (c, kinds[c as usize])));
            cells[from] |= u16::try_from(ends.len() << KIND_BITS).expect("the committed table has fewer than 2^14 folds");
            ends.push(folded.len() as u32);
        }
        Self::pack(&cells, ends, folded)
    }

    fn pack(all: &[u16], ends: Vec<u32>, folded: Vec<Folded>) -> Self {
        let (mut blocks, mut cells, mut known) = (Vec::new(), Vec::new(), BTreeMap::new());
        for block in all.chunks(BLOCK) {
            let next = known.len() as u16;
            let number = *known.entry(block).or_insert(next);
            if number == next {
                cells.extend_from_slice(block);
            }
            blocks.push(number);
        }
        let mut table = Self { ascii: [('\0', Kind::Separator); ASCII], blocks, cells, ends, folded };
        for code in 0..ASCII as u8 {
            let c = char::from(code);
            let cell = table.cell(c);
            let fold = table.folds(cell).map_or((c, Kind::of_cell(cell)), |to| to[0]);
            table.ascii[usize::from(code)] = fold;
        }
        table
    }

    /// What a cell's code point folds to; nothing when it stands for itself.
    fn folds(&self, cell: u16) -> Option<&[Folded]> {
        let fold = usize::from(cell >> KIND_BITS);
        let first = *self.ends.get(fold.checked_sub(1)?)?;
        Some(&self.folded[first as usize..self.ends[fold] as usize])
    }
}

fn number(field: Option<&str>) -> usize {
    field.and_then(|hex| usize::from_str_radix(hex, 16).ok()).expect("the committed table holds hexadecimal numbers")
}

fn character(code: usize) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).expect("the committed table folds to characters")
}
