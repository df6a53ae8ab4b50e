//! Known words that are names: which words of a line are names, whatever else they are in some language.
//!
//! The lexicon holds the short words of two hundred languages, and many a given name or town is one of them ("Door Jan de
//! Vries", "Ana Popescu", "Hà Nội"). What a byline word introduces, and what stands beside an unknown name and is no
//! month or weekday of a language that carries news, is taken for a name before any date is looked for.

use super::fold::Folded;
use super::lexicon::{LEXICON, List, Meaning, Sense, is_in, unspaced};
use super::names::{LONGEST_INITIAL, ends_time, is_label, is_user};
use super::rules::{RuleId, Trace};
use super::token::{Kind, Token};

/// Marks the words that are names here, and the words that introduce them.
pub(super) fn mark(source: &str, folded: &Folded, tokens: &mut [Token], trace: Trace<'_>) {
    // "Von Jan Mai": all of it is known.
    let opens_with_by = tokens.first().is_some_and(|t| t.means(|m| m == Meaning::By));
    if !opens_with_by && tokens.iter().all(|t| t.kind != Kind::Unknown) {
        return;
    }
    for at in 0..tokens.len() {
        let Some(&token) = tokens.get(at) else { continue };
        let Kind::Word { .. } = token.kind else { continue };
        let Some(rule) = (Words { source, folded, tokens }).rule_for(at, token) else { continue };
        trace.fired(rule);
        if let Some(token) = tokens.get_mut(at) {
            token.kind = if rule == RuleId::BylineWord { Kind::Byline } else { Kind::Unknown };
        }
    }
}

/// The words of a line, those before the one in question already marked.
struct Words<'a> {
    source: &'a str,
    folded: &'a Folded,
    tokens: &'a [Token],
}

