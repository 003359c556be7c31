//! Queries in the forms that the paths read.

use crate::{Error, rows::check_dim};

/// Most queries that are scored in one pass over the rows.
pub const BATCH: usize = 8;

/// Bytes of a cache line, and of the widest register.
const LINE: usize = 64;

/// One cache line of a query.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [i8; LINE]);

/// A query. It may hold every `i8`, −128 included, for it comes from whoever calls.
#[derive(Debug, Clone)]
pub struct Query {
    dim: usize,
    /// The values; behind the last come zeros up to a whole line.
    lines: Vec<Line>,
    /// The values again, 16 bits wide.
    wide: Vec<[i16; 16]>,
    /// The sum of the values, at most 2¹⁹ in magnitude.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only AVX-512 corrects its results by it"))]
    sum: i32,
}

impl Query {
    /// A query of `values.len()` dimensions, a multiple of 32 from 32 to 4,096.
    ///
    /// # Errors
    /// [`Error::UnsupportedDimension`].
    pub fn new(values: &[i8]) -> Result<Self, Error> {
        let dim = check_dim(values.len())?;
        let line = |chunk: &[i8]| {
            let mut line = Line([0; LINE]);
            line.0[..chunk.len()].copy_from_slice(chunk);
            line
        };
        let (chunks, _) = values.as_chunks::<16>();
        Ok(Self {
            dim,
            lines: values.chunks(LINE).map(line).collect(),
            wide: chunks.iter().map(|chunk| chunk.map(i16::from)).collect(),
            sum: values.iter().map(|&value| i32::from(value)).sum(),
        })
    }

    /// The origin, from which squared distances are squared norms.
    ///
    /// # Errors
    /// [`Error::UnsupportedDimension`].
    pub fn zero(dim: usize) -> Result<Self, Error> {
        Self::new(&vec![0; check_dim(dim)?])
    }

    /// Dimensions.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = i8> + '_ {
        self.lines.iter().flat_map(|line| line.0).take(self.dim)
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(super) fn wide(&self) -> &[[i16; 16]] {
        &self.wide
    }

    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only AVX-512 corrects its results by it"))]
    pub(super) fn sum(&self) -> i32 {
        self.sum
    }
}

/// Up to eight queries that are scored together; the places that are left hold the zero query.
#[derive(Debug, Clone)]
pub struct Batch {
    queries: [Query; BATCH],
    len: usize,
    /// Eight values of each query in a line, with 128 added (as unsigned bytes), and the next eight.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only AVX-512 reads queries in this form"))]
    interleaved: Vec<[Line; 2]>,
}

impl Batch {
    /// One to eight queries of the same dimension.
    ///
    /// # Errors
    /// [`Error::BatchSize`], [`Error::QueryLength`], [`Error::UnsupportedDimension`].
    pub fn new(queries: &[&[i8]]) -> Result<Self, Error> {
        let Some(first) = queries.first().filter(|_| queries.len() <= BATCH) else {
            return Err(Error::BatchSize { queries: queries.len() });
        };
        let expected = first.len();
        let zero = Query::zero(expected)?;
        let mut all = [const { None::<Query> }; BATCH];
        for (place, values) in all.iter_mut().zip(queries) {
            if values.len() != expected {
                return Err(Error::QueryLength { found: values.len(), expected });
            }
            *place = Some(Query::new(values)?);
        }
        let all = all.map(|query| query.unwrap_or_else(|| zero.clone()));
        let interleaved = (0..expected / 16).map(|at| [interleave(&all, 2 * at), interleave(&all, 2 * at + 1)]).collect();
        Ok(Self { queries: all, len: queries.len(), interleaved })
    }

    /// Dimensions of each query.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.queries[0].dim
    }

    /// How many queries there are, 1..=8.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    pub(super) fn queries(&self) -> &[Query; BATCH] {
        &self.queries
    }

    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "only AVX-512 reads queries in this form"))]
    pub(super) fn interleaved(&self) -> &[[Line; 2]] {
        &self.interleaved
    }
}

/// The `at`-th eight values of each query.
fn interleave(queries: &[Query; BATCH], at: usize) -> Line {
    let mut line = Line([0; LINE]);
    for (eight, query) in line.0.chunks_exact_mut(8).zip(queries) {
        for (index, value) in eight.iter_mut().enumerate() {
            let from = at * 8 + index;
            *value = query.lines[from / LINE].0[from % LINE] ^ i8::MIN;
        }
    }
    line
}
