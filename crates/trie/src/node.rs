//! A node of the hexary Merkle-Patricia trie and its RLP, both ways (Yellow Paper, appendix D). Keys are 32 bytes, so a branch has no value.

use crate::{EMPTY_ROOT, Error};
use alloy_primitives::{B256, keccak256};
use alloy_rlp::{BufMut, EMPTY_STRING_CODE, Encodable, Header};
use nybbles::Nibbles;

/// Nibbles of a key.
pub(crate) const KEY_NIBBLES: usize = 64;

/// How a parent names a child: by hash, or, when the child's RLP is shorter than a hash, by that RLP itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    Hash(B256),
    Inline { len: u8, rlp: [u8; 31] },
}

impl Reference {
    /// The reference to a node with this RLP.
    pub(crate) fn to(rlp: &[u8]) -> Self {
        if rlp.len() >= 32 { Self::Hash(keccak256(rlp)) } else { Self::inline(rlp) }
    }

    fn inline(rlp: &[u8]) -> Self {
        let mut bytes = [0; 31];
        bytes[..rlp.len()].copy_from_slice(rlp);
        Self::Inline { len: rlp.len() as u8, rlp: bytes }
    }

    /// The item that stands for the child in its parent's list.
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hash(hash) => hash.encode(out),
            Self::Inline { len, rlp } => out.extend_from_slice(&rlp[..*len as usize]),
        }
    }
}

/// An edge of the partly opened trie.
#[derive(Debug, Default)]
pub(crate) enum Link {
    /// No child.
    #[default]
    Empty,
    /// A child that was not looked at yet.
    Closed(Reference),
    /// A child in memory. Its reference is `None` once it or anything below it has changed.
    Open { node: Box<Node>, reference: Option<Reference> },
}

impl Link {
    /// A trie with this root, of which nothing is open.
    pub(crate) fn to_root(root: B256) -> Self {
        if root == EMPTY_ROOT { Self::Empty } else { Self::Closed(Reference::Hash(root)) }
    }

