//! The elements of HTML: the one list of their names.

use Kind::{Ambiguous, Block, Inline};

/// What an element is to the text that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It stands in a line.
    Inline,
    /// It begins and ends a line. Source: the HTML standard's user-agent style sheet, `display: block`, list items, tables'
    /// cells and rows; and `<br>`.
    Block,
    /// A block by the same source, whose name is a common word of other markup as well (the `<menu>` of a restaurant, the
    /// `<dir>` of a command's usage): it proves no text to be HTML.
    Ambiguous,
}

/// Names and kinds, in order. Source: the HTML standard, and the obsolete elements that text is found in.
const ELEMENTS: [(&[u8], Kind); 101] = [
    (b"a", Inline),
    (b"abbr", Inline),
    (b"acronym", Inline),
    (b"address", Block),
    (b"article", Block),
    (b"aside", Block),
    (b"audio", Inline),
    (b"b", Inline),
    (b"bdi", Inline),
    (b"bdo", Inline),
    (b"big", Inline),
    (b"blockquote", Block),
    (b"body", Inline),
    (b"br", Block),
    (b"button", Inline),
    (b"caption", Inline),
    (b"center", Block),
    (b"cite", Inline),
    (b"code", Inline),
    (b"col", Inline),
    (b"colgroup", Inline),
    (b"dd", Block),
    (b"del", Inline),
    (b"details", Block),
    (b"dfn", Inline),
    (b"dialog", Ambiguous),
    (b"dir", Ambiguous),
    (b"div", Block),
    (b"dl", Block),
    (b"dt", Block),
    (b"em", Inline),
    (b"embed", Inline),
    (b"fieldset", Block),
    (b"figcaption", Block),
    (b"figure", Block),
    (b"font", Inline),
    (b"footer", Block),
    (b"form", Block),
    (b"h1", Block),
    (b"h2", Block),
    (b"h3", Block),
    (b"h4", Block),
    (b"h5", Block),
    (b"h6", Block),
    (b"head", Inline),
    (b"header", Block),
    (b"hgroup", Ambiguous),
    (b"hr", Block),
    (b"html", Inline),
    (b"i", Inline),
    (b"iframe", Inline),
    (b"img", Inline),
    (b"input", Inline),
    (b"ins", Inline),
    (b"kbd", Inline),
    (b"label", Inline),
    (b"li", Block),
    (b"link", Inline),
    (b"main", Block),
    (b"mark", Inline),
    (b"menu", Ambiguous),
    (b"meta", Inline),
    (b"nav", Block),
    (b"noscript", Inline),
    (b"object", Inline),
    (b"ol", Block),
    (b"option", Inline),
    (b"p", Block),
    (b"picture", Inline),
    (b"pre", Block),
    (b"q", Inline),
    (b"rp", Inline),
    (b"rt", Inline),
    (b"ruby", Inline),
    (b"s", Inline),
    (b"samp", Inline),
    (b"script", Inline),
    (b"section", Block),
    (b"select", Inline),
    (b"small", Inline),
    (b"source", Inline),
    (b"span", Inline),
    (b"strike", Inline),
    (b"strong", Inline),
    (b"style", Inline),
    (b"sub", Inline),
    (b"summary", Block),
    (b"sup", Inline),
    (b"svg", Inline),
    (b"table", Block),
    (b"tbody", Inline),
    (b"td", Block),
    (b"template", Inline),
    (b"th", Block),
    (b"thead", Inline),
    (b"time", Inline),
    (b"title", Inline),
    (b"tr", Block),
    (b"u", Inline),
    (b"ul", Block),
    (b"video", Inline),
];

/// An element of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    /// Its place in the list: less than 128.
    pub(super) index: usize,
    pub(super) name: &'static [u8],
    pub(super) kind: Kind,
}

impl Element {
    /// The element of this name, in whatever case.
    pub(super) fn named(name: &[u8]) -> Option<Element> {
        const LONGEST: usize = 10;
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let index = ELEMENTS.binary_search_by(|(name, _)| (*name).cmp(&*lower)).ok()?;
        let (name, kind) = ELEMENTS[index];
        Some(Element { index, name, kind })
    }

    /// Does it begin and end a line?
    pub(super) fn is_block(self) -> bool {
        self.kind != Kind::Inline
    }

    /// May it prove that a text is HTML?
    pub(super) fn is_proof(self) -> bool {
        self.kind != Kind::Ambiguous
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_in_order_and_found() {
        assert!(ELEMENTS.is_sorted_by_key(|(name, _)| *name));
        assert!(ELEMENTS.len() <= 128);
        for (index, (name, kind)) in ELEMENTS.into_iter().enumerate() {
            assert_eq!(Element::named(&name.to_ascii_uppercase()), Some(Element { index, name, kind }));
        }
        assert_eq!(Element::named(b"blockquotes"), None);
        assert_eq!(Element::named(b"story"), None);
    }
}