impl Words<'_> {
    /// The rule by which a known word is a name, or introduces one.
    fn rule_for(&self, at: usize, token: Token) -> Option<RuleId> {
        let before = at.checked_sub(1);
        if self.is_second_sign(at, token) {
            return Some(RuleId::SecondSignOfName);
        }
        if self.is_domain(at, token) {
            return Some(RuleId::EndOfDomain);
        }
        if self.is_initial(at, token) {
            return Some(RuleId::Initial);
        }
        if self.connects(at) && before.is_some_and(|i| self.is_unknown(i)) && self.is_unknown(at + 1) {
            return Some(RuleId::SmallWordInName);
        }
        if self.is_byline_word(at, token) {
            return Some(RuleId::BylineWord);
        }
        if self.goes_on_after_byline(at, token) {
            return Some(RuleId::RestOfBylineName);
        }
        self.is_known_name(at, token).then_some(RuleId::KnownWordInName)
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    fn is_mark(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(Kind::Mark(_)))
    }

    fn is_number(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(Kind::Number { .. }))
    }

    fn is_unknown(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Unknown)
    }

    fn is_one_letter(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.end - t.start == 1)
    }

    fn is_stop(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Mark('.'))
    }

    /// Is the byte of the folded text written as a capital?
    fn is_capital_byte(&self, at: usize) -> bool {
        let written = self.folded.source.get(at).and_then(|&s| self.source.get(s as usize..));
        written.is_some_and(|written| written.starts_with(char::is_uppercase))
    }

    fn is_capital(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| self.is_capital_byte(t.start))
    }

    fn word(&self, token: &Token) -> Option<&str> {
        self.folded.text.get(token.start..token.end)
    }

    fn connects(&self, at: usize) -> bool {
        self.tokens.get(at).and_then(|t| self.word(t)).is_some_and(|word| is_in(List::Connector, word))
    }

    fn is_introduced(&self, at: usize) -> bool {
        self.tokens.get(..at).is_some_and(is_introduced)
    }

    /// 张三: the second sign of a name that a byline word introduced.
    fn is_second_sign(&self, at: usize, token: Token) -> bool {
        token.end - token.start == 3
            && !token.spaced
            && at > 0
            && self.is_unknown(at - 1)
            && self.tokens.get(at + 1).is_none_or(|t| t.spaced)
            && self.folded.text.get(token.start..).is_some_and(|t| t.starts_with(unspaced))
            && self.is_introduced(at)
    }

    /// "ElVallenc.cat": the end of a domain.
    fn is_domain(&self, at: usize, token: Token) -> bool {
        at > 1
            && !token.spaced
            && self.tokens.get(at - 1).is_some_and(|t| t.kind == Kind::Mark('.') && !t.spaced)
            && self.is_unknown(at - 2)
            && !self.is_capital(at)
    }

    /// "A. Ostrovsky", "Dr. Konrad Voge", "By M. Z. Adnan", "by B.R.".
    fn is_initial(&self, at: usize, token: Token) -> bool {
        let length = token.end - token.start;
        let before = at.checked_sub(1);
        let stopped = self.is_stop(at + 1) && !before.is_some_and(|i| self.is_number(i));
        if length > LONGEST_INITIAL || !stopped || !self.is_capital(at) {
            return false;
        }
        let is_second = self.is_stop(at + 3) && self.is_one_letter(at + 2);
        let named = at + if is_second { 4 } else { 2 };
        let signs = before.is_some_and(|i| self.kind(i) == Some(Kind::Byline))
            || at > 1 && self.is_stop(at - 1) && self.is_unknown(at - 2);
        self.is_unknown(named) && self.is_capital(named) || signs && length == 1
    }

    /// A byline word at the start of a piece, and a name behind it. ("de Ana Popescu": at the start only.)
    fn is_byline_word(&self, at: usize, token: Token) -> bool {
        let de = at == 0 && self.word(&token) == Some("de");
        if !de && !token.means(|m| m == Meaning::By) {
            return false;
        }
        let next = at + 1 + usize::from(self.kind(at + 1) == Some(Kind::Mark(':')));
        let starts = at.checked_sub(1).is_none_or(|i| {
            self.is_mark(i)
                || self.tokens.get(i).is_some_and(|t| t.means(|m| is_label(m) || ends_time(m)))
                || self.is_number(i) && (self.is_unknown(next) || self.is_unknown(next + 1) && self.is_capital(next))
        });
        let user = || {
            let before = self.tokens.get(..=at).unwrap_or_default();
            let named = self.tokens.get(next).filter(|t| t.kind == Kind::Unknown);
            named.is_some_and(|t| is_user(before, &self.folded.text, t.end))
        };
        starts && !self.is_mark(next) && (self.is_capital(next) || user())
    }

    /// Does a word stay what it is beside any name: an agency, a label, a byline word? (The short names of agencies are
    /// written in capitals: AFP, STA.)
    fn keeps_meaning(&self, token: Token) -> bool {
        let length = token.end - token.start;
        length > 3
            && token.means(|m| matches!(m, Meaning::Agency | Meaning::Published | Meaning::Updated | Meaning::By))
            || length == 3
                && token.means(|m| m == Meaning::Agency)
                && (token.start..token.end).all(|at| self.is_capital_byte(at))
    }

    /// "By Mark Law,", "By Theresa May,": the rest of a name that a byline word introduced, up to the next mark.
    fn goes_on_after_byline(&self, at: usize, token: Token) -> bool {
        if at == 0 || !self.is_unknown(at - 1) {
            return false;
        }
        let event = token.means(|m| m == Meaning::Event);
        let numbered = self.is_number(at + 1 + usize::from(self.is_stop(at + 1)));
        let capital = self.is_capital(at);
        (!numbered || event && capital) && (capital || event) && !self.keeps_meaning(token) && self.is_introduced(at)
    }

    /// A word with a capital that dates, times and events have too, where what stands around it says that it is a name.
    fn is_known_name(&self, at: usize, token: Token) -> bool {
        let is_part_of_day = |m| matches!(m, Meaning::Am | Meaning::Pm | Meaning::Noon | Meaning::Night);
        let known = token.senses().iter().any(|s| {
            is_name_of_date(s)
                || is_part_of_day(s.meaning) && token.end - token.start > LONGEST_INITIAL
                || matches!(s.meaning, Meaning::Ago(..) | Meaning::Last(_) | Meaning::Era(_) | Meaning::Event)
        });
        let beside_number = self.is_number(at + 1) || at > 0 && self.is_number(at - 1);
        if !known || beside_number || !self.is_capital(at) || self.keeps_meaning(token) {
            return false;
        }
        let introduced = at.checked_sub(1).is_some_and(|i| {
            let is_byline = |i: usize| self.kind(i) == Some(Kind::Byline);
            is_byline(i) || i > 0 && self.is_mark(i) && is_byline(i - 1)
        });
        introduced || !token.means(|m| m == Meaning::Event) && self.stands_in_name(at, token)
    }

    fn stands_in_name(&self, at: usize, token: Token) -> bool {
        let before = at.checked_sub(1);
        let behind_unknown = before.is_some_and(|i| self.is_unknown(i));
        let next_is_name = self.is_unknown(at + 1) && self.is_capital(at + 1);
        // "Jan Kowalski, 17 stycznia": a short month before a name is one itself.
        let given = token.end - token.start <= 5 && next_is_name;
        // "Anna-Maria Stadler".
        let is_hyphened = self.kind(at + 1) == Some(Kind::Mark('-'))
            && !self.tokens.get(at + 1).is_some_and(|t| t.spaced)
            && self.tokens.get(at + 2).is_some_and(|t| t.kind == Kind::Unknown && !t.spaced)
            && self.is_capital(at + 2);
        // "Baltimore Sun | Dec 23, 2020", "Santo Domingo - abr. 22, 2022": a weekday is no end of a name, unless a mark
        // parts both from a date that has a month of its own.
        let is_end = token.means(|m| matches!(m, Meaning::Weekday(_)))
            && behind_unknown
            && matches!(self.kind(at + 1), Some(Kind::Mark('|' | '-')));
        // "10.11.2022 - The Mountain Goats - WUK": the last piece, behind another name, is no weekday of the date.
        let is_last = at > 1 && at + 1 == self.tokens.len() && self.is_mark(at - 1) && self.is_unknown(at - 2);
        let dates = token.senses().iter().any(|s| is_name_of_date(s) && s.is_widespread());
        let beside_unknown =
            behind_unknown || self.is_unknown(at + 1) || self.connects(at + 1) && self.is_unknown(at + 2);
        given || is_hyphened || is_end || is_last || !dates && beside_unknown || self.is_idle_month(at, token)
    }

    /// "Maud Marshall | January 17", "August Whitfield, January 17": a month that another month makes idle, or that the
    /// lexicon has only with an ending (mars, august), at either end of a name. (Elizabeth II is no author.)
    fn is_idle_month(&self, at: usize, token: Token) -> bool {
        let before = at.checked_sub(1);
        let ends_name = before.is_some_and(|i| self.is_unknown(i))
            && matches!(self.kind(at + 1), None | Some(Kind::Mark('|' | '-' | ',' | '/' | '·')));
        let starts_name =
            || before.is_none_or(|i| self.is_mark(i)) && self.is_unknown(at + 1) && self.is_capital(at + 1);
        token.means(|m| matches!(m, Meaning::Month(..)))
            && (ends_name || starts_name())
            && !self.word(&token).is_some_and(is_roman)
            && (is_longer_than_entry(&self.folded.text, &token) || has_other_month(self.tokens, at))
    }
}

