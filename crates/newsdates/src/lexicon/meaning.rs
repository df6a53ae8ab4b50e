//! What a word of the lexicon may mean, and the codes by which the tables name it.

use crate::reading::Calendar;

/// A unit of time in a relative form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// `g3`, `h9`, `p1` …: a month of a calendar.
    Month(Calendar, u8),
    /// `w1` Monday to `w7` Sunday.
    Weekday(u8),
    /// `G`, `H`, `P`, `B`, `R`, `A`, `E`, `K`, `V`: the era word of a calendar.
    Era(Calendar),
    /// `J1` Meiji to `J5` Reiwa.
    JapaneseEra(u8),
    /// `a`: before noon.
    Am,
    /// `q`: after noon.
    Pm,
    /// `N`: about noon.
    Noon,
    /// `n`: night, before or after midnight.
    Night,
    /// `t`: stands beside a time.
    TimeWord,
    /// `Y`, `M`, `D`: after the number of a year, month, day.
    YearMark,
    /// See `YearMark`.
    MonthMark,
    /// See `YearMark`.
    DayMark,
    /// `pY`, `pM`, `pD`: before the number of a year, month, day.
    BeforeYear,
    /// See `BeforeYear`.
    BeforeMonth,
    /// See `BeforeYear`.
    BeforeDay,
    /// `H!`, `I`, `S`: after hours, minutes, seconds.
    HourMark,
    /// See `HourMark`.
    MinuteMark,
    /// See `HourMark`.
    SecondMark,
    /// `z180`: a zone, in minutes east of UTC; `z?`: a zone with several meanings.
    Zone(Option<i16>),
    /// `lp`: a label of the publication.
    Published,
    /// `lu`: a label of a change.
    Updated,
    /// `by`: introduces a name.
    By,
    /// `cj`: joins the same day in two calendars.
    Same,
    /// `ag`: an agency or other furniture.
    Agency,
    /// `rt`: reading time, number of comments.
    ReadingTime,
    /// `rh`: so many units ago, the number in the text; `rh2`: two hours ago.
    Ago(Unit, Option<u8>),
    /// `l5`: last Friday.
    Last(u8),
    /// `ev`: an event, a work, a law, a term: a date beside it is its date.
    Event,
    /// `bd`: bounds a span of time: until, since.
    Bound,
    /// `f`: an article, preposition, ordinal ending.
    Filler,
}

impl Meaning {
    /// The meaning of a code of the tables.
    pub(super) fn parse(code: &str) -> Option<Meaning> {
        let whole = match code {
            "a" => Some(Meaning::Am),
            "q" => Some(Meaning::Pm),
            "N" => Some(Meaning::Noon),
            "n" => Some(Meaning::Night),
            "t" => Some(Meaning::TimeWord),
            "Y" => Some(Meaning::YearMark),
            "M" => Some(Meaning::MonthMark),
            "D" => Some(Meaning::DayMark),
            "pY" => Some(Meaning::BeforeYear),
            "pM" => Some(Meaning::BeforeMonth),
            "pD" => Some(Meaning::BeforeDay),
            "H!" => Some(Meaning::HourMark),
            "I" => Some(Meaning::MinuteMark),
            "S" => Some(Meaning::SecondMark),
            "lp" => Some(Meaning::Published),
            "lu" => Some(Meaning::Updated),
            "by" => Some(Meaning::By),
            "cj" => Some(Meaning::Same),
            "ag" => Some(Meaning::Agency),
            "rt" => Some(Meaning::ReadingTime),
            "f" => Some(Meaning::Filler),
            "ev" => Some(Meaning::Event),
            "bd" => Some(Meaning::Bound),
            "z?" => Some(Meaning::Zone(None)),
            "G" => Some(Meaning::Era(Calendar::Gregory)),
            "H" => Some(Meaning::Era(Calendar::IslamicUmalqura)),
            "P" => Some(Meaning::Era(Calendar::Persian)),
            "B" => Some(Meaning::Era(Calendar::Buddhist)),
            "R" => Some(Meaning::Era(Calendar::Roc)),
            "A" => Some(Meaning::Era(Calendar::Hebrew)),
            "E" => Some(Meaning::Era(Calendar::Ethiopic)),
            "K" => Some(Meaning::Era(Calendar::Bangla)),
            "V" => Some(Meaning::Era(Calendar::BikramSambat)),
            _ => None,
        };
        if whole.is_some() {
            return whole;
        }
        let (kind, rest) = code.split_at_checked(1)?;
        if kind == "r" {
            let (unit, count) = rest.split_at_checked(1)?;
            let unit = match unit {
                "s" => Unit::Second,
                "m" => Unit::Minute,
                "h" => Unit::Hour,
                "d" => Unit::Day,
                "w" => Unit::Week,
                "M" => Unit::Month,
                "y" => Unit::Year,
                _ => return None,
            };
            return Some(Meaning::Ago(unit, count.parse().ok()));
        }
        if kind == "z" {
            return Some(Meaning::Zone(Some(rest.parse().ok()?)));
        }
        let number: u8 = rest.parse().ok()?;
        Some(match kind {
            "g" => Meaning::Month(Calendar::Gregory, number),
            "h" => Meaning::Month(Calendar::IslamicUmalqura, number),
            "p" => Meaning::Month(Calendar::Persian, number),
            "b" => Meaning::Month(Calendar::Hebrew, number),
            "e" => Meaning::Month(Calendar::Ethiopic, number),
            "k" => Meaning::Month(Calendar::Bangla, number),
            "v" => Meaning::Month(Calendar::BikramSambat, number),
            "w" => Meaning::Weekday(number),
            "J" => Meaning::JapaneseEra(number),
            "l" => Meaning::Last(number),
            _ => return None,
        })
    }
}
