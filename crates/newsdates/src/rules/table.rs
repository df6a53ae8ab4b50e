//! The table of rules.

use super::{Around, Phase, Rule, Verdict};

/// Makes the enum and the table of one list.
macro_rules! rules {
    ($($id:ident $phase:ident $verdict:ident $says:literal $example:literal $counterexample:literal $around:expr;)*) => {
        /// The name of a rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RuleId {
            $(#[doc = $says] $id,)*
        }

        impl RuleId {
            /// The name as it is written here.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(RuleId::$id => stringify!($id),)*
                }
            }
        }

        /// All rules, in the order of the enum.
        pub static RULES: &[Rule] = &[$(Rule {
            id: RuleId::$id,
            phase: Phase::$phase,
            verdict: Verdict::$verdict,
            says: $says,
            example: $example,
            counterexample: $counterexample,
            around: $around,
        },)*];
    };
}

// Name, phase, verdict; what it says; a line to which it applies; one like it to which it does not.
#[rustfmt::skip]
rules! {
    // The prefilter: what the bytes of a line say.
    LineLength ContextFree Rejects
        "A line of more than 220 bytes, or of one, is no date stamp."
        ""
        ""
        Around::Nothing;
    TooManyWords ContextFree Rejects
        "A line with more than 24 spaces is a paragraph."
        ""
        ""
        Around::Nothing;
    SentenceWithStop ContextFree Rejects
        "A line with more than 11 spaces and a full stop at its end is a sentence."
        ""
        ""
        Around::Nothing;
    SentenceGoesOn ContextFree Rejects
        "A full stop of Chinese or Japanese within the line shows that it is prose."
        ""
        ""
        Around::Nothing;
    NoDigit ContextFree Rejects
        "A line without a digit is a date stamp only where it is very short."
        ""
        ""
        Around::Nothing;

    // Marks, and forms of machines.
    ForeignMark ContextFree Rejects
        "A question or exclamation mark, a semicolon, a price, a percentage, `#`, `=`, `©`, `®` or `†` shows that the line is prose, a notice or code."
        ""
        ""
        Around::Nothing;
    Address ContextFree Rejects
        "An `@` that stands in front of no time is part of an address."
        ""
        ""
        Around::Nothing;
    MachineForm ContextFree Accepts
        "A day of a year or of a week as machines write it is a date by itself."
        ""
        ""
        Around::Nothing;
    CompactForm ContextFree Accepts
        "A date and a time in digits without marks between are a date by themselves."
        ""
        ""
        Around::Nothing;

    // Tokens: what a word or a number is.
    LongNumber ContextFree Rejects
        "A number of more than nine digits is part of no date."
        ""
        ""
        Around::Nothing;
    TooManyTokens ContextFree Rejects
        "A line of more than 64 words, numbers and marks is no date stamp."
        ""
        ""
        Around::Nothing;
    LowercaseWord ContextFree Rejects
        "An unknown word in small letters is part of a sentence, not of a name."
        ""
        ""
        Around::Nothing;
    TooManyUnknownWords ContextFree Rejects
        "More than ten unknown words, or five where no number stands beside them, are a sentence."
        ""
        ""
        Around::Nothing;
    NumberGrownTogether ContextFree Accepts
        "A year or a minute at the start of a longer number is cut loose from what a scraper joined to it."
        ""
        ""
        Around::Nothing;
    WordGrownTogether ContextFree Accepts
        "A label, a byline word, a month or a weekday that grew onto a word is cut loose from it."
        ""
        ""
        Around::Nothing;
    CountsLeftOut ContextFree Accepts
        "What a page counts behind a whole date (views, comments) is left out."
        ""
        ""
        Around::Nothing;

    // Names: known words that are names here.
    SecondSignOfName ContextFree Accepts
        "The second sign of a name that a byline word introduced is part of the name."
        ""
        ""
        Around::Nothing;
    EndOfDomain ContextFree Accepts
        "A known word behind an unknown one and a point is the end of a domain."
        ""
        ""
        Around::Nothing;
    Initial ContextFree Accepts
        "One or two letters with a capital and a point, in front of a name, are an initial."
        ""
        ""
        Around::Nothing;
    SmallWordInName ContextFree Accepts
        "A small word between two unknown ones (de, van, al) is part of a name."
        ""
        ""
        Around::Nothing;
    BylineWord ContextFree Accepts
        "A word for \"by\" at the start of a piece introduces the name that follows it."
        ""
        ""
        Around::Nothing;
    RestOfBylineName ContextFree Accepts
        "A known word with a capital goes on the name that a byline word introduced."
        ""
        ""
        Around::Nothing;
    KnownWordInName ContextFree Accepts
        "A month, weekday or era with a capital beside an unknown word is part of a name, where nothing says that it is a date's."
        ""
        ""
        Around::Nothing;

    // Unknown words: whether they may stand where they stand.
    ManyNames ContextFree Rejects
        "More than six unknown words, or ten signs of a script without spaces, are more than a place, an author and a source."
        ""
        ""
        Around::Nothing;
    EventBesideDate ContextFree Rejects
        "A word for an event, a work, a law or a term says that the date is its date."
        ""
        ""
        Around::Nothing;
    SmallWordsBehind ContextFree Rejects
        "Three small words at the end go on into a sentence."
        ""
        ""
        Around::Nothing;
    NameBeforeColon ContextFree Rejects
        "A name in front of a colon introduces what the line is about."
        ""
        ""
        Around::Nothing;
    LongName ContextFree Rejects
        "A run of more than eight unknown words is no name."
        ""
        ""
        Around::Nothing;
    BylineName ContextFree Accepts
        "The name that a byline word introduced ends at a mark or a label, or is whole and stands in front of the date."
        ""
        ""
        Around::Nothing;
    BylineRunsOn ContextFree Rejects
        "The name that a byline word introduced has to end before the date does begin."
        ""
        ""
        Around::Nothing;
    PlaceOnTheDay ContextFree Accepts
        "A place stands in front of words for \"on the day of\"."
        ""
        ""
        Around::Nothing;
    SourceBehindTime ContextFree Accepts
        "The name of a Chinese paper, site or agency stands at the end, behind the time."
        ""
        ""
        Around::Nothing;
    SignatureBehind ContextFree Accepts
        "A capitalised name stands at the end without a mark, behind a date with its year and a time that is no quarter of an hour."
        ""
        ""
        Around::Nothing;
    UnmarkedNameBehind ContextFree Rejects
        "An unknown word behind a date, with no mark between, is what the date is of."
        ""
        ""
        Around::Nothing;
    PlaceBehindSlash ContextFree Accepts
        "A place stands behind a name and a slash, in front of the date."
        ""
        ""
        Around::Nothing;
    PlaceBeforeHoursAgo ContextFree Accepts
        "Up to three capitalised words stand in front of minutes or hours ago."
        ""
        ""
        Around::Nothing;
    PlaceWithStop ContextFree Accepts
        "A place and a full stop open the line."
        ""
        ""
        Around::Nothing;
    Signature ContextFree Accepts
        "A capitalised name opens the line without a mark, in front of a date with its year and a time that is no quarter of an hour."
        ""
        ""
        Around::Nothing;
    NameBeforeLabel ContextFree Accepts
        "A name or a section stands in front of a label."
        ""
        ""
        Around::Nothing;
    PlaceOfAgency ContextFree Accepts
        "A place opens the line, and an agency ends it."
        ""
        ""
        Around::Nothing;
    PlaceInByline ContextFree Accepts
        "In a line with a byline word a place needs no mark in front of the date."
        ""
        ""
        Around::Nothing;
    UnmarkedNameInFront ContextFree Rejects
        "An unknown word in front of a date, with no mark between, is what the date is of."
        ""
        ""
        Around::Nothing;
    BylineWordBehindName ContextFree Rejects
        "A byline word behind a name has to end its piece."
        ""
        ""
        Around::Nothing;
    NameInByline ContextFree Accepts
        "In a line with a byline word other names may stand between marks."
        ""
        ""
        Around::Nothing;
    NameBesideFurniture ContextFree Accepts
        "Up to five unknown words may stand beside a mark that only pages set (`|`, `·`), or an agency."
        ""
        ""
        Around::Nothing;
    LongNameBesideFurniture ContextFree Rejects
        "More than five unknown words beside a mark of the page are a headline."
        ""
        ""
        Around::Nothing;
    SignsBesideProse ContextFree Accepts
        "A name in a script without spaces may stand beside a comma, a dash or a bracket."
        ""
        ""
        Around::Nothing;
    SignsBeforeBracket ContextFree Rejects
        "Signs in front of a date in brackets are a title, unless they end as the names of papers do."
        ""
        ""
        Around::Nothing;
    PlaceBeforeAgency ContextFree Accepts
        "A place may stand in front of an agency in brackets."
        ""
        ""
        Around::Nothing;
    NameBeforeBracket ContextFree Rejects
        "A name in front of a date in brackets is a title."
        ""
        ""
        Around::Nothing;
    NameInBrackets ContextFree Accepts
        "Short capitals, letters of an agency, or the place of a time may stand in brackets."
        ""
        ""
        Around::Nothing;
    RemarkInBrackets ContextFree Rejects
        "Unknown words in brackets are a remark."
        ""
        ""
        Around::Nothing;
    NameWithoutCase ContextFree Accepts
        "In a script without capitals one word may stand beside a comma or a dash; more need a weekday, a time or a label."
        ""
        ""
        Around::Nothing;
    WordsWithoutCase ContextFree Rejects
        "In a script without capitals several words beside a comma or a dash can't be told from a heading."
        ""
        ""
        Around::Nothing;
    RemarkBehindDash ContextFree Rejects
        "One word behind a date and a dash is what happened that day."
        ""
        ""
        Around::Nothing;
    LongNameBesideProse ContextFree Rejects
        "More than three words beside a comma or a dash are a heading."
        ""
        ""
        Around::Nothing;
    NameBesideProse ContextFree Accepts
        "Up to three capitalised words may stand beside a comma or a dash."
        ""
        ""
        Around::Nothing;
    SmallWordBesideProse ContextFree Rejects
        "A small word beside a comma or a dash is no part of a name."
        ""
        ""
        Around::Nothing;
    TwoSides ContextFree Rejects
        "Two names with a dash between are the sides of a match."
        ""
        ""
        Around::Nothing;
    NamesOnBothSides ContextFree Rejects
        "Names on both sides of a date, set apart as prose does, are a listing."
        ""
        ""
        Around::Nothing;

    // Mentions: what the words and marks of a line show.
    NothingToDate ContextFree Rejects
        "A line without a number needs a word that says how long ago it was."
        ""
        ""
        Around::Nothing;
    CountedNumber ContextFree Rejects
        "A number behind \"No.\" or \"Art.\" counts something else."
        ""
        ""
        Around::Nothing;
    QuotedTitle ContextFree Rejects
        "A title in quotation marks that holds the date is a title."
        ""
        ""
        Around::Nothing;
    BirthMark ContextFree Rejects
        "A star in front of a date means born."
        ""
        ""
        Around::Nothing;
    ListEntry ContextFree Rejects
        "A date, a colon and an unknown word are an entry of a list."
        ""
        ""
        Around::Nothing;
    QuotedSpeaker ContextFree Rejects
        "A dash and a name at the start attribute a quotation."
        ""
        ""
        Around::Nothing;
    PhotoCredit ContextFree Rejects
        "The names of an agency and of a person with a slash between credit a picture."
        ""
        ""
        Around::Nothing;
    CompoundEvent ContextFree Rejects
        "A compound that ends in a word for an event says that the date is its date."
        ""
        ""
        Around::Nothing;

    // Relative dates.
    RelativeDate Contextual Accepts
        "A word says how long before the fetch it was."
        ""
        ""
        Around::Nothing;
    LoneNameOfDay Contextual Rejects
        "A short word for today that is a name elsewhere needs its language."
        ""
        ""
        Around::Nothing;
    RelativeBesideMonth Contextual Rejects
        "A month beside a word for how long ago leaves two dates that can't both be the page's."
        ""
        ""
        Around::Nothing;
    NowBesideWords Contextual Rejects
        "A word for now beside other words is part of a sentence."
        ""
        ""
        Around::Nothing;
    NameOfDay Contextual Rejects
        "A word for a day or for now in small languages only is a name, until the language or a label says otherwise."
        ""
        ""
        Around::Nothing;
    PossessiveDay Contextual Rejects
        "A day that owns something (Today's News) is a title."
        ""
        ""
        Around::Nothing;
    RelativeBesideNumber Contextual Rejects
        "A number that is no time stands beside a word for how long ago."
        ""
        ""
        Around::Nothing;
    TwoRelatives Contextual Rejects
        "Two words for how long ago are part of a headline."
        ""
        ""
        Around::Nothing;

    // Dates: what the numbers and names of a line say.
    NoDate Contextual Rejects
        "No number and no month finds a place in a date."
        ""
        ""
        Around::Nothing;
    PointedTime Contextual Accepts
        "Two numbers with a point between are a time where they can't be part of the date."
        ""
        ""
        Around::Nothing;
    PairBesideDate Contextual Rejects
        "Two numbers without a month beside a whole date are no second date."
        ""
        ""
        Around::Nothing;
    PolishMonth Contextual Accepts
        "Without a point behind the day a month that Polish shares with its neighbours is Polish, with one it is not."
        ""
        ""
        Around::Nothing;
    MonthNeedsDay Contextual Rejects
        "A month needs a day, and no more numbers than a day and a year."
        ""
        ""
        Around::Nothing;
    DayOutOfRange Contextual Rejects
        "No month has such a day."
        ""
        ""
        Around::Nothing;
    WrongWeekdayWithoutYear Contextual Rejects
        "A day without a year and with a wrong weekday is no date."
        ""
        ""
        Around::Nothing;
    TwoDaysOfMonth Contextual Rejects
        "Two short numbers and a month are a span of days, or count something."
        ""
        ""
        Around::Nothing;
    NoSuchDate Contextual Rejects
        "There is no such date in any calendar and order that the line may mean."
        ""
        ""
        Around::Nothing;
    MonthOfSeveralCalendars Contextual Rejects
        "A month of several calendars needs a year."
        ""
        ""
        Around::Nothing;
    EraWithoutYear Contextual Rejects
        "An era needs a year."
        ""
        ""
        Around::Nothing;
    BareDayOfOtherCalendar Contextual Rejects
        "A day without a year in another calendar needs a weekday, a label or a time: alone it is a name."
        ""
        ""
        Around::Nothing;
    TwoNumbers Contextual Rejects
        "Two numbers are a day and a month only with a point, slash or hyphen between, and of two digits at most."
        ""
        ""
        Around::Nothing;
    NumberOfNoDate Contextual Rejects
        "One number alone, or four together, are no date."
        ""
        ""
        Around::Nothing;
    NumbersNotJoined Contextual Rejects
        "Three numbers need the same mark twice between them, or units, a weekday, a label or a year of four digits."
        ""
        ""
        Around::Nothing;
    DigitsOfNoDate Contextual Rejects
        "Three numbers with other lengths than those of day, month and year are no date."
        ""
        ""
        Around::Nothing;
    YearOfFetch Contextual Accepts
        "A day without a year takes the latest year in which it is not after the fetch, or that of the document's other date."
        ""
        ""
        Around::Nothing;
    YearFirst Contextual Accepts
        "The year stands first."
        ""
        ""
        Around::Nothing;
    OrderThatFits Contextual Accepts
        "Only one order of day and month is a date."
        ""
        ""
        Around::Nothing;
    OrderOfWeekday Contextual Accepts
        "The weekday tells day and month apart."
        ""
        ""
        Around::Nothing;
    OrderOfCalendar Contextual Accepts
        "No calendar but the Gregorian is written with the month first."
        ""
        ""
        Around::Nothing;
    OrderOfDocument Contextual Accepts
        "The document's other dates tell day and month apart."
        ""
        ""
        Around::Nothing;
    OrderOfZone Contextual Accepts
        "The zone beside the time tells whose English it is."
        ""
        ""
        Around::Nothing;
    OrderOfForeignWord Contextual Accepts
        "A label, a weekday, a word beside the time or a digit that is not English says that the day comes first."
        ""
        ""
        Around::Nothing;
    OrderOfPoints Contextual Accepts
        "Points between the numbers say that the day comes first."
        ""
        ""
        Around::Nothing;
    OrderNotToCome Contextual Accepts
        "Where English may mean either, it means the day that is not still to come."
        ""
        ""
        Around::Nothing;
    OrderNearOtherDate Contextual Accepts
        "Where English may mean either, it means the day near the document's other date."
        ""
        ""
        Around::Nothing;
    OrderOfLanguage Contextual Accepts
        "The language tells which comes first."
        ""
        ""
        Around::Nothing;
    OrderLeftOpen Contextual Accepts
        "Nothing tells day and month apart: both dates are kept."
        ""
        ""
        Around::Nothing;

    // Dates of something else.
    ShortSmallMonth Contextual Rejects
        "A word of three small letters in front of the only number, or grown onto it, is no month by itself."
        ""
        ""
        Around::Nothing;
    MonthOfSmallLanguage Contextual Rejects
        "A word that is a month in small languages only needs a year."
        ""
        ""
        Around::Nothing;
    Score Contextual Rejects
        "Two numbers with a hyphen between, beside an unknown word, are a score."
        ""
        ""
        Around::Nothing;
    DecimalAndTime Contextual Rejects
        "A decimal and a time are cells of a table."
        ""
        ""
        Around::Nothing;
    BarePair Contextual Rejects
        "A day and a month in numbers need a weekday, a label or a time; alone they are a section or a fraction."
        ""
        ""
        Around::Nothing;
    OpenDateBesideName Contextual Rejects
        "A day whose year nothing tells, beside a name, is that of an event."
        ""
        ""
        Around::Nothing;
    OldDateBesideName Contextual Rejects
        "A name beside a day before 1990 is history."
        ""
        ""
        Around::Nothing;
    SpanOfDays Contextual Rejects
        "A day to another day is a span of time."
        ""
        ""
        Around::Nothing;
    SpanOfHours Contextual Rejects
        "A time to another time is a span of time."
        ""
        ""
        Around::Nothing;
    BoundedSpan Contextual Rejects
        "A date behind \"until\" or \"since\" bounds a span of time."
        ""
        ""
        Around::Nothing;
    OpeningHours Contextual Rejects
        "A weekday to another weekday are opening hours."
        ""
        ""
        Around::Nothing;
    DayOfThePast Contextual Rejects
        "A day and a month alone, of last year or before and more than two months ago, are a name."
        ""
        ""
        Around::Nothing;
    SourceOfChart Contextual Rejects
        "A source in front of a day without a time is that of a chart or a quotation."
        ""
        ""
        Around::Nothing;
    DayToCome Contextual Rejects
        "A name beside a day that was still to come when the page was fetched is an event."
        ""
        ""
        Around::Nothing;
}
