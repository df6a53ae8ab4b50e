//! Unknown tokens: what stands beside a date and is no part of one, and whether a date stamp may carry it.
//!
//! A page sets a place, a section, an author or a source beside its date. A heading, a caption or a table sets an event
//! there, in the same shape: "Jane Doe, 17 January 2024" and "World Cup, 17 January 2024". So unknown words must be few
//! and set apart from the date; beside the marks of prose (comma, dash) fewer are let through than beside those of page
//! furniture (`|`, `·`); and words that name an event or bound a span ("final", "until") end the matter. A paragraph that
//! is lost is worse than a date stamp that stays.

use super::events::{beside_furniture, is_event};
use super::lexicon::{List, Meaning, ends_with, is_in};
use super::line::TokenLine;
use super::names::{is_label, is_small};
use super::pieces::{Separator, connects, is_attribution, is_by, is_capitalised, run, separator};
use super::rules::RuleId;
use super::signatures::{
    MOST_BESIDE_PROSE, MOST_OF_A_NAME, heads_relative, is_place_of_agency, is_place_of_day, is_place_of_first,
    is_signature, is_signature_behind, is_source_behind_time, is_stopped_place, is_written_by,
};
use super::times::clocks;

/// Most unknown words of a line that has spaces between its words, and most signs of one that has none.
const MOST_UNKNOWN: usize = 6;
const MOST_SIGNS: usize = 10;
/// Words of a run of unknown words: beside a byline word, beside furniture.
const MOST_AFTER_BY: usize = 8;
const MOST_BESIDE_FURNITURE: usize = 5;
/// The same in scripts without capitals, where a name can't be told from a noun.
const MOST_WITHOUT_CASE: usize = 2;
/// The name of a letter, in characters.
const LONGEST_LETTER: usize = 3;

/// May the unknown words of a line stand where they stand? Known before any date is.
pub(super) fn check(line: &TokenLine<'_>) -> Result<(), RuleId> {
    let unknown = (0..line.tokens.len()).filter(|&i| line.is_unknown(i)).count();
    let signs = (0..line.tokens.len()).filter(|&i| line.is_unknown(i) && line.is_unspaced(i)).count();
    if unknown - signs > MOST_UNKNOWN || signs > MOST_SIGNS {
        return Err(RuleId::ManyNames);
    }
    if (0..line.tokens.len()).any(|i| is_event(line, i) && !beside_furniture(line, i)) {
        return Err(RuleId::EventBesideDate);
    }
    // "Ngày 30/4 là ngày lễ": small words behind the date go on into a sentence.
    let small = |i: &usize| line.means(*i, |m| m == Meaning::Filler) && !line.is_number(*i);
    if (0..line.tokens.len()).rev().take_while(small).count() >= 3 {
        return Err(RuleId::SmallWordsBehind);
    }
    if unknown == 0 { Ok(()) } else { check_runs(line) }
}

/// Checks run after run, and how they stand to each other.
fn check_runs(line: &TokenLine<'_>) -> Result<(), RuleId> {
    let (mut in_front, mut behind) = (false, false);
    let mut last_end = None;
    let mut at = 0;
    let attributed = line.tokens.iter().any(|t| is_attribution(line, t) || t.means(|m| m == Meaning::Agency));
    while at < line.tokens.len() {
        if !line.is_unknown(at) {
            at += 1;
            continue;
        }
        let run = run(line, at);
        line.trace.fired(accept_run(line, run)?);
        // "Lyon - Marseille, 17 janvier": two sides of a match.
        if !attributed
            && line.mark(run.0.wrapping_sub(1)) == Some('-')
            && run.0.checked_sub(2) == last_end
            && last_end.is_some()
        {
            return Err(RuleId::TwoSides);
        }
        last_end = Some(run.1);
        at = run.1 + 1;
        let before = (at..line.tokens.len()).any(|i| line.is_number(i));
        (in_front, behind) = (in_front || before, behind || !before);
    }
    // "Tatort – Sonntag, 28. Januar 2024, 20:15 Uhr, Das Erste": names on both sides of the date, in prose.
    let has_furniture = || (0..line.tokens.len()).any(|i| separator(line, i) == Separator::Furniture);
    if in_front && behind && !attributed && !has_furniture() {
        return Err(RuleId::NamesOnBothSides);
    }
    Ok(())
}

/// A run of unknown words, and what stands on both sides of it.
struct Run<'a> {
    line: &'a TokenLine<'a>,
    first: usize,
    last: usize,
    /// The token before it.
    left: Option<usize>,
    /// The token behind it, or behind the stop that ends it.
    right: usize,
    left_side: Separator,
    right_side: Separator,
    without_spaces: bool,
    /// Has the line a byline word?
    has_by: bool,
}

