//! Channels: compressed runs of batches (specs: protocol/derivation#channel-format, protocol/fjord/derivation#brotli-channel-compression).

use crate::{Batch, Error};
use alloy_rlp::{Encodable, Header};
use flate2::{Compression as ZlibLevel, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use std::io::{Read, Write};

/// Most bytes that are read from a decompressed channel, and most that a compressed one may have (since Fjord).
pub const MAX_RLP_BYTES_PER_CHANNEL: usize = 100_000_000;

/// The version byte of a channel that is compressed with brotli.
const BROTLI_VERSION: u8 = 1;

/// Base-two logarithm of brotli's window.
const BROTLI_WINDOW: i32 = 22;

/// How the encoder compresses a channel. The decoder tells from the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Zlib at a level from 0 to 9.
    Zlib {
        /// 0 (none) to 9 (best).
        level: u32,
    },
    /// Brotli with a window of 2^22 bytes.
    Brotli {
        /// 0 (fastest) to 11 (smallest).
        quality: u32,
    },
}

impl Compression {
    /// Compresses encoded batches to the bytes of a channel.
    pub fn compress<'a>(self, batches: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut rlp = Vec::new();
        batches.into_iter().for_each(|batch| batch.encode(&mut rlp));
        const INFALLIBLE: &str = "writing to memory does not fail";
        match self {
            Self::Zlib { level } => {
                let mut encoder = ZlibEncoder::new(Vec::new(), ZlibLevel::new(level));
                encoder.write_all(&rlp).expect(INFALLIBLE);
                encoder.finish().expect(INFALLIBLE)
            }
            Self::Brotli { quality } => {
                let mut out = vec![BROTLI_VERSION];
                let params = brotli::enc::BrotliEncoderParams {
                    quality: quality as i32,
                    lgwin: BROTLI_WINDOW,
                    size_hint: rlp.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut rlp.as_slice(), &mut out, &params).expect(INFALLIBLE);
                out
            }
        }
    }
}

/// Reads the batches of a complete channel.
#[derive(Debug)]
pub struct ChannelReader {
    rlp: Vec<u8>,
    position: usize,
    chain_id: u64,
}

impl ChannelReader {
    /// Decompresses a channel of the rollup with this chain id. What cannot be decompressed is as if it were not there.
    pub fn new(compressed: &[u8], chain_id: u64) -> Self {
        Self { rlp: decompress(compressed), position: 0, chain_id }
    }

    /// The next batch, `None` at the end.
    ///
    /// # Errors
    /// [`Error::Malformed`] when what follows is no batch: then nothing after it counts either, and the reader is at its end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.position == self.rlp.len() {
            return Ok(None);
        }
        let mut rest = &self.rlp[self.position..];
        self.position = self.rlp.len();
        let encoded = Header::decode_bytes(&mut rest, false).map_err(|_| Error::malformed("channel", "it is not a run of RLP strings"))?;
        let batch = Batch::decode(encoded, self.chain_id)?;
        self.position -= rest.len();
        Ok(Some(batch))
    }
}

/// Decompresses at most [`MAX_RLP_BYTES_PER_CHANNEL`]; keeps what came before a fault, as a streaming reader would.
fn decompress(compressed: &[u8]) -> Vec<u8> {
    match compressed {
        [first, ..] if matches!(first & 0x0f, 8 | 15) => inflate(compressed),
        [BROTLI_VERSION, rest @ ..] => {
            let mut out = Vec::new();
            let _ = brotli::Decompressor::new(rest, 4096).take(MAX_RLP_BYTES_PER_CHANNEL as u64).read_to_end(&mut out);
            out
        }
        _ => Vec::new(),
    }
}

/// Decompresses zlib. flate2's readers lose the bytes before a fault, such as a wrong checksum, hence the loop.
fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut zlib = Decompress::new(true);
    let mut out = Vec::new();
    loop {
        let (read, written) = (zlib.total_in() as usize, out.len());
        out.resize(MAX_RLP_BYTES_PER_CHANNEL.min(written + 64 * 1024), 0);
        let status = zlib.decompress(&compressed[read..], &mut out[written..], FlushDecompress::None);
        let progress = zlib.total_out() as usize != written || zlib.total_in() as usize != read;
        out.truncate(zlib.total_out() as usize);
        if !matches!(status, Ok(Status::Ok)) || !progress || out.len() == MAX_RLP_BYTES_PER_CHANNEL {
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SingularBatch;
    use alloy_primitives::B256;

    fn batch(timestamp: u64) -> Batch {
        Batch::Singular(SingularBatch {
            parent_hash: B256::ZERO,
            epoch_num: 1,
            epoch_hash: B256::ZERO,
            timestamp,
            transactions: vec![vec![2; 5000].into()],
        })
    }

    fn channel(compression: Compression) -> Vec<u8> {
        let batches: Vec<_> = (0..20).map(|i| batch(i).encode(1).unwrap()).collect();
        compression.compress(batches.iter().map(Vec::as_slice))
    }

    fn read(compressed: &[u8]) -> (u64, bool) {
        let mut reader = ChannelReader::new(compressed, 1);
        for n in 0.. {
            match reader.next_batch() {
                Ok(Some(got)) => assert_eq!(got, batch(n)),
                Ok(None) => return (n, true),
                Err(_) => {
                    assert_eq!(reader.next_batch(), Ok(None));
                    return (n, false);
                }
            }
        }
        unreachable!()
    }

    #[test]
    fn the_first_byte_tells_the_compression() {
        for quality in [0, 5, 10, 11] {
            assert_eq!(read(&channel(Compression::Brotli { quality })), (20, true));
        }
        for level in [0, 6, 9] {
            assert_eq!(read(&channel(Compression::Zlib { level })), (20, true));
        }
        let mut unknown = channel(Compression::Brotli { quality: 5 });
        unknown[0] = 2;
        assert_eq!(read(&unknown), (0, true));
        assert_eq!(read(&[]), (0, true));
    }

    #[test]
    fn batches_before_a_fault_count() {
        let whole = channel(Compression::Zlib { level: 0 });
        let (n, clean) = read(&whole[..whole.len() / 2]);
        assert!(n > 0 && n < 20 && !clean);
        let (n, _) = read(&[&whole[..whole.len() - 1], &[whole[whole.len() - 1] ^ 1]].concat());
        assert_eq!(n, 20, "only the checksum is wrong");
    }

    #[test]
    fn a_zip_bomb_is_read_only_up_to_the_limit() {
        let bomb = vec![0u8; MAX_RLP_BYTES_PER_CHANNEL + 1000];
        let compressed = Compression::Zlib { level: 1 }.compress([bomb.as_slice()]);
        assert!(compressed.len() < 1_000_000);
        let reader = ChannelReader::new(&compressed, 1);
        assert_eq!(reader.rlp.len(), MAX_RLP_BYTES_PER_CHANNEL);
    }
}