    /// How many nodes are open, a branch counted as five: it is about as large as five leaves.
    pub(crate) fn weight(&self) -> usize {
        let Self::Open { node, .. } = self else { return 0 };
        match &**node {
            Node::Leaf { .. } => 1,
            Node::Extension { child, .. } => 1 + child.weight(),
            Node::Branch(children) => 5 + children.iter().map(Self::weight).sum::<usize>(),
        }
    }
    /// A link to a node that is new or has changed.
    pub(crate) fn changed(node: Node) -> Self {
        Self::Open { node: Box::new(node), reference: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// A node in memory. `key` of a leaf is the rest of the path to its value, `key` of an extension the path to its child.
#[derive(Debug)]
pub(crate) enum Node {
    Leaf { key: Nibbles, value: Vec<u8> },
    Extension { key: Nibbles, child: Link },
    Branch(Box<[Link; 16]>),
}

impl Node {
    /// Reads the node that lies at `path`. Only canonical RLP is accepted, with keys that end exactly at [`KEY_NIBBLES`].
    pub(crate) fn decode(rlp: &[u8], path: &Nibbles) -> Result<Self, Error> {
        Self::decode_towards(rlp, path, KEY_NIBBLES)
    }

    /// The same on the way to a key of this many nibbles: a list's keys have different lengths.
    pub(crate) fn decode_towards(rlp: &[u8], path: &Nibbles, key: usize) -> Result<Self, Error> {
        Self::parse(rlp, key - path.len()).map_err(|reason| Error::MalformedNode { path: *path, reason })
    }

    fn parse(mut rlp: &[u8], room: usize) -> Result<Self, &'static str> {
        let mut payload = Header::decode_bytes(&mut rlp, true).map_err(|_| "not a list")?;
        if !rlp.is_empty() {
            return Err("bytes after the list");
        }
        let mut items = Vec::with_capacity(17);
        while !payload.is_empty() {
            items.push(Item::next(&mut payload)?);
        }
        match items.as_slice() {
            [key, target] => Self::parse_short(key.string().ok_or("path is a list")?, target, room),
            [children @ .., value] if children.len() == 16 => {
                if value.string() != Some(&[]) {
                    return Err("branch has a value");
                }
                if room == 0 {
                    return Err("branch below the end of the key");
                }
                let mut links = Box::<[Link; 16]>::default();
                for (link, item) in links.iter_mut().zip(children) {
                    *link = item.link()?;
                }
                Ok(Self::Branch(links))
            }
            _ => Err("neither 2 nor 17 items"),
        }
    }

    fn parse_short(path: &[u8], target: &Item<'_>, room: usize) -> Result<Self, &'static str> {
        let (key, is_leaf) = decode_hex_prefix(path).ok_or("bad hex prefix")?;
        if is_leaf {
            let value = target.string().ok_or("leaf value is a list")?;
            return if key.len() == room && !value.is_empty() {
                Ok(Self::Leaf { key, value: value.to_vec() })
            } else {
                Err("leaf with a wrong key length or no value")
            };
        }
        match target.link()? {
            Link::Empty => Err("extension without child"),
            child if !key.is_empty() && key.len() < room => Ok(Self::Extension { key, child }),
            _ => Err("extension with a wrong key length"),
        }
    }
}

/// One item of a node's list.
struct Item<'a> {
    raw: &'a [u8],
    payload: &'a [u8],
    list: bool,
}

impl<'a> Item<'a> {
    fn next(buf: &mut &'a [u8]) -> Result<Self, &'static str> {
        let start = *buf;
        let header = Header::decode(buf).map_err(|_| "bad RLP item")?;
        let payload = buf.get(..header.payload_length).ok_or("item longer than the node")?;
        *buf = &buf[header.payload_length..];
        Ok(Self { raw: &start[..start.len() - buf.len()], payload, list: header.list })
    }

    fn string(&self) -> Option<&'a [u8]> {
        (!self.list).then_some(self.payload)
    }

    fn link(&self) -> Result<Link, &'static str> {
        match (self.list, self.payload.len()) {
            (false, 0) => Ok(Link::Empty),
            (false, 32) => Ok(Link::Closed(Reference::Hash(B256::from_slice(self.payload)))),
            (true, _) if self.raw.len() < 32 => Ok(Link::Closed(Reference::inline(self.raw))),
            _ => Err("child is neither a hash nor a short node"),
        }
    }
}

/// RLP of a leaf.
pub(crate) fn encode_leaf(key: impl ExactSizeIterator<Item = u8>, value: &[u8]) -> Vec<u8> {
    let path = hex_prefix(key, true);
    encode_list(path.length() + value.length(), |out| {
        path.as_slice().encode(out);
        value.encode(out);
    })
}

/// RLP of an extension.
pub(crate) fn encode_extension(key: impl ExactSizeIterator<Item = u8>, child: &Reference) -> Vec<u8> {
    let path = hex_prefix(key, false);
    encode_list(path.length() + 33, |out| {
        path.as_slice().encode(out);
        child.encode(out);
    })
}

/// RLP of a branch; `value` is empty except in tries with keys of different lengths.
pub(crate) fn encode_branch(children: &[Option<Reference>; 16], value: &[u8]) -> Vec<u8> {
    encode_list(16 * 33 + value.length(), |out| {
        for child in children {
            match child {
                Some(reference) => reference.encode(out),
                None => out.put_u8(EMPTY_STRING_CODE),
            }
        }
        value.encode(out);
    })
}

/// A list of the items that `write` appends, which have about `capacity` bytes.
fn encode_list(capacity: usize, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = Vec::with_capacity(capacity);
    write(&mut payload);
    let header = Header { list: true, payload_length: payload.len() };
    let mut out = Vec::with_capacity(header.length_with_payload());
    header.encode(&mut out);
    out.extend_from_slice(&payload);
    out
}

/// Hex-prefix encoding of a key (Yellow Paper, appendix C).
fn hex_prefix(key: impl ExactSizeIterator<Item = u8>, is_leaf: bool) -> Vec<u8> {
    let flag = if is_leaf { 0x20 } else { 0 };
    let mut out = Vec::with_capacity(key.len() / 2 + 1);
    let mut high = None;
    out.push(flag);
    if key.len() % 2 == 1 {
        out[0] |= 0x10;
        // The odd nibble shares the flag's byte.
        high = out.pop();
    }
    for nibble in key {
        match high.take() {
            Some(byte) => out.push(byte | nibble),
            None => high = Some(nibble << 4),
        }
    }
    out
}

/// Inverse of [`hex_prefix`]; `None` when it is not canonical or longer than a key.
fn decode_hex_prefix(path: &[u8]) -> Option<(Nibbles, bool)> {
    let (&first, rest) = path.split_first()?;
    let odd = first & 0x10 != 0;
    if first & 0xc0 != 0 || (!odd && first & 0x0f != 0) || rest.len() * 2 + usize::from(odd) > KEY_NIBBLES {
        return None;
    }
    let mut key = Nibbles::new();
    if odd {
        key.push(first & 0x0f);
    }
    key.extend(&Nibbles::unpack(rest));
    Some((key, first & 0x20 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn hex_prefix_of_every_parity_and_kind_reads_back() {
        // The examples of the Ethereum wiki's "Patricia tree" page.
        for (nibbles, is_leaf, expected) in [
            (&[1, 2, 3, 4, 5][..], false, &hex!("112345")[..]),
            (&[0, 1, 2, 3, 4, 5], false, &hex!("00012345")),
            (&[0, 15, 1, 12, 11, 8], true, &hex!("200f1cb8")),
            (&[15, 1, 12, 11, 8], true, &hex!("3f1cb8")),
            (&[], true, &hex!("20")),
        ] {
            let path = hex_prefix(nibbles.iter().copied(), is_leaf);
            assert_eq!(path, expected);
            assert_eq!(decode_hex_prefix(&path), Some((Nibbles::from_nibbles(nibbles), is_leaf)));
        }
    }

    #[test]
    fn hex_prefix_that_is_not_canonical_is_refused() {
        for path in [&hex!("")[..], &hex!("0112"), &hex!("4012"), &hex!("8012"), &[0x11; 34], &[0x10; 33]] {
            assert_eq!(decode_hex_prefix(path), None, "{path:02x?}");
        }
    }

    #[test]
    fn malformed_nodes_are_errors_and_never_panics() {
        let leaf = encode_leaf([1u8; 64].into_iter(), b"value");
        let empty_branch = encode_branch(&[None; 16], b"");
        let top = Nibbles::new();
        assert!(Node::decode(&leaf, &top).is_ok());
        assert!(Node::decode(&leaf, &Nibbles::from_nibbles([1])).is_err(), "key too long");
        assert!(Node::decode(&encode_leaf([1u8; 64].into_iter(), b""), &top).is_err(), "no value");
        assert!(Node::decode(&encode_branch(&[None; 16], b"v"), &top).is_err(), "branch value");
        assert!(Node::decode(&empty_branch, &Nibbles::from_nibbles([1; 64])).is_err(), "too deep");
        for rlp in [&hex!("")[..], &hex!("80"), &hex!("c0"), &hex!("c22080"), &hex!("f8"), &hex!("c28481"), &hex!("c3208180")] {
            assert!(Node::decode(rlp, &top).is_err(), "{rlp:02x?}");
        }
        for cut in 0..leaf.len() {
            assert!(Node::decode(&leaf[..cut], &top).is_err());
        }
    }
}