/// The rule by which a run of unknown words may stand beside a date, or may not.
fn accept_run(line: &TokenLine<'_>, run: (usize, usize)) -> Result<RuleId, RuleId> {
    let run = Run::new(line, run);
    let (first, last, right) = (run.first, run.last, run.right);
    if line.mark(right) == Some(':') {
        return Err(RuleId::NameBeforeColon);
    }
    if run.length() > MOST_AFTER_BY && !run.without_spaces {
        return Err(RuleId::LongName);
    }
    if run.is_after_byline() {
        return if run.ends_byline() { Ok(RuleId::BylineName) } else { Err(RuleId::BylineRunsOn) };
    }
    if is_place_of_day(line, first, last) {
        return Ok(RuleId::PlaceOnTheDay);
    }
    if run.left_side == Separator::None {
        return run.accept_behind();
    }
    let suffixed = run.is_suffixed();
    match run.right_side {
        Separator::None => return run.accept_in_front(),
        Separator::Word if run.is_by(right) && !suffixed => return Err(RuleId::BylineWordBehindName),
        _ => {}
    }
    if run.has_by || suffixed {
        return Ok(RuleId::NameInByline);
    }
    let is_before = (right..line.tokens.len()).any(|i| line.is_number(i));
    let toward_date = if is_before { run.right_side } else { run.left_side };
    if toward_date == Separator::Furniture || toward_date == Separator::Word {
        let fits = run.length() <= MOST_BESIDE_FURNITURE || run.without_spaces;
        return if fits { Ok(RuleId::NameBesideFurniture) } else { Err(RuleId::LongNameBesideFurniture) };
    }
    if run.without_spaces {
        // "北京新浪網 (2020-01-21 11:12)".
        let fits = line.mark(right) != Some('(') || ends_with(List::PaperEnd, line.source_of(first, last));
        return if fits { Ok(RuleId::SignsBesideProse) } else { Err(RuleId::SignsBeforeBracket) };
    }
    beside_prose(line, (first, last), is_before)
}

impl<'a> Run<'a> {
    fn new(line: &'a TokenLine<'a>, (first, last): (usize, usize)) -> Self {
        // "Redacción BBC News Mundo": what of a name is an agency in itself.
        let is_by = |i: usize| line.tokens.get(i).is_some_and(|t| is_by(line, t));
        let agency = |i: usize| line.means(i, |m| m == Meaning::Agency);
        let agencies = (0..first).rev().take_while(|&i| agency(i)).count();
        let head = first - agencies;
        let first = if agencies > 0 && head > 0 && is_by(head - 1) { head } else { first };
        let left = first.checked_sub(1);
        let right = last + 1 + usize::from(stops_before_label(line, last));
        // What grew onto a name stood in a piece of its own: "Hamburg07. November 2023".
        let right_side = if line.is_grown_together(right) { Separator::Furniture } else { separator(line, right) };
        Run {
            line,
            first,
            last,
            left,
            right,
            left_side: left.map_or(Separator::Edge, |i| side(line, i)),
            right_side,
            without_spaces: line.is_unspaced(last),
            has_by: (0..line.tokens.len()).any(is_by),
        }
    }

    fn length(&self) -> usize {
        self.last - self.first + 1
    }

    fn is_by(&self, at: usize) -> bool {
        self.line.tokens.get(at).is_some_and(|t| is_by(self.line, t))
    }

    fn is_label(&self, at: usize) -> bool {
        self.line.tokens.get(at).is_some_and(|t| t.means(is_label) && is_attribution(self.line, t))
    }

    fn is_capitalised(&self) -> bool {
        is_capitalised(self.line, self.first, self.last)
    }

    /// Does a byline word stand in front, with at most a mark or a small word between ("Repórter da Agência Brasil")?
    fn is_after_byline(&self) -> bool {
        let line = self.line;
        let small = |i: usize| is_in(List::Connector, line.word_at(i));
        self.left.is_some_and(|i| {
            self.is_by(i) || i > 0 && self.is_by(i - 1) && (matches!(line.mark(i), Some(':' | '.')) || small(i))
        })
    }

    /// Does the name that a byline word introduced end where one may end?
    fn ends_byline(&self) -> bool {
        let Run { line, first, last, left, right, .. } = *self;
        if self.right_side != Separator::None || self.is_label(right) || self.without_spaces && line.spaced(right) {
            return true;
        }
        // "Posted by Jane Doe on January 17", "来源：新华网 2024年1月17日".
        if line.means(right, |m| m == Meaning::Filler) && line.is_date_part(right + 1) {
            return true;
        }
        if !line.is_date_part(right) {
            return false;
        }
        // "By Jane Doe January 17, 2024".
        let at_start = left
            .is_some_and(|i| i == 0 || i == 1 && (line.mark(1) == Some(':') || line.mark(0) == Some('-')))
            || left == Some(1) && self.is_label(0);
        let are_names = || are_names(line, first, last);
        // "Posted by Konstantin 21.10.2019", "von Newsdesk 28. Januar 2022, 12:01": one word will do beside a label or a
        // time; "By Order 17 November 2023" has neither.
        let is_posted =
            || self.length() < *MOST_OF_A_NAME.start() && (self.is_label(0) || !clocks(line, false).is_empty());
        at_start
            && (MOST_OF_A_NAME.contains(&self.length()) || is_posted() || are_names())
            && (self.is_capitalised() || are_names())
    }

