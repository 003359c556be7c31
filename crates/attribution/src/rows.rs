//! Sketches as they are stored: rows side by side in contiguous segments.

use crate::Error;

/// The dimensions that a sketch may have are the multiples of this number …
pub const DIM_STEP: usize = 32;
/// … up to this one.
pub const MAX_DIM: usize = 4096;
/// Largest exponent of a row, whose values are `q · 2^-exponent`; scores are aligned to it.
pub const MAX_EXPONENT: u8 = 63;

/// Most bytes that a block of several rows holds: two loops over a block find it in the nearest cache, and memory is not idle for long
/// between them.
const BLOCK_BYTES: usize = 1 << 13;
/// Rows for which the results of a loop lie on the stack.
pub const BLOCK_ROWS: usize = 64;

/// How a row is written: `exponent u8 ‖ label u16, big-endian, if labelled ‖ dim × i8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    dim: usize,
    labelled: bool,
}

impl Layout {
    /// Rows of `dim` values, a multiple of 32 from 32 to 4,096.
    ///
    /// # Errors
    /// [`Error::UnsupportedDimension`].
    pub fn new(dim: usize, labelled: bool) -> Result<Self, Error> {
        Ok(Self { dim: check_dim(dim)?, labelled })
    }

    /// Values of a row.
    #[must_use]
    pub fn dim(self) -> usize {
        self.dim
    }

    /// Whether rows have a label.
    #[must_use]
    pub fn is_labelled(self) -> bool {
        self.labelled
    }

    /// Bytes of a row.
    #[must_use]
    #[inline]
    pub fn row_length(self) -> usize {
        self.values_at() + self.dim
    }

    #[inline]
    fn values_at(self) -> usize {
        if self.labelled { 3 } else { 1 }
    }
}

pub(crate) fn check_dim(dim: usize) -> Result<usize, Error> {
    if (DIM_STEP..=MAX_DIM).contains(&dim) && dim.is_multiple_of(DIM_STEP) { Ok(dim) } else { Err(Error::UnsupportedDimension { dim }) }
}

/// The rows of a version of a set: at most 2³² − 1, numbered from 0 across the segments.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    layout: Layout,
    segments: Vec<&'a [u8]>,
    rows: u32,
    withdrawn: &'a [u64],
}

impl<'a> Rows<'a> {
    /// All rows of `segments`, of which each holds whole rows. `withdrawn` names those that do not count, in ascending order.
    ///
    /// # Errors
    /// [`Error::PartialRow`], [`Error::TooManyRows`], [`Error::WithdrawnOrder`].
    pub fn new(layout: Layout, segments: impl IntoIterator<Item = &'a [u8]>, withdrawn: &'a [u64]) -> Result<Self, Error> {
        let segments: Vec<&[u8]> = segments.into_iter().collect();
        let mut rows = 0_u32;
        for (segment, bytes) in segments.iter().enumerate() {
            if !bytes.len().is_multiple_of(layout.row_length()) {
                return Err(Error::PartialRow { segment, length: bytes.len() });
            }
            let more = u32::try_from(bytes.len() / layout.row_length());
            rows = more.ok().and_then(|more| rows.checked_add(more)).ok_or(Error::TooManyRows)?;
        }
        let beyond = withdrawn.last().filter(|&&last| last >= rows.into());
        let unordered = withdrawn.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| &pair[1]);
        match unordered.or(beyond) {
            Some(&row) => Err(Error::WithdrawnOrder { row }),
            None => Ok(Self { layout, segments, rows, withdrawn }),
        }
    }

    /// How a row is written.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Number of rows, withdrawn ones included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows.into()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Number of rows that count.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.len() - self.withdrawn.len() as u64
    }

    /// The rows in order, a few at a time.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'a>> + '_ {
        let length = self.layout.row_length();
        let most = (BLOCK_BYTES / length).clamp(1, BLOCK_ROWS) * length;
        let (mut first, mut withdrawn) = (0, self.withdrawn);
        self.segments.iter().flat_map(move |segment| segment.chunks(most)).map(move |bytes| {
            let end = first + (bytes.len() / length) as u64;
            let (here, later) = withdrawn.split_at(withdrawn.partition_point(|&row| row < end));
            let block = Block { layout: self.layout, first, bytes, withdrawn: here };
            (first, withdrawn) = (end, later);
            block
        })
    }
}

/// At most [`BLOCK_ROWS`] rows that follow each other in one segment.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    layout: Layout,
    first: u64,
    bytes: &'a [u8],
    withdrawn: &'a [u64],
}

impl<'a> Block<'a> {
    /// Number of the first row.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of rows.
    #[must_use]
    #[inline]
    pub fn rows(&self) -> usize {
        self.bytes.len() / self.layout.row_length()
    }

    /// Values of a row.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.layout.dim
    }

    /// The values of each row, whether it was withdrawn or not.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let at = self.layout.values_at();
        self.bytes.chunks_exact(self.layout.row_length()).map(move |row| &row[at..])
    }

    /// The values of one row of the block.
    #[inline]
    pub(crate) fn values_of(&self, index: usize) -> &'a [u8] {
        let length = self.layout.row_length();
        &self.bytes[index * length + self.layout.values_at()..(index + 1) * length]
    }

    /// The exponent of one row of the block, which is at most 63.
    #[inline]
    pub(crate) fn exponent(&self, index: usize) -> Result<u8, Error> {
        let exponent = self.bytes[index * self.layout.row_length()];
        if exponent <= MAX_EXPONENT {
            return Ok(exponent);
        }
        Err(Error::Exponent { row: self.first as usize + index, exponent })
    }

    /// The label of one row of the block; `None` where rows have none.
    #[inline]
    pub(crate) fn label(&self, index: usize) -> Option<u16> {
        let at = index * self.layout.row_length() + 1;
        self.layout.labelled.then(|| u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]))
    }

    /// The rows in the block that do not count, ascending.
    pub(crate) fn withdrawn(&self) -> &'a [u64] {
        self.withdrawn
    }

    /// The places in the block of the rows that count.
    #[inline]
    pub(crate) fn active(&self) -> impl Iterator<Item = usize> + use<'a> {
        let first = self.first;
        let mut withdrawn = self.withdrawn.iter();
        let mut next = withdrawn.next();
        (0..self.rows()).filter(move |&index| {
            let counts = next != Some(&(first + index as u64));
            if !counts {
                next = withdrawn.next();
            }
            counts
        })
    }
}
