//! What is known of a dateline's head, and when it is a whole one: which evidence asks for which end.

use super::ends::{self, End};
use super::items::{Before, Item};
use super::letters::{Case, is_blank, is_number};
use super::places::{Flags, flags};
use crate::fold::with_folded;
use crate::lexicon::{LEXICON, Meaning};
use crate::reading::Reading;

/// What is known of a head: a place, and all that was taken behind it.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) place: Flags,
    pub(super) case: Option<Case>,
    pub(super) words: usize,
    pub(super) letters: usize,
    /// An agency stands before the place.
    pub(super) led: bool,
    pub(super) agency: bool,
    pub(super) source: bool,
    pub(super) region: bool,
    /// Something in it is known to nobody: only an agency makes it a dateline.
    pub(super) unknown: bool,
    pub(super) day: Option<Reading>,
    pub(super) last: Last,
}

/// The last item.
#[derive(Debug, Default)]
pub(super) struct Last {
    pub(super) bracketed: bool,
    pub(super) agency: bool,
    hyphen: bool,
}

impl Head {
    /// The head that a place makes; `None` where it is none.
    pub(super) fn of(place: &str) -> Option<Head> {
        let place = place.trim_matches(is_blank);
        let words = place.split_whitespace().count();
        let known = place_flags(place);
        // "File photo", "EN VIVO", "UPDATE 2", "Photo illustration".
        let kicker = |word: Option<&str>| word.is_some_and(|word| flags(word).has(Flags::KICKER));
        let inner = || !known.has(Flags::PLACE) && words > 1;
        if known.has(Flags::KICKER)
            || inner() && (kicker(place.split([' ', '-']).next()) || kicker(place.rsplit([' ', '-']).next()))
        {
            return None;
        }
        let head = Head {
            place: known,
            case: Some(Case::of(place)),
            words,
            letters: place.chars().count(),
            ..Head::default()
        };
        Some(head)
    }

    /// Takes the next item; `false` where it makes no dateline.
    pub(super) fn take(&mut self, item: Item, before: Before) -> bool {
        self.agency |= item.agency;
        self.source |= item.source;
        self.region |= item.region;
        self.unknown |= item.unknown || item.unread;
        if item.unread && !self.place.has(Flags::PLACE) {
            return false;
        }
        // A day behind a name that nobody knows, and no comma: "Windows 11", "Letters - May 3".
        self.unknown |= item.day.is_some() && !item.bracketed && !before.comma && !self.place.has(Flags::PLACE);
        self.last = Last { bracketed: item.bracketed, agency: item.agency, hyphen: before.hyphen };
        if item.day.is_some() && self.day.is_some() {
            return false;
        }
        self.day = self.day.take().or(item.day);
        true
    }

    /// Is it a whole dateline, with this end and this story behind it?
    pub(super) fn is_whole(&self, window: &str, paragraph: &str, end: End, story: &str) -> bool {
        // "NAPA COUNTY, Calif." is known by its state.
        let capitals = self.case == Some(Case::Capitals);
        let known = self.place.has(Flags::PLACE) || capitals && self.region;
        let starts = ends::starts(story);
        if self.led {
            return matches!(end, End::Dash | End::Colon)
                && (known || self.day.is_some() && self.case == Some(Case::Capitals));
        }
        if self.agency {
            return match end {
                End::Dash | End::Colon => self.last.bracketed || known || capitals || self.day.is_some(),
                End::Stop => (self.last.agency || self.last.bracketed) && (known || self.day.is_some()),
                End::Nothing => {
                    let caseless = self.case == Some(Case::None);
                    let open = caseless && self.last.agency && (self.day.is_some() || self.last.hyphen);
                    starts && (known || self.day.is_some()) && (self.last.bracketed || open)
                }
            };
        }
        if self.unknown || !starts {
            return false;
        }
        if let Some(day) = &self.day {
            let dated =
                || window.get(..day.span.start).is_some_and(|head| head.split(['-', ',', ' ']).any(is_of_dates));
            let place = known || !dated() && self.case != Some(Case::None) && (capitals || self.words == 1);
            let has_year = window.get(day.span.clone()).is_some_and(has_year);
            return match end {
                End::Dash => place,
                End::Colon => known && !has_year,
                End::Stop => known && self.source && self.last.bracketed || known && is_danda(story, paragraph),
                End::Nothing => false,
            };
        }
        if self.source {
            const SHORTEST: usize = 5;
            let may_be_one = capitals && self.letters >= SHORTEST && end == End::Dash && ends::is_prose(paragraph);
            // "Jordan (Chicago Bulls)" is somebody.
            let known = known && (capitals || self.place.has(Flags::CITY));
            return matches!(end, End::Dash | End::Colon) && known || may_be_one;
        }
        false
    }

    /// Is there nothing in it but a place and its regions?
    pub(super) fn is_bare(&self) -> bool {
        !self.led && !self.agency && !self.source && self.day.is_none()
    }

    /// May it be a dateline though it is bare?
    pub(super) fn may_be_alone(&self, end: End, story: &str) -> bool {
        !self.unknown && matches!(end, End::Dash | End::Colon) && ends::starts(story)
    }

    /// Is it a place alone, with or without its region, that opens a story?
    pub(super) fn is_alone(&self, region: bool, paragraph: &str, story: &str) -> bool {
        const SHORTEST: usize = 4;
        let city = self.place.has(Flags::CITY);
        let stands = match self.case {
            Some(Case::Capitals) => city || region,
            Some(Case::Mixed) => self.place.has(Flags::BIG) || city && region,
            _ => self.place.has(Flags::BIG) || city && self.letters >= SHORTEST,
        };
        // A number behind a colon is a list's, a result's, a time's.
        let counts = story.starts_with(is_number) && self.case != Some(Case::Capitals);
        stands && !counts && ends::is_prose(paragraph) && !ends::is_other(story, self.case == Some(Case::Capitals))
    }
}

/// A danda that ends the head, rather than a point.
fn is_danda(story: &str, paragraph: &str) -> bool {
    let head = paragraph.len().checked_sub(story.len()).and_then(|at| paragraph.get(..at));
    head.is_some_and(|head| head.trim_end_matches(is_blank).ends_with(['।', '۔']))
}

/// Four digits in a row.
fn has_year(text: &str) -> bool {
    let mut digits = 0;
    text.chars().any(|c| {
        digits = if is_number(c) { digits + 1 } else { 0 };
        digits == 4
    })
}

/// What the gazetteer says of a place, or of one of several: BRUSSELS/LONDON, Gaza and Jerusalem.
fn place_flags(place: &str) -> Flags {
    let whole = flags(place);
    if whole != Flags::default() || !place.contains(['/', ' ', '-', '–']) {
        return whole;
    }
    let parts = place.split(['/', '–']).flat_map(|part| part.split(" and ")).filter(|part| *part != place);
    let several = parts.fold(Flags::default(), |all, part| all.or(flags(part.trim_matches(is_blank))));
    Flags(several.0 & !Flags::KICKER & !Flags::AGENCY)
}

/// Is a word a weekday, a month, a label, a byline's?
fn is_of_dates(word: &str) -> bool {
    let dates = |m| {
        matches!(
            m,
            Meaning::Weekday(_)
                | Meaning::Month(..)
                | Meaning::Published
                | Meaning::Updated
                | Meaning::By
                | Meaning::Event
        )
    };
    with_folded(word, |word| LEXICON.exact(word.trim_end_matches('.').bytes()))
        .is_some_and(|e| LEXICON.senses(e).iter().any(|s| dates(s.meaning)))
}
