//! Disambiguation: which of its meanings a word has in its line, by the language, by the words beside it, by the year.

use super::draft::{Draft, Unit};
use super::lexicon::{Meaning, Sense, unspaced};
use super::line::TokenLine;
use super::reading::Calendar;
use super::rules::RuleId;
use super::token::Token;

pub(super) fn unspaced_token(line: &TokenLine<'_>, token: &Token) -> bool {
    line.text.get(token.start..token.end).and_then(|t| t.chars().next()).is_some_and(unspaced)
}

pub(super) fn beside_number(line: &TokenLine<'_>, at: usize) -> bool {
    let near = |i: usize| line.is_number(i) || matches!(line.mark(i), Some('.' | '-' | '/' | ','));
    at > 0 && near(at - 1) || near(at + 1)
}

impl TokenLine<'_> {
    /// The months that a word may be, in this language where it is a word of this language.
    pub(super) fn months_of(&self, token: &Token) -> Vec<(Calendar, u8)> {
        self.names(token, |m| if let Meaning::Month(c, n) = m { Some((c, n)) } else { None })
    }

    /// The same, where it stands. Polish shares names of months with its neighbours, and sets no point behind the day as
    /// they do: "28 listopada" is November, "28. listopada" October.
    pub(super) fn months_at(&self, at: usize, token: &Token) -> Vec<(Calendar, u8)> {
        let months = self.months_of(token);
        let is_polish = |s: &Sense| {
            matches!(s.meaning, Meaning::Month(Calendar::Gregory, _)) && s.languages.split('|').any(|l| l == "pl")
        };
        let all_gregorian = months.iter().all(|m| m.0 == Calendar::Gregory);
        if months.len() < 2 || !all_gregorian || !token.senses().iter().any(is_polish) || !self.language().is_empty() {
            return months;
        }
        let plain = at > 0 && self.is_number(at - 1);
        let pointed = at > 1 && self.mark(at - 1) == Some('.') && self.is_number(at - 2);
        let shared = |s: &Sense| s.languages.split('|').any(|l| matches!(l, "hr" | "cs"));
        let keeps = |s: &Sense| if plain { is_polish(s) } else { !pointed || shared(s) };
        self.trace.fired(RuleId::PolishMonth);
        let is_kept = |m: &(Calendar, u8)| {
            token.senses().iter().any(|s| keeps(s) && matches!(s.meaning, Meaning::Month(c, n) if (c, n) == *m))
        };
        months.into_iter().filter(is_kept).collect()
    }

    /// The weekdays that a word may be.
    pub(super) fn weekdays_of(&self, token: &Token) -> Vec<u8> {
        self.names(token, |m| if let Meaning::Weekday(d) = m { Some(d) } else { None })
    }

    /// Is it the name of a month in small languages only?
    pub(super) fn is_minor(&self, token: &Token) -> bool {
        let month = |m: Meaning| matches!(m, Meaning::Month(..));
        let months = || token.senses().iter().filter(|s| month(s.meaning));
        months().next().is_some()
            && !months().any(Sense::is_widespread)
            && !months().any(|s| !self.language().is_empty() && s.holds_in(self.language()))
    }

    fn names<T: Copy + PartialEq>(&self, token: &Token, pick: impl Fn(Meaning) -> Option<T>) -> Vec<T> {
        let name = |s: &&Sense| matches!(s.meaning, Meaning::Month(..) | Meaning::Weekday(_));
        let mut names = token.senses().iter().filter(name);
        let Some(first) = names.next() else { return Vec::new() };
        // A word that names one thing names it in every language.
        if names.all(|s| s.meaning == first.meaning) {
            return pick(first.meaning).into_iter().collect();
        }
        let language = self.language();
        let mut names = token.senses().iter().filter(name);
        let restrict = !language.is_empty() && names.any(|s| s.holds_in(language));
        let wide =
            !restrict && token.senses().len() > 1 && token.senses().iter().filter(name).any(Sense::is_widespread);
        let mut found = Vec::new();
        for sense in token.senses() {
            if let Some(value) = pick(sense.meaning)
                && (!restrict || sense.holds_in(language))
                && (!wide || sense.is_widespread())
                && !found.contains(&value)
            {
                found.push(value);
            }
        }
        found
    }
}

