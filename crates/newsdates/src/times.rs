//! Times of day and their zones, in a row of tokens.

use super::lexicon::Meaning;
use super::line::TokenLine;
use super::names::is_label;
use super::reading::Time;

/// A time of day that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) time: Time,
    /// Minutes east of UTC, where known.
    pub(super) offset: Option<i16>,
    /// Its first token, and one past its last.
    pub(super) first: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Period {
    Am,
    Pm,
    Noon,
    Night,
}

/// All times of a line. `dotted`: also take 14.05 for a time where nothing beside it says so.
pub(super) fn clocks(line: &TokenLine<'_>, dotted: bool) -> Vec<Clock> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.tokens.len() {
        match clock(line, at, dotted) {
            Some(clock) => {
                at = clock.end;
                found.push(clock);
            }
            None => at += 1,
        }
    }
    found
}

/// The times beside "today" and "yesterday": "Igår 18.22" has no other number that the point could belong to.
pub(super) fn clocks_of_day(line: &TokenLine<'_>) -> Vec<Clock> {
    let numbers = line.numbers();
    let found = clocks(line, false);
    if found.is_empty() && numbers == 2 { clocks(line, true) } else { found }
}

fn clock(line: &TokenLine<'_>, at: usize, dotted: bool) -> Option<Clock> {
    let (hour, digits) = line.number(at)?;
    if digits == 4 {
        return four_digits(line, at, hour);
    }
    if hour > 24 || digits > 2 {
        return None;
    }
    let (minute, second, mut end) = hours_minutes(line, at, dotted)?;
    let mut first = at;
    let mut period = line.tokens.get(end).and_then(|_| period_at(line, end));
    if period.is_some() {
        end += 1;
        if line.mark(end) == Some('.') && !line.is_number(end + 1) {
            end += 1;
        }
    } else if let Some(before) = at.checked_sub(1) {
        let dot = usize::from(line.mark(before) == Some('.'));
        if let Some(before) = before.checked_sub(dot) {
            period = period_at(line, before).filter(|_| hour <= 12);
            if period.is_some() {
                first = before;
            }
        }
    }
    let hour = match period {
        Some(Period::Pm) if hour < 12 => hour + 12,
        Some(Period::Am) if hour == 12 => 0,
        Some(Period::Noon) if hour < 6 => hour + 12,
        Some(Period::Night) if hour == 12 => 0,
        Some(Period::Night) if (6..12).contains(&hour) => hour + 12,
        _ => hour,
    };
    let hour = if hour == 24 && minute == 0 { 0 } else { hour };
    let (mut offset, end) = zone(line, end);
    // "2023-12-12 HKT 08:41".
    if offset.is_none()
        && let Some(minutes) = first.checked_sub(1).and_then(|i| leading_zone(line, i))
    {
        offset = Some(minutes);
        first -= 1;
    }
    (hour < 24).then_some(Clock {
        time: Time { hour: hour as u8, minute: minute as u8, second: second.map(|s| s.min(59) as u8) },
        offset,
        first,
        end,
    })
}

/// "28 Nov 2023 0930 GMT": behind a year and before a zone or an hour mark.
fn four_digits(line: &TokenLine<'_>, at: usize, value: u32) -> Option<Clock> {
    let year = at.checked_sub(1).map(|i| i - usize::from(line.mark(i) == Some(',')).min(i));
    let behind_year = year.and_then(|i| line.number(i)).is_some_and(|(value, digits)| digits == 4 && value > 1900);
    let timed = line.means(at + 1, |m| matches!(m, Meaning::Zone(_) | Meaning::HourMark));
    let (hour, minute) = (value / 100, value % 100);
    // "Updated 1354 GMT (2154 HKT) November 13, 2015": in front of a date that has a year of its own.
    let is_front = at.checked_sub(1).is_none_or(|i| matches!(line.mark(i), Some('(' | ':')) || line.means(i, is_label))
        && timed
        && (at + 2..line.tokens.len()).any(|i| line.number(i).is_some_and(|(value, d)| d == 4 && value > 1900));
    if !(behind_year || is_front) || !timed || hour > 23 || minute > 59 {
        return None;
    }
    let from = at + 1 + usize::from(!line.means(at + 1, |m| matches!(m, Meaning::Zone(_))));
    let (offset, end) = zone(line, from);
    Some(Clock { time: Time { hour: hour as u8, minute: minute as u8, second: None }, offset, first: at, end })
}