fn is_name_of_date(sense: &Sense) -> bool {
    matches!(sense.meaning, Meaning::Month(..) | Meaning::Weekday(_))
}

/// II, VIII
fn is_roman(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, b'i' | b'v' | b'x'))
}

/// Is a word longer than the entry it was found by?
fn is_longer_than_entry(text: &str, token: &Token) -> bool {
    text.get(token.start..token.end).is_some_and(|word| LEXICON.exact(word.bytes()).is_none())
}

/// Does another month stand beside a number, or a whole date in numbers in the line?
fn has_other_month(tokens: &[Token], at: usize) -> bool {
    let is_number = |i: usize| tokens.get(i).is_some_and(|t| matches!(t.kind, Kind::Number { .. }));
    let is_whole = |[day, first, month, second, year]: &[Token; 5]| {
        let numbers = [day, month, year].iter().all(|t| matches!(t.kind, Kind::Number { .. }));
        numbers && first.kind == second.kind && matches!(first.kind, Kind::Mark('/' | '.' | '-'))
    };
    if tokens.array_windows().any(is_whole) {
        return true;
    }
    let is_point = |i: usize| tokens.get(i).is_some_and(|t| t.kind == Kind::Mark('.'));
    tokens.iter().enumerate().any(|(i, token)| {
        let beside = is_number(i + 1) || is_point(i + 1) && is_number(i + 2) || i > 0 && is_number(i - 1);
        i != at && beside && token.means(|m| matches!(m, Meaning::Month(..)))
    })
}

/// Does a byline word stand before the unknown words at the end?
fn is_introduced(tokens: &[Token]) -> bool {
    let before = tokens.iter().rev().find(|t| !matches!(t.kind, Kind::Unknown | Kind::Mark(':')));
    before.is_some_and(|t| t.kind == Kind::Byline || t.means(|m| m == Meaning::By))
}