/// What the unit beside a number says, where one stands there and the number may be so large.
pub(super) fn unit(line: &TokenLine<'_>, at: usize, draft: &Draft) -> Option<Unit> {
    let before = at.checked_sub(1).and_then(|i| line.tokens.get(i));
    let after = line.tokens.get(at + 1);
    let (value, digits) = line.number(at)?;
    let said = |token: Option<&Token>, marks: [Meaning; 3]| {
        let token = token?;
        let units = [Unit::Year, Unit::Month, Unit::Day];
        units.into_iter().zip(marks).find(|(_, mark)| token.means(|m| m == *mark)).map(|(unit, _)| unit)
    };
    let fits = |unit: &Unit| match unit {
        Unit::Year => {
            value > 31
                || digits >= 3
                || draft.era_base.is_some()
                || draft.era.is_some()
                || after.is_some_and(|t| unspaced_token(line, t))
        }
        Unit::Month => (1..=13).contains(&value),
        Unit::Day => (1..=32).contains(&value),
    };
    said(before, [Meaning::BeforeYear, Meaning::BeforeMonth, Meaning::BeforeDay])
        .filter(fits)
        .or_else(|| {
            let after = after.filter(|t| !t.means(|m| matches!(m, Meaning::Month(..))) || unspaced_token(line, t));
            // "9-р сарын": an ordinal ending and a hyphen may stand between.
            let second = (line.mark(at + 1) == Some('-')
                && line.means(at + 2, |m| m == Meaning::Filler || m == Meaning::YearMark))
            .then(|| line.tokens.get(at + 3))
            .flatten();
            said(
                second.filter(|t| t.means(|m| m == Meaning::MonthMark)),
                [Meaning::BeforeYear, Meaning::MonthMark, Meaning::BeforeDay],
            )
            .or_else(|| {
                // "2010-ж."
                let glued = (line.mark(at + 1) == Some('-') && !line.spaced(at + 2)).then(|| line.tokens.get(at + 2));
                said(glued.flatten(), [Meaning::YearMark, Meaning::SecondMark, Meaning::SecondMark])
                    .filter(|u| *u == Unit::Year)
            })
            .or_else(|| said(after, [Meaning::YearMark, Meaning::MonthMark, Meaning::DayMark]))
        })
        .filter(fits)
}

/// Which of its eras a word means (ዓ.ም. and BE are words of several calendars): that of the month, that of the year.
pub(super) fn era_of(token: &Token, draft: &Draft) -> Calendar {
    let means = |calendar: Calendar| token.means(|m| m == Meaning::Era(calendar));
    let year = draft.numbers.iter().map(|n| n.value).max().unwrap_or(0);
    let of_month = draft.months.iter().map(|m| m.0).find(|&c| c != Calendar::Gregory && means(c));
    let of_year = match year {
        2400.. => Some(Calendar::Buddhist),
        1412..=1500 => Some(Calendar::IslamicUmalqura),
        1250..=1411 => Some(Calendar::Persian),
        _ => None,
    };
    let others = [
        Calendar::Gregory,
        Calendar::IslamicUmalqura,
        Calendar::Persian,
        Calendar::Roc,
        Calendar::Hebrew,
        Calendar::Bangla,
        Calendar::BikramSambat,
        Calendar::Ethiopic,
    ];
    of_month
        .or(of_year.filter(|&c| means(c)))
        .or_else(|| others.into_iter().find(|&c| means(c)))
        .unwrap_or(Calendar::Buddhist)
}

/// What is added to the year of an era. Source: the eras' first years 1868, 1912, 1926, 1989, 2019.
pub(super) fn era_base(era: u8) -> u32 {
    match era {
        1 => 1867,
        2 => 1911,
        3 => 1925,
        4 => 1988,
        _ => 2018,
    }
}
