//! Strangers: what stands beside a date and is no part of one, and whether a date line may carry it.
//!
//! A page sets a place, a section, an author or a source beside its date. A heading, a caption or a table sets an event
//! there, in the same shape: "Jane Doe, 17 January 2024" and "World Cup, 17 January 2024". So strangers must be few and
//! set apart from the date; beside the marks of prose (comma, dash) fewer are let through than beside those of page
//! furniture (`|`, `·`); and words that name an event or bound a span ("final", "until") end the matter. A paragraph that
//! is lost is worse than a date line that stays.

use super::lexicon::Meaning;
use super::mentions::{beside_furniture, is_event};
use super::names::{CONNECTORS, is_label, is_small};
use super::pieces::{Separator, is_by, run, separator, speaks};
use super::signatures::{
    heads_relative, is_place_of_agency, is_place_of_day, is_place_of_first, is_signature, is_signature_behind,
    is_source_behind_time, is_stopped_place, is_written_by,
};
use super::solve::Line;
use super::times::clocks;
use super::tokens::Kind;
use std::ops::RangeInclusive;

/// Words of a run of strangers: beside a byline word, beside furniture, beside prose.
const MOST_AFTER_BY: usize = 8;
const MOST_BESIDE_FURNITURE: usize = 5;
pub(super) const MOST_BESIDE_PROSE: usize = 3;
/// The same in scripts without capitals, where a name can't be told from a noun.
const MOST_WITHOUT_CASE: usize = 2;
/// A person's name.
pub(super) const MOST_OF_A_NAME: RangeInclusive<usize> = 2..=4;
/// The name of a letter, in characters.
const LONGEST_LETTER: usize = 3;
/// Signs of a script that puts no spaces between words.
const MOST_SIGNS: usize = 10;

/// Last signs of the names of papers, sites and agencies.
pub(super) const PAPERS: [char; 13] = ['报', '報', '网', '網', '社', '闻', '聞', '刊', '视', '经', '經', '讯', '訊'];

/// First words of cities with two, in scripts without capitals: New, San, Abu, Tel, as they are folded.
const CITY_STARTS: [&str; 22] = [
    "نيو",
    "ابو",
    "تل",
    "رام",
    "بيت",
    "سان",
    "لوس",
    "كوالا",
    "بور",
    "شرم",
    "مكه",
    "الدار",
    "ني",
    "اسلام",
    "תל",
    "ניו",
    "בית",
    "नई",
    "नयी",
    "নিউ",
    "న్యూ",
    "አዲስ",
];

/// May the strangers of a line stand where they stand? Known before any date is.
pub(super) fn hold(line: &Line<'_>) -> bool {
    let is_stranger = |i: usize| line.tokens.get(i).is_some_and(|t| t.kind == Kind::Unknown);
    let strangers = (0..line.tokens.len()).filter(|&i| is_stranger(i)).count();
    let signs = (0..line.tokens.len()).filter(|&i| is_stranger(i) && line.is_unspaced(i)).count();
    if strangers - signs > 6 || signs > MOST_SIGNS {
        return false;
    }
    if (0..line.tokens.len()).any(|i| is_event(line, i) && !beside_furniture(line, i)) {
        return false;
    }
    // "Ngày 30/4 là ngày lễ": small words behind the date go on into a sentence.
    let small = |i: &usize| line.means(*i, |m| m == Meaning::Filler) && !line.is_number(*i);
    if (0..line.tokens.len()).rev().take_while(small).count() >= 3 {
        return false;
    }
    if strangers == 0 {
        return true;
    }
    let (mut in_front, mut behind) = (false, false);
    let mut last_end = None;
    let mut at = 0;
    let speaks = line.tokens.iter().any(|t| speaks(line, t) || t.means(|m| m == Meaning::Agency));
    while at < line.tokens.len() {
        if !is_stranger(at) {
            at += 1;
            continue;
        }
        let run = run(line, at);
        if !run_holds(line, run) {
            return false;
        }
        // "Lyon - Marseille, 17 janvier": two sides of a match.
        if !speaks
            && line.mark(run.0.wrapping_sub(1)) == Some('-')
            && run.0.checked_sub(2) == last_end
            && last_end.is_some()
        {
            return false;
        }
        last_end = Some(run.1);
        at = run.1 + 1;
        let before = (at..line.tokens.len()).any(|i| line.is_number(i));
        (in_front, behind) = (in_front || before, behind || !before);
    }
    // "Tatort – Sonntag, 28. Januar 2024, 20:15 Uhr, Das Erste": names on both sides of the date, in prose.
    let has_furniture = || (0..line.tokens.len()).any(|i| separator(line, i) == Separator::Furniture);
    !(in_front && behind) || speaks || has_furniture()
}

