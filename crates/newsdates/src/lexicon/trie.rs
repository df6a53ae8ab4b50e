//! A trie over the lexicon's words: a step a byte, each through a handful of neighbouring bytes.
//!
//! Nodes lie in one array, the children of a node side by side and in order, so that a walk touches little memory. Where
//! only one word is left its remaining bytes are no nodes but a tail.

/// The entry of a node where no word ends.
pub(super) const NO_ENTRY: u16 = u16::MAX;

/// A node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    /// Its first child; where it has a tail, the start of that.
    pub(super) first: u32,
    pub(super) children: u8,
    /// Bytes of its tail: the entry lies behind them.
    pub(super) tail: u8,
    /// The entry that ends here, or [`NO_ENTRY`].
    pub(super) entry: u16,
}

/// A place in the trie: a node, and how far into its tail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    node: u32,
    tail: u8,
}

impl Cursor {
    pub(super) const ROOT: Cursor = Cursor { node: 0, tail: 0 };
}

/// The trie. Nodes are numbered; 0 is the root.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The byte that leads to a node.
    labels: &'static [u8],
    tails: &'static [u8],
    /// The children of the root, by their byte: 0 is none.
    root: [u32; 256],
}

impl Trie {
    pub(super) fn new(nodes: Vec<Node>, labels: &'static [u8], tails: &'static [u8]) -> Trie {
        let mut root = [0; 256];
        let top = nodes.first().copied().unwrap_or_default();
        for child in top.first..top.first + u32::from(top.children) {
            if let Some(slot) = labels.get(child as usize).and_then(|&label| root.get_mut(usize::from(label))) {
                *slot = child;
            }
        }
        Trie { nodes, labels, tails, root }
    }

    /// The place that a byte leads to.
    #[inline]
    pub(super) fn step(&self, at: Cursor, byte: u8) -> Option<Cursor> {
        if at.node == 0 {
            return Some(Cursor { node: self.root[usize::from(byte)], tail: 0 }).filter(|child| child.node != 0);
        }
        let node = self.nodes.get(at.node as usize)?;
        let first = node.first as usize;
        if at.tail < node.tail {
            let next = self.tails.get(first + usize::from(at.tail))?;
            return (*next == byte).then_some(Cursor { tail: at.tail + 1, ..at });
        }
        let labels = self.labels.get(first..first + usize::from(node.children))?;
        let child = if labels.len() <= 8 {
            labels.iter().position(|&label| label == byte)?
        } else {
            labels.binary_search(&byte).ok()?
        };
        Some(Cursor { node: (first + child) as u32, tail: 0 })
    }

    /// The entry that ends at a place.
    #[inline]
    pub(super) fn entry(&self, at: Cursor) -> Option<u32> {
        let node = self.nodes.get(at.node as usize)?;
        (at.tail == node.tail && node.entry != NO_ENTRY).then_some(u32::from(node.entry))
    }
}