fn period_at(line: &TokenLine<'_>, at: usize) -> Option<Period> {
    // "de" and "du" are day periods in Hungarian, and prepositions elsewhere.
    let token = line.tokens.get(at)?;
    let weak = token.means(|m| matches!(m, Meaning::Filler | Meaning::Month(..)));
    let here = |languages: &str| {
        let is_said = || !line.language().is_empty() && languages.split('|').any(|l| l == line.language());
        !weak || languages.is_empty() || is_said()
    };
    token.senses().iter().filter(|s| here(s.languages)).find_map(|s| match s.meaning {
        Meaning::Am => Some(Period::Am),
        Meaning::Pm => Some(Period::Pm),
        Meaning::Noon => Some(Period::Noon),
        Meaning::Night => Some(Period::Night),
        _ => None,
    })
}

/// Minute, second and one past the last token of a time whose hour stands at `at`.
fn hours_minutes(line: &TokenLine<'_>, at: usize, dotted: bool) -> Option<(u32, Option<u32>, usize)> {
    let sixty = |i: usize| line.number(i).filter(|&(value, digits)| value < 60 && digits == 2).map(|(value, _)| value);
    if line.mark(at + 1) == Some(':')
        && let Some(minute) = sixty(at + 2)
    {
        if line.mark(at + 3) == Some(':')
            && let Some(second) = sixty(at + 4)
        {
            let fraction = matches!(line.mark(at + 5), Some('.' | ','))
                && line.is_number(at + 6)
                && !line.spaced(at + 6)
                && !line.spaced(at + 5);
            return Some((minute, Some(second), at + if fraction { 7 } else { 5 }));
        }
        return Some((minute, None, at + 3));
    }
    if line.means(at + 1, |m| m == Meaning::HourMark) || is_dutch_hour(line, at) {
        let mut end = at + 2;
        // "16 val. 05 min."
        if line.mark(end) == Some('.')
            && (!line.is_number(end + 1) || line.means(end + 2, |m| m == Meaning::MinuteMark))
        {
            end += 1;
        }
        let marked = line.means(end + 1, |m| m == Meaning::MinuteMark);
        let minute = line.number(end).filter(|&(value, digits)| {
            value < 60 && (marked || digits == 2 && line.mark(end + 1) != Some('.') && !line.is_month(end + 1))
        });
        let Some((minute, _)) = minute else { return Some((0, None, end)) };
        end += 1 + usize::from(marked);
        if marked && line.means(end + 1, |m| m == Meaning::SecondMark) {
            return Some((minute, line.number(end).map(|(s, _)| s), end + 2));
        }
        return Some((minute, None, end));
    }
    if line.mark(at + 1) == Some('.')
        && !line.spaced(at + 1)
        && !line.spaced(at + 2)
        && let Some(minute) = sixty(at + 2)
        && !(line.mark(at + 3) == Some('.') && line.is_number(at + 4))
        && !(at >= 2
            && matches!(line.mark(at - 1), Some('.' | '/' | '-'))
            && line.is_number(at - 2)
            && !line.spaced(at))
    {
        let timed = |i: usize| {
            line.means(i, |m| {
                matches!(m, Meaning::TimeWord | Meaning::HourMark | Meaning::Am | Meaning::Pm | Meaning::Zone(_))
            })
        };
        let before = at
            .checked_sub(1)
            .is_some_and(|i| timed(i) || i > 0 && matches!(line.mark(i), Some(':' | '.')) && timed(i - 1));
        if dotted || before || timed(at + 3) {
            return Some((minute, None, at + 3));
        }
    }
    if line.number(at).is_some_and(|(hour, _)| hour == 12) && line.means(at + 1, |m| m == Meaning::Noon) {
        return Some((0, None, at + 1));
    }
    if line.means(at + 1, |m| matches!(m, Meaning::Am | Meaning::Pm))
        // "am" is a preposition too, but not behind a year: "Feb. 19, 2020 4 AM".
        && (!line.means(at + 1, |m| m == Meaning::Filler)
            || at.checked_sub(1).and_then(|i| line.number(i)).is_some_and(|(_, digits)| digits == 4))
        && line.number(at).is_some_and(|(hour, _)| (1..=12).contains(&hour))
        && line.tokens.get(at + 1).is_some_and(|t| t.end - t.start > 1 && t.start > 0)
        // "05 ප.ව. 05:20": the period of the time behind it.
        && !line.is_number(at + 2 + usize::from(line.mark(at + 2) == Some('.')))
    {
        return Some((0, None, at + 1));
    }
    None
}