fn run_holds(line: &Line<'_>, (first, last): (usize, usize)) -> bool {
    // "Redacción BBC News Mundo": what of a name is an agency in itself.
    let agency = |i: usize| line.means(i, |m| m == Meaning::Agency);
    let agencies = (0..first).rev().take_while(|&i| agency(i)).count();
    let head = first - agencies;
    let first = if agencies > 0 && head > 0 && line.tokens.get(head - 1).is_some_and(|t| is_by(line, t)) {
        head
    } else {
        first
    };
    let left = first.checked_sub(1);
    let stops = stops_before_label(line, last);
    let right = last + 1 + usize::from(stops);
    let left_side = left.map_or(Separator::Edge, |i| side(line, i));
    // What grew onto a name stood in a piece of its own: "Hamburg07. November 2023".
    let right_side = if line.glued(right) { Separator::Furniture } else { separator(line, right) };
    let by = |i: usize| line.tokens.get(i).is_some_and(|t| is_by(line, t));
    let has_by = (0..line.tokens.len()).any(by);
    // "Repórter da Agência Brasil".
    let small = |i: usize| CONNECTORS.contains(&line.word_at(i));
    let after_by =
        left.is_some_and(|i| by(i) || i > 0 && by(i - 1) && (matches!(line.mark(i), Some(':' | '.')) || small(i)));
    let is_label_at = |i: usize| line.tokens.get(i).is_some_and(|t| t.means(is_label) && speaks(line, t));
    let without_spaces = line.is_unspaced(last);
    let length = last - first + 1;
    if line.mark(right) == Some(':') || length > MOST_AFTER_BY && !without_spaces {
        return false;
    }
    // A byline word behind a name is one only where it ends the piece ("Political Editor -"), or where the language puts
    // it there: 홍길동 기자.
    let ends_piece = matches!(separator(line, right + 1), Separator::Furniture | Separator::Prose | Separator::Edge)
        && line.mark(right + 1) != Some(':');
    let is_ascii = line.tokens.get(last).is_some_and(|t| line.word(t).is_ascii());
    let suffixed =
        right_side == Separator::Word && by(right) && (ends_piece || !is_ascii || is_written_by(line, first, last));
    if after_by {
        // "Posted by Jane Doe on January 17", "来源：新华网 2024年1月17日".
        let joined = line.means(right, |m| m == Meaning::Filler) && line.is_date_part(right + 1);
        // "By Jane Doe January 17, 2024".
        let at_start =
            left.is_some_and(|i| i == 0 || i == 1 && (line.mark(1) == Some(':') || line.mark(0) == Some('-')));
        // "Posted by Konstantin 21.10.2019", "von Newsdesk 28. Januar 2022, 12:01": one word will do beside a label or a
        // time; "By Order 17 November 2023" has neither.
        let is_posted = length < *MOST_OF_A_NAME.start() && (is_label_at(0) || !clocks(line, false).is_empty());
        let at_start = at_start || left == Some(1) && is_label_at(0);
        let opens = at_start
            && line.is_date_part(right)
            && (MOST_OF_A_NAME.contains(&length) || is_posted || are_names(line, first, last));
        return right_side != Separator::None
            || joined
            || is_label_at(right)
            || opens && (is_capitalised(line, first, last) || are_names(line, first, last))
            || without_spaces && line.spaced(right);
    }
    if is_place_of_day(line, first, last) {
        return true;
    }
    if left_side == Separator::None {
        return is_source_behind_time(line, first, last) || is_signature_behind(line, (first, last));
    }
    match right_side {
        Separator::None => {
            let in_capitals = line.source_of(first, last).chars().all(|c| c.is_uppercase() || c == ' ');
            // "Por g1 — São Paulo 17/01/2024".
            let is_place = left.is_some_and(|i| matches!(line.mark(i), Some('-' | ',')))
                && length <= MOST_BESIDE_PROSE
                && is_capitalised(line, first, last);
            // "Ouest-France Publié le 28/11/2023"; but "Invoice date:" is one thing.
            let heads_label = (first == 0 || is_place_of_first(line, first))
                && length <= MOST_BESIDE_PROSE
                && is_label_at(right)
                && line.source_of(right, right).starts_with(char::is_uppercase);
            // "शुभायन चक्रवर्ती / नई दिल्ली February 14, 2020".
            let is_byline_place = left_side == Separator::Furniture
                && left.is_some_and(|i| line.mark(i) == Some('/'))
                && length <= MOST_WITHOUT_CASE
                && line.is_date_part(right);
            return is_byline_place
                || heads_relative(line, first, last)
                || is_stopped_place(line, first, last)
                || is_signature(line, (first, last))
                || heads_label && (is_capitalised(line, first, last) || line.mark(right + 1) == Some(':'))
                || is_place_of_agency(line, first, last)
                || has_by && is_label_at(right)
                || has_by
                    && line.spaced(right)
                    && line.is_date_part(right)
                    && (without_spaces || in_capitals || is_place);
        }
        Separator::Word if by(right) && !suffixed => return false,
        _ => {}
    }
    if has_by || suffixed {
        return true;
    }
    let is_before = (right..line.tokens.len()).any(|i| line.is_number(i));
    let toward_date = if is_before { right_side } else { left_side };
    if toward_date == Separator::Furniture || toward_date == Separator::Word {
        return length <= MOST_BESIDE_FURNITURE || without_spaces;
    }
    if without_spaces {
        // "北京新浪網 (2020-01-21 11:12)".
        return line.mark(right) != Some('(') || line.source_of(first, last).ends_with(PAPERS);
    }
    beside_prose(line, (first, last), is_before)
}

