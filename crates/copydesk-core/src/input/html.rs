//! The text of an HTML body: block elements and `<br>` end lines, markup goes, entities become what they stand for.
//!
//! The tokenizer is html5gum (WHATWG's, tested by html5lib's suite), driven by callbacks: it keeps no tree and no
//! attributes, so time and memory are linear in the input whatever it nests. White space inside a line is collapsed as
//! a browser does, but for `<pre>`.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::elements::Element;

/// Elements whose content is no text of the story. The tokenizer reads all of them as raw text, so that an end tag
/// that is missing hides nothing but what a browser would hide.
const HIDDEN: &[&[u8]] = &[b"script", b"style", b"iframe", b"noembed", b"noframes", b"title"];

/// The text of `html`, its lines ended by LF, none of them blank.
pub(super) fn text(html: &str) -> String {
    read(html, 0)
}

/// The same of text that has elements in its lines only: its own line ends stay.
pub(super) fn lines(html: &str) -> String {
    read(html, 1)
}

fn read(html: &str, pre: usize) -> String {
    let text = String::with_capacity(html.len() / 2);
    let mut sink = Sink { text, hidden: false, ruby: 0, reading: false, pre, gap: false };
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<()> {
        sink.take(event);
        None
    });
    emitter.naively_switch_states(true);
    // The reader is a string in memory: it can't fail, and the callback yields nothing.
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(()) = token;
    }
    sink.text.truncate(sink.text.trim_end().len());
    sink.text
}

struct Sink {
    text: String,
    hidden: bool,
    /// Depth of `<ruby>`.
    ruby: usize,
    /// Inside `<rt>`, `<rp>` or `<rtc>` of a `<ruby>`: how a word is read, which stands above it and is no text.
    reading: bool,
    /// Depth of `<pre>`.
    pre: usize,
    /// White space that is written once text follows in the same line.
    gap: bool,
}

impl Sink {
    fn take(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.hidden = HIDDEN.contains(&name);
                self.pre += usize::from(name == b"pre");
                self.ruby += usize::from(name == b"ruby");
                match name {
                    b"rt" | b"rp" | b"rtc" => self.reading = self.ruby > 0,
                    b"rb" => self.reading = false,
                    _ => {}
                }
                self.tag(name);
            }
            CallbackEvent::EndTag { name } => {
                self.hidden = false;
                self.pre = self.pre.saturating_sub(usize::from(name == b"pre"));
                self.ruby = self.ruby.saturating_sub(usize::from(name == b"ruby"));
                // An end tag that is missing hides no more than its ruby does.
                self.reading &= !matches!(name, b"rt" | b"rp" | b"rtc" | b"ruby");
                self.tag(name);
            }
            CallbackEvent::String { value } if !self.hidden && !self.reading => {
                self.characters(&String::from_utf8_lossy(value));
            }
            _ => {}
        }
    }

    fn tag(&mut self, name: &[u8]) {
        if Element::named(name).is_some_and(Element::is_block) {
            // No block stands in a ruby: one that does shows that the ruby was not closed.
            self.reading &= name == b"br";
            self.ruby *= usize::from(name == b"br");
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.gap = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn characters(&mut self, characters: &str) {
        for c in characters.chars() {
            match c {
                '\n' | '\r' if self.pre > 0 => self.end_line(),
                // HTML's own white space; a no-break space is a letter to it.
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => self.gap = true,
                _ => {
                    if std::mem::take(&mut self.gap) && !self.text.is_empty() && !self.text.ends_with('\n') {
                        self.text.push(' ');
                    }
                    self.text.push(c);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn blocks_end_lines_and_markup_goes() {
        let html = "<article><h1>Dyke &amp; dam</h1>\n<p>The <b>river</b>\n fell&nbsp;by half.</p><ul><li>One<li>Two</ul>a<br/>b</article>";
        assert_eq!(text(html), "Dyke & dam\nThe river fell\u{a0}by half.\nOne\nTwo\na\nb");
    }

    #[test]
    fn scripts_styles_and_comments_are_no_text() {
        assert_eq!(
            text("<p>a<script>if (x<y) { document.write('<p>no</p>') }</script><style>p{}</style><!-- no --> b</p>"),
            "a b"
        );
    }

    #[test]
    fn readings_of_ruby_are_no_text() {
        for (html, expected) in [
            ("<p>町の<ruby>灯台<rt>とうだい</rt></ruby>が点灯した。</p>", "町の灯台が点灯した。"),
            ("<ruby>東<rp>(</rp><rt>とう</rt><rp>)</rp>京<rp>(</rp><rt>きょう</rt><rp>)</rp></ruby>へ", "東京へ"),
            ("<ruby>東<rp>(<rt>とう<rp>)</ruby>京", "東京"),
            ("<ruby><rb>旧<rb>金<rb>山<rt>jiù<rt>jīn<rt>shān<rtc>San Francisco</ruby>へ", "旧金山へ"),
            ("<ruby>東<rt><span>とう</span>", "東"),
            ("<p><ruby>東<rt>とう<p>Next", "東\nNext"),
            ("a <rt>b</rt> c", "a b c"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn pre_keeps_its_lines() {
        assert_eq!(text("<pre>one\ntwo</pre>three"), "one\ntwo\nthree");
    }

    #[test]
    fn tag_soup_is_linear() {
        assert_eq!(text(&"<b><i>".repeat(200_000)), "");
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=1")).collect();
        assert_eq!(text(&format!("<p{attributes}>x")), "x");
        assert_eq!(text("a < b & c <"), "a < b & c <");
    }
}