    /// A byline word behind a name is one only where it ends the piece ("Political Editor -"), or where the language puts
    /// it there: 홍길동 기자.
    fn is_suffixed(&self) -> bool {
        let Run { line, first, last, right, .. } = *self;
        let ends_piece = || {
            matches!(separator(line, right + 1), Separator::Furniture | Separator::Prose | Separator::Edge)
                && line.mark(right + 1) != Some(':')
        };
        let is_ascii = || line.tokens.get(last).is_some_and(|t| line.word(t).is_ascii());
        self.right_side == Separator::Word
            && self.is_by(right)
            && (ends_piece() || !is_ascii() || is_written_by(line, first, last))
    }

    /// Behind a date, with no mark between.
    fn accept_behind(&self) -> Result<RuleId, RuleId> {
        if is_source_behind_time(self.line, self.first, self.last) {
            return Ok(RuleId::SourceBehindTime);
        }
        if is_signature_behind(self.line, (self.first, self.last)) {
            return Ok(RuleId::SignatureBehind);
        }
        Err(RuleId::UnmarkedNameBehind)
    }

    /// In front of a date, with no mark between.
    fn accept_in_front(&self) -> Result<RuleId, RuleId> {
        let Run { line, first, last, left, right, .. } = *self;
        // "शुभायन चक्रवर्ती / नई दिल्ली February 14, 2020".
        let is_byline_place = self.left_side == Separator::Furniture
            && left.is_some_and(|i| line.mark(i) == Some('/'))
            && self.length() <= MOST_WITHOUT_CASE
            && line.is_date_part(right);
        if is_byline_place {
            return Ok(RuleId::PlaceBehindSlash);
        }
        if heads_relative(line, first, last) {
            return Ok(RuleId::PlaceBeforeHoursAgo);
        }
        if is_stopped_place(line, first, last) {
            return Ok(RuleId::PlaceWithStop);
        }
        if is_signature(line, (first, last)) {
            return Ok(RuleId::Signature);
        }
        // "Ouest-France Publié le 28/11/2023"; but "Invoice date:" is one thing.
        let heads_label = (first == 0 || is_place_of_first(line, first))
            && self.length() <= MOST_BESIDE_PROSE
            && self.is_label(right)
            && line.source_of(right, right).starts_with(char::is_uppercase)
            && (self.is_capitalised() || line.mark(right + 1) == Some(':'));
        if heads_label || self.has_by && self.is_label(right) {
            return Ok(RuleId::NameBeforeLabel);
        }
        if is_place_of_agency(line, first, last) {
            return Ok(RuleId::PlaceOfAgency);
        }
        let in_capitals = || line.source_of(first, last).chars().all(|c| c.is_uppercase() || c == ' ');
        // "Por g1 — São Paulo 17/01/2024".
        let is_place = || {
            left.is_some_and(|i| matches!(line.mark(i), Some('-' | ',')))
                && self.length() <= MOST_BESIDE_PROSE
                && self.is_capitalised()
        };
        if self.has_by
            && line.spaced(right)
            && line.is_date_part(right)
            && (self.without_spaces || in_capitals() || is_place())
        {
            return Ok(RuleId::PlaceInByline);
        }
        Err(RuleId::UnmarkedNameInFront)
    }
}

/// What parts a run from what stands before it: "8. Januar 2020 · in Gefühle" has a mark and a preposition.
fn side(line: &TokenLine<'_>, at: usize) -> Separator {
    let introduces = at > 0 && line.tokens.get(at).is_some_and(|t| is_in(List::InSection, line.word(t)));
    match introduces.then(|| separator(line, at - 1)) {
        Some(Separator::Furniture) => Separator::Furniture,
        _ => separator(line, at),
    }
}

