//! A trie over the lexicon's keys: a step a byte, each through a handful of neighbouring bytes.
//!
//! Nodes lie in one array, the children of a node side by side and in order, so that a walk touches little memory.

/// No entry ends here.
const NONE: u32 = u32::MAX;

/// A node: where its children lie, and the entry that ends here.
#[derive(Debug, Clone, Copy)]
struct Node {
    first_child: u32,
    children: u16,
    entry: u32,
}

/// The trie. Nodes are numbered; 0 is the root.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The byte that leads to a node.
    labels: Vec<u8>,
    /// The children of the root, by their byte: 0 is none.
    root: [u32; 256],
}

impl Trie {
    /// Over keys in order, without doubles; entry `n` is the n-th.
    pub(super) fn new<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Trie {
        let keys: Vec<&[u8]> = keys.collect();
        let mut trie = Trie { nodes: Vec::new(), labels: Vec::new(), root: [0; 256] };
        trie.nodes.push(Node { first_child: 0, children: 0, entry: NONE });
        trie.labels.push(0);
        // Breadth first: node, its keys, its depth.
        let mut open = std::collections::VecDeque::from([(0, 0, keys.len(), 0)]);
        while let Some((node, mut low, high, depth)) = open.pop_front() {
            let byte_at = |index: usize| keys.get(index).and_then(|key| key.get(depth)).copied();
            if low < high && byte_at(low).is_none() {
                trie.nodes[node].entry = low as u32;
                low += 1;
            }
            trie.nodes[node].first_child = trie.nodes.len() as u32;
            while low < high {
                let Some(byte) = byte_at(low) else { break };
                let end = (low..high).find(|&index| byte_at(index) != Some(byte)).unwrap_or(high);
                open.push_back((trie.nodes.len(), low, end, depth + 1));
                trie.nodes[node].children += 1;
                trie.nodes.push(Node { first_child: 0, children: 0, entry: NONE });
                trie.labels.push(byte);
                low = end;
            }
        }
        let top = trie.nodes[0];
        for child in top.first_child..top.first_child + u32::from(top.children) {
            trie.root[usize::from(trie.labels[child as usize])] = child;
        }
        trie
    }

    /// The node that a byte leads to.
    #[inline]
    pub(super) fn step(&self, node: u32, byte: u8) -> Option<u32> {
        if node == 0 {
            return Some(self.root[usize::from(byte)]).filter(|&child| child != 0);
        }
        let Node { first_child, children, .. } = *self.nodes.get(node as usize)?;
        let first = first_child as usize;
        let labels = self.labels.get(first..first + usize::from(children))?;
        let at = if labels.len() <= 8 {
            labels.iter().position(|&label| label == byte)?
        } else {
            labels.binary_search(&byte).ok()?
        };
        Some(first_child + at as u32)
    }

    /// The entry that ends at a node.
    #[inline]
    pub(super) fn entry(&self, node: u32) -> Option<u32> {
        self.nodes.get(node as usize).map(|node| node.entry).filter(|&entry| entry != NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_nothing_else() {
        let keys = ["a", "ab", "abc", "b", "bcd", "jan", "january", "é"];
        let trie = Trie::new(keys.iter().map(|key| key.as_bytes()));
        let find =
            |text: &str| text.bytes().try_fold(0, |node, byte| trie.step(node, byte)).and_then(|n| trie.entry(n));
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(find(key), Some(index as u32), "{key}");
        }
        for other in ["", "abcd", "bc", "janu", "c"] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
