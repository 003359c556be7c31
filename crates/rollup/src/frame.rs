//! Frames and batcher transactions (specs: protocol/derivation#frame-format, #batcher-transaction-format).

use crate::Error;
use alloy_primitives::{Bytes, FixedBytes};

/// Identifies a channel among those that are open.
pub type ChannelId = FixedBytes<16>;

/// Bytes of a frame besides its data.
pub const FRAME_OVERHEAD: usize = 16 + 2 + 4 + 1;

/// Most bytes of data in a frame.
pub const MAX_FRAME_DATA: usize = 1_000_000;

/// The version byte in front of concatenated frames.
pub const BATCHER_DATA_VERSION: u8 = 0;

/// A piece of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The channel.
    pub channel: ChannelId,
    /// Position in the channel, from 0.
    pub number: u16,
    /// Bytes of the channel that follow those of the frame before.
    pub data: Bytes,
    /// Whether the channel ends here.
    pub is_last: bool,
}

impl Frame {
    /// Appends `channel ‖ number ‖ length ‖ data ‖ is_last`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.channel.as_slice());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&(self.data.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.data);
        out.push(self.is_last.into());
    }

    /// Takes one frame off the front of `input`.
    fn decode(input: &mut Bytes) -> Result<Self, Error> {
        let truncated = Error::malformed("frame", "it is truncated");
        let header: [u8; 22] = input.get(..22).and_then(|h| h.try_into().ok()).ok_or(truncated.clone())?;
        let length = u32::from_be_bytes([header[18], header[19], header[20], header[21]]) as usize;
        if length > MAX_FRAME_DATA {
            return Err(Error::malformed("frame", "it is longer than 1000000 bytes"));
        }
        let end = 22 + length;
        let is_last = match input.get(end).ok_or(truncated)? {
            0 => false,
            1 => true,
            _ => return Err(Error::malformed("frame", "is_last is neither 0 nor 1")),
        };
        let frame = Self {
            channel: ChannelId::from_slice(&header[..16]),
            number: u16::from_be_bytes([header[16], header[17]]),
            data: input.slice(22..end),
            is_last,
        };
        *input = input.slice(end + 1..);
        Ok(frame)
    }
}

/// The content of a batcher transaction or of one of its blobs: a version byte and frames.
pub fn encode_frames<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Vec<u8> {
    let mut out = vec![BATCHER_DATA_VERSION];
    frames.into_iter().for_each(|frame| frame.encode(&mut out));
    out
}

/// The inverse of [`encode_frames`].
///
/// # Errors
/// [`Error::Malformed`] when the version is unknown, there is no frame, or any one of the frames does not parse: they stand or fall together.
pub fn decode_frames(data: &Bytes) -> Result<Vec<Frame>, Error> {
    if data.first() != Some(&BATCHER_DATA_VERSION) {
        return Err(Error::malformed("batcher transaction", "the version is unknown"));
    }
    let mut rest = data.slice(1..);
    let mut frames = vec![Frame::decode(&mut rest)?];
    while !rest.is_empty() {
        frames.push(Frame::decode(&mut rest)?);
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame { channel: ChannelId::repeat_byte(0xcc), number: 258, data: Bytes::from_static(b"abc"), is_last: true }
    }

    #[test]
    fn a_frame_is_laid_out_as_the_specification_says() {
        let bytes = encode_frames([&frame()]);
        assert_eq!(bytes, [&[0][..], &[0xcc; 16], &[1, 2], &[0, 0, 0, 3], b"abc", &[1]].concat());
        assert_eq!(bytes.len(), 1 + FRAME_OVERHEAD + 3);
    }

    #[test]
    fn one_bad_frame_rejects_the_whole_transaction() {
        let mut bytes = encode_frames([&frame(), &frame()]);
        assert_eq!(decode_frames(&bytes.clone().into()).unwrap(), [frame(), frame()]);
        *bytes.last_mut().unwrap() = 2;
        assert!(decode_frames(&bytes.clone().into()).is_err());
        bytes.pop();
        assert!(decode_frames(&bytes.into()).is_err());
        assert!(decode_frames(&Bytes::from_static(&[0])).is_err());
        assert!(decode_frames(&Bytes::new()).is_err());
        assert!(decode_frames(&encode_frames([&frame()])[1..].to_vec().into()).is_err());
    }
}