/// A name beside a comma or a dash, without any other sign that it is one.
fn beside_prose(line: &TokenLine<'_>, (first, last): (usize, usize), is_before: bool) -> Result<RuleId, RuleId> {
    // "Oppenheimer (21 July 2023)", "17 January 2024 (Anniversary)"; but (МИА) is an agency, and Jakarta (ANTARA) a place.
    if line.mark(last + 1) == Some('(') {
        let is_agency = line.means(last + 2, |m| m == Meaning::Agency) && line.mark(last + 3) == Some(')');
        return if is_agency { Ok(RuleId::PlaceBeforeAgency) } else { Err(RuleId::NameBeforeBracket) };
    }
    if first > 0 && line.mark(first - 1) == Some('(') {
        let accepted = is_name_in_brackets(line, (first, last));
        return if accepted { Ok(RuleId::NameInBrackets) } else { Err(RuleId::RemarkInBrackets) };
    }
    let words = (first..=last).filter(|&i| line.mark(i).is_none());
    let count = words.clone().count();
    let labelled = line.tokens.iter().any(|t| t.means(is_label) && is_attribution(line, t));
    let has_case = line.source_of(first, first).starts_with(|c: char| c.is_uppercase());
    if !has_case {
        let joins =
            |i: usize| line.means(i, |m| m == Meaning::Filler) || i > first && line.source_of(i, i).starts_with("وال");
        let fits = count <= most_without_case(line, first, labelled) && !words.clone().any(joins);
        return if fits { Ok(RuleId::NameWithoutCase) } else { Err(RuleId::WordsWithoutCase) };
    }
    // One word behind a dash is what happened that day, where no label says that the date is the page's.
    let sourced = first > 1 && line.means(first - 2, |m| m == Meaning::Agency);
    if !is_before && !labelled && !sourced && count == 1 && first > 0 && line.mark(first - 1) == Some('-') {
        return Err(RuleId::RemarkBehindDash);
    }
    let connectors = words.filter(|&i| connects(line, (first, last), i)).count();
    if count - connectors > MOST_BESIDE_PROSE {
        return Err(RuleId::LongNameBesideProse);
    }
    if is_capitalised(line, first, last) { Ok(RuleId::NameBesideProse) } else { Err(RuleId::SmallWordBesideProse) }
}

/// Most words beside prose in a script without capitals. A time of day, a weekday, or the first word of many a city,
/// makes two words a place.
fn most_without_case(line: &TokenLine<'_>, first: usize, labelled: bool) -> usize {
    let is_stamped = (0..line.tokens.len()).any(|i| {
        line.mark(i) == Some(':') && line.is_number(i + 1) || line.means(i, |m| matches!(m, Meaning::Weekday(_)))
    });
    let is_city = line.tokens.get(first).is_some_and(|t| is_in(List::CityStart, line.word(t)));
    match (labelled, is_stamped || is_city) {
        (true, true) => MOST_BESIDE_PROSE,
        (false, true) => MOST_WITHOUT_CASE,
        _ => 1,
    }
}

/// What may stand in brackets behind a date: an agency by its letters, short capitals, whose time it is.
fn is_name_in_brackets(line: &TokenLine<'_>, (first, last): (usize, usize)) -> bool {
    let source = line.source_of(first, last);
    // "at 4:28 am (Paris)": whose time it is.
    let is_timed = line.means(first.saturating_sub(2), |m| matches!(m, Meaning::Am | Meaning::Pm))
        || first >= 5 && line.is_number(first - 2) && line.mark(first - 3) == Some(':');
    if is_timed && first == last && line.mark(last + 1) == Some(')') && !is_small(source) {
        return true;
    }
    // (ኤፍ ኤም ሲ): an agency spelled out by its letters.
    let is_letter = |word: &str| word.chars().count() <= LONGEST_LETTER && word.chars().all(is_caseless);
    let is_spelled = last > first && last - first < MOST_BESIDE_PROSE && source.split(' ').all(is_letter);
    is_spelled || first == last && source.chars().count() <= 6 && source.chars().all(char::is_uppercase)
}

fn is_caseless(c: char) -> bool {
    c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase()
}

/// "By GREGOR AISCH and JOSH KELLER NOV. 13, 2015".
fn are_names(line: &TokenLine<'_>, first: usize, last: usize) -> bool {
    let mut names = (first..=last).filter(|&i| line.mark(i).is_none());
    let is_and = |i: usize| line.tokens.get(i).is_some_and(|t| is_in(List::And, line.word(t)));
    last - first < MOST_AFTER_BY
        && (first + 1..last).filter(|&i| is_and(i)).count() == 1
        && names.all(|i| is_and(i) || !is_small(line.source_of(i, i)))
}

/// "John Plunkett. Updated November 3rd, 2023", "Par Nicolas Gutierrez C. le 14.09.2020": the stop behind a name, before
/// a label.
fn stops_before_label(line: &TokenLine<'_>, last: usize) -> bool {
    let initial = line.tokens.get(last).is_some_and(|t| t.end - t.start == 1);
    line.mark(last + 1) == Some('.')
        && line
            .tokens
            .get(last + 2)
            .is_some_and(|t| t.means(is_label) && (is_attribution(line, t) || initial && line.is_date_part(last + 3)))
}