/// What parts a run from what stands before it: "8. Januar 2020 · in Gefühle" has a mark and a preposition.
fn side(line: &Line<'_>, at: usize) -> Separator {
    const IN: [&str; 4] = ["in", "en", "dans", "em"];
    let introduces = at > 0 && line.tokens.get(at).is_some_and(|t| IN.contains(&line.word(t)));
    match introduces.then(|| separator(line, at - 1)) {
        Some(Separator::Furniture) => Separator::Furniture,
        _ => separator(line, at),
    }
}

/// A name beside a comma or a dash, without any other sign that it is one.
fn beside_prose(line: &Line<'_>, (first, last): (usize, usize), is_before: bool) -> bool {
    // "Oppenheimer (21 July 2023)", "17 January 2024 (Anniversary)"; but (МИА) is an agency, and Jakarta (ANTARA) a place.
    if line.mark(last + 1) == Some('(') {
        return line.means(last + 2, |m| m == Meaning::Agency) && line.mark(last + 3) == Some(')');
    }
    if first > 0 && line.mark(first - 1) == Some('(') {
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
        return is_spelled || first == last && source.chars().count() <= 6 && source.chars().all(char::is_uppercase);
    }
    let words = (first..=last).filter(|&i| line.mark(i).is_none());
    let count = words.clone().count();
    let labelled = line.tokens.iter().any(|t| t.means(is_label) && speaks(line, t));
    let has_case = line.source_of(first, first).starts_with(|c: char| c.is_uppercase());
    if !has_case {
        let joins =
            |i: usize| line.means(i, |m| m == Meaning::Filler) || i > first && line.source_of(i, i).starts_with("وال");
        // A time of day, a weekday, or the first word of many a city, makes two words a place.
        let is_stamped = (0..line.tokens.len()).any(|i| {
            line.mark(i) == Some(':') && line.is_number(i + 1) || line.means(i, |m| matches!(m, Meaning::Weekday(_)))
        });
        let is_city = line.tokens.get(first).is_some_and(|t| CITY_STARTS.contains(&line.word(t)));
        let most = match (labelled, is_stamped || is_city) {
            (true, true) => MOST_BESIDE_PROSE,
            (false, true) => MOST_WITHOUT_CASE,
            _ => 1,
        };
        return count <= most && !words.clone().any(joins);
    }
    // One word behind a dash is what happened that day, where no label says that the date is the page's.
    let sourced = first > 1 && line.means(first - 2, |m| m == Meaning::Agency);
    let lone_remark =
        !is_before && !labelled && !sourced && count == 1 && first > 0 && line.mark(first - 1) == Some('-');
    let connectors = words.filter(|&i| connects(line, (first, last), i)).count();
    count - connectors <= MOST_BESIDE_PROSE && !lone_remark && is_capitalised(line, first, last)
}

fn is_caseless(c: char) -> bool {
    c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase()
}

/// "By GREGOR AISCH and JOSH KELLER NOV. 13, 2015".
fn are_names(line: &Line<'_>, first: usize, last: usize) -> bool {
    const AND: [&str; 10] = ["and", "und", "et", "y", "e", "i", "en", "og", "och", "ve"];
    let mut names = (first..=last).filter(|&i| line.mark(i).is_none());
    let is_and = |i: usize| line.tokens.get(i).is_some_and(|t| AND.contains(&line.word(t)));
    last - first < MOST_AFTER_BY
        && (first + 1..last).filter(|&i| is_and(i)).count() == 1
        && names.all(|i| is_and(i) || !is_small(line.source_of(i, i)))
}

/// "John Plunkett. Updated November 3rd, 2023", "Par Nicolas Gutierrez C. le 14.09.2020": the stop behind a name, before
/// a label.
fn stops_before_label(line: &Line<'_>, last: usize) -> bool {
    let initial = line.tokens.get(last).is_some_and(|t| t.end - t.start == 1);
    line.mark(last + 1) == Some('.')
        && line
            .tokens
            .get(last + 2)
            .is_some_and(|t| t.means(is_label) && (speaks(line, t) || initial && line.is_date_part(last + 3)))
}

/// Do all words of a run start like names, as far as their script can tell?
pub(super) fn is_capitalised(line: &Line<'_>, first: usize, last: usize) -> bool {
    (first..=last)
        .filter(|&i| line.mark(i).is_none())
        .all(|i| !is_small(line.source_of(i, i)) || connects(line, (first, last), i))
}

/// Is it a small word inside a name: Rio de Janeiro?
fn connects(line: &Line<'_>, (first, last): (usize, usize), at: usize) -> bool {
    at > first && at < last && CONNECTORS.contains(&line.word_at(at))
}