/// "8u00": elsewhere this letter is a preposition.
fn is_dutch_hour(line: &TokenLine<'_>, at: usize) -> bool {
    line.word_at(at + 1) == "u" && !line.spaced(at + 1) && !line.spaced(at + 2) && line.is_number(at + 2)
}

/// The zone after a time, and one past its last token.
fn zone(line: &TokenLine<'_>, from: usize) -> (Option<i16>, usize) {
    let mut at = from;
    let mut offset = None;
    let mut end = from;
    let zoned = |i: usize| line.means(i, |m| matches!(m, Meaning::Zone(_)));
    // Brackets, commas and time words may stand between: "14:05 (UTC+01:00)", "14:05 Uhr (MEZ)".
    for _ in 0..6 {
        let bracketed = matches!(line.mark(at), Some('(' | ','));
        if bracketed && line.means(at + 1, |m| matches!(m, Meaning::Zone(_)))
            || line.mark(at) == Some('(') && matches!(line.mark(at + 1), Some('+' | '-'))
        {
            at += 1;
        } else if line.means(at, |m| matches!(m, Meaning::TimeWord | Meaning::HourMark))
            || line.means(at, |m| m == Meaning::Filler) && zoned(at + 1 + usize::from(line.mark(at + 1) == Some('.')))
        {
            at += 1;
            if line.mark(at) == Some('.') && !line.is_number(at + 1) {
                at += 1;
            }
            end = at;
            continue;
        }
        let word = line.tokens.get(at).and_then(|t| {
            t.senses().iter().find_map(|s| if let Meaning::Zone(minutes) = s.meaning { Some(minutes) } else { None })
        });
        let signed = signed(line, at + usize::from(word.is_some()));
        match (word, signed) {
            (None, None) => break,
            (Some(minutes), None) => {
                offset = offset.or(minutes);
                at += 1;
            }
            (word, Some((minutes, length))) => {
                offset = offset.or(Some(minutes));
                at += length + usize::from(word.is_some());
            }
        }
        if line.mark(at) == Some(')') {
            at += 1;
        }
        end = at;
    }
    (offset, end)
}

/// A zone with its sign that stands apart from the time ("10:48, 26 September 2024 | GMT +5"): its minutes, and one past
/// its last token.
pub(super) fn zone_apart(line: &TokenLine<'_>, at: usize) -> Option<(i16, usize)> {
    let (minutes, length) = signed(line, at + 1).filter(|_| line.means(at, |m| matches!(m, Meaning::Zone(_))))?;
    Some((minutes, at + 1 + length))
}

/// A zone that stands in front of a time, and is no preposition.
fn leading_zone(line: &TokenLine<'_>, at: usize) -> Option<i16> {
    let token = line.tokens.get(at).filter(|t| t.end - t.start > 2)?;
    let behind_time = at > 0 && line.is_number(at - 1) && line.mark(at.saturating_sub(2)) == Some(':');
    let is_other = token.means(|m| !matches!(m, Meaning::Zone(_)));
    let minutes =
        token.senses().iter().find_map(|s| if let Meaning::Zone(minutes) = s.meaning { minutes } else { None });
    minutes.filter(|_| !is_other && !behind_time)
}

/// +0300, +03:00, +3, -5.
fn signed(line: &TokenLine<'_>, at: usize) -> Option<(i16, usize)> {
    let sign: i16 = match line.mark(at)? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (value, digits) = line.number(at + 1)?;
    if line.spaced(at + 1) {
        return None;
    }
    let (hours, minutes, length) = match digits {
        4 => (value / 100, value % 100, 2),
        1 | 2 if line.mark(at + 2) == Some(':') && line.number(at + 3).is_some_and(|(_, d)| d == 2) => {
            (value, line.number(at + 3)?.0, 4)
        }
        1 | 2
            if line.mark(at + 2).is_none_or(|m| matches!(m, ')' | ','))
                && (line.mark(at).is_some_and(|m| m == '+')
                    || at > 0 && line.means(at - 1, |m| m == Meaning::Zone(Some(0)))
                    || digits == 2 && !line.spaced(at)) =>
        {
            (value, 0, 2)
        }
        _ => return None,
    };
    (hours <= 14 && minutes < 60 && minutes % 15 == 0).then_some((sign * (hours * 60 + minutes) as i16, length))
}
