//! Primitive fields of the batch formats: fixed bytes, varints, bit lists.

use crate::Error;

/// Takes fields off the front of an encoding and never reads past its end.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, naming them `what` in errors.
    pub(crate) const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, rest: bytes }
    }

    /// What is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The error that something is wrong with the encoding.
    pub(crate) const fn malformed(&self, why: &'static str) -> Error {
        Error::malformed(self.what, why)
    }

    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(self.malformed("it is truncated"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        Ok(self.take(N)?.try_into().expect("take returns as many bytes as asked for"))
    }

    /// An unsigned base-128 varint of at most 64 bits (protobuf).
    pub(crate) fn uvarint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let group = u64::from(byte & 0x7f);
            if shift == 63 && group > 1 {
                break;
            }
            value |= group << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a varint has more than 64 bits"))
    }

    /// A list of `n` bits: a big-endian integer of ⌈n/8⌉ bytes whose lowest bit is the first.
    pub(crate) fn bits(&mut self, n: usize) -> Result<Vec<bool>, Error> {
        let bytes = self.take(n.div_ceil(8))?;
        let bit = |i: usize| bytes[bytes.len() - 1 - i / 8] >> (i % 8) & 1 == 1;
        if (n..bytes.len() * 8).any(bit) {
            return Err(self.malformed("a bit list has bits past its length"));
        }
        Ok((0..n).map(bit).collect())
    }

    /// The bytes of one RLP list, header included.
    pub(crate) fn rlp_list(&mut self) -> Result<&'a [u8], Error> {
        let mut probe = self.rest;
        match alloy_rlp::Header::decode(&mut probe) {
            Ok(header) if header.list => self.take(self.rest.len() - probe.len() + header.payload_length),
            _ => Err(self.malformed("an RLP list was expected")),
        }
    }
}

/// The inverse of [`Reader::uvarint`], in the shortest form.
pub(crate) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The inverse of [`Reader::bits`].
pub(crate) fn put_bits(out: &mut Vec<u8>, bits: &[bool]) {
    let start = out.len();
    out.resize(start + bits.len().div_ceil(8), 0);
    let bytes = &mut out[start..];
    let last = bytes.len().wrapping_sub(1);
    for (i, _) in bits.iter().enumerate().filter(|(_, bit)| **bit) {
        bytes[last - i / 8] |= 1 << (i % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_those_of_protobuf() {
        for (value, bytes) in [(0, &[0][..]), (1, &[1]), (150, &[0x96, 1]), (300, &[0xac, 2])] {
            let mut out = Vec::new();
            put_uvarint(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(Reader::new("varint", bytes).uvarint().unwrap(), value);
        }
        let mut out = Vec::new();
        put_uvarint(&mut out, u64::MAX);
        assert_eq!((out.len(), Reader::new("varint", &out).uvarint().unwrap()), (10, u64::MAX));
        out[9] = 2;
        assert!(Reader::new("varint", &out).uvarint().is_err());
        assert!(Reader::new("varint", &[0x80; 11]).uvarint().is_err());
        assert!(Reader::new("varint", &[0x80]).uvarint().is_err());
    }

    #[test]
    fn bit_lists_are_big_endian_and_left_padded() {
        let bits = [true, false, false, false, false, false, false, false, true, true];
        let mut out = Vec::new();
        put_bits(&mut out, &bits);
        assert_eq!(out, [0b11, 0b1]);
        assert_eq!(Reader::new("bits", &out).bits(10).unwrap(), bits);
        assert!(Reader::new("bits", &[0b111, 1]).bits(10).is_err());
        assert_eq!(Reader::new("bits", &[]).bits(0).unwrap(), Vec::<bool>::new());
    }
}
