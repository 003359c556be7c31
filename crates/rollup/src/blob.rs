//! EIP-4844 blobs as containers of batcher data (specs: protocol/ecotone/derivation#blob-encoding).

use crate::Error;
use alloy_eips::eip4844::{BYTES_PER_BLOB, Blob};
use alloy_primitives::Bytes;

/// Most bytes of data in one blob: 1024 rounds of 127 bytes, less version byte and length.
pub const MAX_BLOB_DATA: usize = ROUNDS * ROUND_DATA - HEADER;

/// Four field elements make one round.
const ROUNDS: usize = BYTES_PER_BLOB / 128;

/// A round holds 4 × 31 bytes and three more in the spare six bits of its four elements.
const ROUND_DATA: usize = 4 * 31 + 3;

/// Version byte and u24 length.
const HEADER: usize = 4;

/// The version of the encoding.
const VERSION: u8 = 0;

/// Puts `data` into a blob.
///
/// # Errors
/// [`Error::Unencodable`] when `data` is longer than [`MAX_BLOB_DATA`].
pub fn encode_blob(data: &[u8]) -> Result<Blob, Error> {
    if data.len() > MAX_BLOB_DATA {
        return Err(Error::Unencodable { what: "blob", why: "the data is longer than 130044 bytes" });
    }
    let mut input = vec![0u8; ROUNDS * ROUND_DATA];
    let [_, length @ ..] = (data.len() as u32).to_be_bytes();
    input[0] = VERSION;
    input[1..HEADER].copy_from_slice(&length);
    input[HEADER..HEADER + data.len()].copy_from_slice(data);

    let mut blob = Blob::ZERO;
    for (input, out) in input.chunks_exact(ROUND_DATA).zip(blob.chunks_exact_mut(128)) {
        let (x, y, z) = (input[31], input[63], input[95]);
        let tops = [x & 0x3f, (y & 0x0f) | ((x & 0xc0) >> 2), z & 0x3f, ((z & 0xc0) >> 2) | ((y & 0xf0) >> 4)];
        for (i, top) in tops.into_iter().enumerate() {
            out[32 * i] = top;
            out[32 * i + 1..32 * (i + 1)].copy_from_slice(&input[32 * i..32 * i + 31]);
        }
    }
    Ok(blob)
}

/// The inverse of [`encode_blob`]; accepts only what it produces.
///
/// # Errors
/// [`Error::Malformed`] when a field element uses its top two bits, the version is unknown, the length is too large, or bytes past it are not zero.
pub fn decode_blob(blob: &Blob) -> Result<Bytes, Error> {
    let mut data = vec![0u8; ROUNDS * ROUND_DATA];
    for (element, out) in blob.chunks_exact(128).zip(data.chunks_exact_mut(ROUND_DATA)) {
        let [a, b, c, d] = [element[0], element[32], element[64], element[96]];
        if (a | b | c | d) & 0xc0 != 0 {
            return Err(Error::malformed("blob", "a field element uses its top two bits"));
        }
        for i in 0..4 {
            out[32 * i..32 * i + 31].copy_from_slice(&element[32 * i + 1..32 * (i + 1)]);
        }
        out[31] = a | ((b & 0x30) << 2);
        out[63] = (b & 0x0f) | ((d & 0x0f) << 4);
        out[95] = c | ((d & 0x30) << 2);
    }
    if data[0] != VERSION {
        return Err(Error::malformed("blob", "the version is unknown"));
    }
    let length = u32::from_be_bytes([0, data[1], data[2], data[3]]) as usize;
    if length > MAX_BLOB_DATA {
        return Err(Error::malformed("blob", "the length is more than a blob holds"));
    }
    if data[HEADER + length..].iter().any(|b| *b != 0) {
        return Err(Error::malformed("blob", "bytes past the length are not zero"));
    }
    Ok(Bytes::from(data).slice(HEADER..HEADER + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_holds_130044_bytes_and_not_one_more() {
        assert_eq!(MAX_BLOB_DATA, 130_044);
        let full = vec![0xff; MAX_BLOB_DATA];
        assert_eq!(decode_blob(&encode_blob(&full).unwrap()).unwrap(), full);
        assert!(encode_blob(&[full, vec![0]].concat()).is_err());
    }

    #[test]
    fn a_blob_that_the_encoder_would_not_produce_is_refused() {
        let good = encode_blob(b"data").unwrap();
        for (at, value) in [(0usize, 0x40), (32, 0x80), (1, 1), (2, 0xff), (9, 1), (131_071, 1), (0, 1)] {
            let mut bad = good;
            bad[at] = value;
            assert!(decode_blob(&bad).is_err(), "byte {at} set to {value}");
        }
    }
}
