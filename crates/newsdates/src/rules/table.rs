//! The table of rules.

use super::{Around, Phase, Rule, Verdict};
use crate::reading::{Date, Order};

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
        "17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024 · 17 January 2024"
        "17 January 2024 · 17 January 2024"
        Around::Nothing;
    TooManyWords ContextFree Rejects
        "A line with more than 24 spaces is a paragraph."
        "The 17 of us met on a cold day in the old town hall to talk about the bridge that was to be built for us all"
        "Posted by Jane Doe on January 17, 2024 at 2:05 PM EST | Updated January 18, 2024 at 9:00 AM EST"
        Around::Nothing;
    SentenceWithStop ContextFree Rejects
        "A line with more than 11 spaces and a full stop at its end is a sentence."
        "On 17 January 2024 the council met and spoke about the bridge again."
        "UPDATED: January 17, 2024 at 9:26 a.m."
        Around::Nothing;
    SentenceGoesOn ContextFree Rejects
        "A full stop of Chinese or Japanese within the line shows that it is prose."
        "2024年1月17日に発表された。新製品は来月"
        "2024年1月17日に発表"
        Around::Nothing;
    NoDigit ContextFree Rejects
        "A line without a digit is a date stamp only where it is very short."
        "The council met again about the bridge on that day of last week"
        "Published yesterday"
        Around::Nothing;

    // Marks, and forms of machines.
    ForeignMark ContextFree Rejects
        "A question or exclamation mark, a semicolon, a price, a percentage, `#`, `=`, `©`, `®` or `†` shows that the line is prose, a notice or code."
        "17 January 2024!"
        "17 January 2024"
        Around::Nothing;
    Address ContextFree Rejects
        "An `@` that stands in front of no time is part of an address."
        "jane@example.org 17 January 2024"
        "Mar 12, 2020 @ 10:42 am"
        Around::Nothing;
    MachineForm ContextFree Accepts
        "A day of a year or of a week as machines write it is a date by itself."
        "2001-W32-2"
        "2001-08-07"
        Around::Nothing;
    CompactForm ContextFree Accepts
        "A date and a time in digits without marks between are a date by themselves."
        "20240117T140500Z"
        "2024-01-17T14:05:00Z"
        Around::Nothing;

    // Tokens: what a word or a number is.
    LongNumber ContextFree Rejects
        "A number of more than nine digits is part of no date."
        "17 January 2024 - 00876481003"
        "17 January 2024"
        Around::Nothing;
    TooManyTokens ContextFree Rejects
        "A line of more than 64 words, numbers and marks is no date stamp."
        "17/01/2024 1 1 1 1 1 1 1 1 -,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,1"
        "17/01/2024 14:05"
        Around::Nothing;
    LowercaseWord ContextFree Rejects
        "An unknown word in small letters is part of a sentence, not of a name."
        "17 January 2024 bridge"
        "17 January 2024 | Bridge"
        Around::Nothing;
    TooManyUnknownWords ContextFree Rejects
        "More than ten unknown words, or five where no number stands beside them, are a sentence."
        "互联网新闻信息服务许可证10120170001 2023-11-28T09:30"
        "2023-11-28T09:30"
        Around::Nothing;
    NumberGrownTogether ContextFree Accepts
        "A year or a minute at the start of a longer number is cut loose from what a scraper joined to it."
        "March 16, 20207:22 AM"
        "March 16, 2020 7:22 AM"
        Around::Nothing;
    WordGrownTogether ContextFree Accepts
        "A label, a byline word, a month or a weekday that grew onto a word is cut loose from it."
        "By M. AdnanFebruary 27, 2023"
        "By M. Adnan | February 27, 2023"
        Around::Nothing;
    CountsLeftOut ContextFree Accepts
        "What a page counts behind a whole date (views, comments) is left out."
        "Newsroom 12.12.2023 • 08:41 16"
        "Newsroom 12.12.2023 • 08:41"
        Around::Nothing;

    // Names: known words that are names here.
    SecondSignOfName ContextFree Accepts
        "The second sign of a name that a byline word introduced is part of the name."
        "作者：张三 2024年1月17日"
        "作者：张 2024年1月17日"
        Around::Nothing;
    EndOfDomain ContextFree Accepts
        "A known word behind an unknown one and a point is the end of a domain."
        "ElVallenc.cat | 17/01/2024 14:05"
        "ElVallenc | 17/01/2024 14:05"
        Around::Nothing;
    Initial ContextFree Accepts
        "One or two letters with a capital and a point, in front of a name, are an initial."
        "Dr. Konrad Voge / 07.11.2023"
        "Konrad Voge / 07.11.2023"
        Around::Nothing;
    SmallWordInName ContextFree Accepts
        "A small word between two unknown ones (de, van, al) is part of a name."
        "Ciudad de México | 22/07/2024 17:50"
        "Madrid | 22/07/2024 17:50"
        Around::Nothing;
    BylineWord ContextFree Accepts
        "A word for \"by\" at the start of a piece introduces the name that follows it."
        "By Jane Doe, January 17, 2024"
        "Jane Doe, January 17, 2024"
        Around::Nothing;
    RestOfBylineName ContextFree Accepts
        "A known word with a capital goes on the name that a byline word introduced."
        "Von Jan Mai, 17.01.2024"
        "Von Jan Kowalski, 17.01.2024"
        Around::Nothing;
    KnownWordInName ContextFree Accepts
        "A month, weekday or era with a capital beside an unknown word is part of a name, where nothing says that it is a date's."
        "By Eve Cooper - January 17, 2024"
        "By Jane Cooper - January 17, 2024"
        Around::Nothing;

    // Unknown words: whether they may stand where they stand.
    ManyNames ContextFree Rejects
        "More than six unknown words, or ten signs of a script without spaces, are more than a place, an author and a source."
        "Anna Berta Carla - Dora Emma Frida - Gerda Hanna | 17 January 2024"
        "Anna Berta | Dora Emma | 17 January 2024"
        Around::Nothing;
    EventBesideDate ContextFree Rejects
        "A word for an event, a work, a law or a term says that the date is its date."
        "World Cup, 17 January 2024"
        "World News | 17 January 2024"
        Around::Nothing;
    SmallWordsBehind ContextFree Rejects
        "Three small words at the end go on into a sentence."
        "Ngày 30/4 là ngày lễ lớn"
        "Ngày 30/4/2023"
        Around::Nothing;
    NameBeforeColon ContextFree Rejects
        "A name in front of a colon introduces what the line is about."
        "Bridge: 17 January 2024"
        "Published: 17 January 2024"
        Around::Nothing;
    LongName ContextFree Rejects
        "A run of more than eight unknown words is no name."
        "1995年1月17日午前5時46分、阪神・淡路大震災が発生した。"
        "1995年1月17日午前5時46分"
        Around::Nothing;
    BylineName ContextFree Accepts
        "The name that a byline word introduced ends at a mark or a label, or is whole and stands in front of the date."
        "By Bill Gates, 17 January 2024"
        "Bill Gates, 17 January 2024"
        Around::Nothing;
    BylineRunsOn ContextFree Rejects
        "The name that a byline word introduced has to end before the date does begin."
        "By Order 17 November 2023"
        "By Jane Doe 17 November 2023"
        Around::Nothing;
    PlaceOnTheDay ContextFree Accepts
        "A place stands in front of words for \"on the day of\"."
        "V Praze dne 22. srpna 2025"
        "Praha, 22. srpna 2025"
        Around::Nothing;
    SourceBehindTime ContextFree Accepts
        "The name of a Chinese paper, site or agency stands at the end, behind the time."
        "2023年11月28日 09:30 新浪新闻"
        "2023年11月28日 09:30"
        Around::Nothing;
    SignatureBehind ContextFree Accepts
        "A capitalised name stands at the end without a mark, behind a date with its year and a time that is no quarter of an hour."
        "12 декабря 2023, 08:41 Мария Иванова"
        "12 декабря 2023, 08:41 | Мария Иванова"
        Around::Nothing;
    UnmarkedNameBehind ContextFree Rejects
        "An unknown word behind a date, with no mark between, is what the date is of."
        "17 January 2024 Bridge"
        "17 January 2024 | Bridge"
        Around::Nothing;
    PlaceBehindSlash ContextFree Accepts
        "A place stands behind a name and a slash, in front of the date."
        "शुभायन चक्रवर्ती / नई दिल्ली February 14, 2020"
        "नई दिल्ली | February 14, 2020"
        Around::Nothing;
    PlaceBeforeHoursAgo ContextFree Accepts
        "Up to three capitalised words stand in front of minutes or hours ago."
        "नई दिल्ली 3 घंटे पहले"
        "3 घंटे पहले"
        Around::Nothing;
    PlaceWithStop ContextFree Accepts
        "A place and a full stop open the line."
        "Москва. 17 января 2024"
        "Москва, 17 января 2024"
        Around::Nothing;
    Signature ContextFree Accepts
        "A capitalised name opens the line without a mark, in front of a date with its year and a time that is no quarter of an hour."
        "Christian Weisflog 15.06.2020, 12.11 Uhr"
        "Christian Weisflog, 15.06.2020, 12.11 Uhr"
        Around::Nothing;
    NameBeforeLabel ContextFree Accepts
        "A name or a section stands in front of a label."
        "Ouest-France Publié le 28/11/2023 à 09h30"
        "Publié le 28/11/2023 à 09h30"
        Around::Nothing;
    PlaceOfAgency ContextFree Accepts
        "A place opens the line, and an agency ends it."
        "الرياض 17 يناير 2024 م واس"
        "17 يناير 2024 م واس"
        Around::Nothing;
    PlaceInByline ContextFree Accepts
        "In a line with a byline word a place needs no mark in front of the date."
        "Por g1 — São Paulo 17/01/2024 14h05"
        "Por g1 — 17/01/2024 14h05"
        Around::Nothing;
    UnmarkedNameInFront ContextFree Rejects
        "An unknown word in front of a date, with no mark between, is what the date is of."
        "Contract dated 28 November 2025"
        "Dated 28 November 2025"
        Around::Nothing;
    BylineWordBehindName ContextFree Rejects
        "A byline word behind a name has to end its piece."
        "Piața Av Decembrie 1989"
        "홍길동 기자 | 2024.01.10"
        Around::Nothing;
    NameInByline ContextFree Accepts
        "In a line with a byline word other names may stand between marks."
        "홍길동 기자 | 2024.01.10"
        "홍길동 | 2024.01.10"
        Around::Nothing;
    NameBesideFurniture ContextFree Accepts
        "Up to five unknown words may stand beside a mark that only pages set (`|`, `·`), or an agency."
        "World News | 17 January 2024"
        "17 January 2024"
        Around::Nothing;
    LongNameBesideFurniture ContextFree Rejects
        "More than five unknown words beside a mark of the page are a headline."
        "Jetzt Im Shop Bei Tante Emma | Wednesday, 17 January 2024"
        "Tante Emma | Wednesday, 17 January 2024"
        Around::Nothing;
    SignsBesideProse ContextFree Accepts
        "A name in a script without spaces may stand beside a comma, a dash or a bracket."
        "北京，2024年1月17日"
        "2024年1月17日"
        Around::Nothing;
    SignsBeforeBracket ContextFree Rejects
        "Signs in front of a date in brackets are a title, unless they end as the names of papers do."
        "红楼梦 (2024年1月17日)"
        "北京新浪網 (2020-01-21 11:12)"
        Around::Nothing;
    PlaceBeforeAgency ContextFree Accepts
        "A place may stand in front of an agency in brackets."
        "Jakarta (ANTARA) - 17 Januari 2024"
        "Jakarta - 17 Januari 2024"
        Around::Nothing;
    NameBeforeBracket ContextFree Rejects
        "A name in front of a date in brackets is a title."
        "Oppenheimer (21 July 2023)"
        "Oppenheimer, 21 July 2023"
        Around::Nothing;
    NameInBrackets ContextFree Accepts
        "Short capitals, letters of an agency, or the place of a time may stand in brackets."
        "17 January 2024 (IPTC)"
        "17 January 2024"
        Around::Nothing;
    RemarkInBrackets ContextFree Rejects
        "Unknown words in brackets are a remark."
        "17 January 2024 (Wellford Bridge)"
        "17 January 2024 (IPTC)"
        Around::Nothing;
    NameWithoutCase ContextFree Accepts
        "In a script without capitals one word may stand beside a comma or a dash; more need a weekday, a time or a label."
        "서울, 2024년 1월 17일"
        "2024년 1월 17일"
        Around::Nothing;
    WordsWithoutCase ContextFree Rejects
        "In a script without capitals several words beside a comma or a dash can't be told from a heading."
        "لقطة من فيديو، 5 ديسمبر 2023"
        "دبي، 5 ديسمبر 2023"
        Around::Nothing;
    RemarkBehindDash ContextFree Rejects
        "One word behind a date and a dash is what happened that day."
        "17 January 2024 - Bridge"
        "Published 17 January 2024 - Reading"
        Around::Nothing;
    LongNameBesideProse ContextFree Rejects
        "More than three words beside a comma or a dash are a heading."
        "Prime Minister Jane Doe, 17 January 2024"
        "Jane Doe, 17 January 2024"
        Around::Nothing;
    NameBesideProse ContextFree Accepts
        "Up to three capitalised words may stand beside a comma or a dash."
        "Jane Doe, 17 January 2024"
        "17 January 2024"
        Around::Nothing;
    SmallWordBesideProse ContextFree Rejects
        "A small word beside a comma or a dash is no part of a name."
        "Jane the Doe, 17 January 2024"
        "Jane Doe, 17 January 2024"
        Around::Nothing;
    TwoSides ContextFree Rejects
        "Two names with a dash between are the sides of a match."
        "Lyon - Marseille, 17 janvier 2024"
        "Lyon, 17 janvier 2024"
        Around::Nothing;
    NamesOnBothSides ContextFree Rejects
        "Names on both sides of a date, set apart as prose does, are a listing."
        "Tatort – Sonntag, 28. Januar 2024, 20:15 Uhr, Das Erste"
        "Tatort | Sonntag, 28. Januar 2024, 20:15 Uhr | Das Erste"
        Around::Nothing;

    // Mentions: what the words and marks of a line show.
    NothingToDate ContextFree Rejects
        "A line without a number needs a word that says how long ago it was."
        "January"
        "Today"
        Around::Nothing;
    CountedNumber ContextFree Rejects
        "A number behind \"No.\" or \"Art.\" counts something else."
        "No. 17, 17 January 2024"
        "17 January 2024"
        Around::Nothing;
    QuotedTitle ContextFree Rejects
        "A title in quotation marks that holds the date is a title."
        "\"January 17, 2024\" by Jane Doe"
        "January 17, 2024 by Jane Doe"
        Around::Nothing;
    BirthMark ContextFree Rejects
        "A star in front of a date means born."
        "* 17. Januar 1964"
        "17. Januar 1994"
        Around::Nothing;
    ListEntry ContextFree Rejects
        "A date, a colon and an unknown word are an entry of a list."
        "13 avril 2018 : Dépêche AFP"
        "13 avril 2018 | Dépêche AFP"
        Around::Nothing;
    QuotedSpeaker ContextFree Rejects
        "A dash and a name at the start attribute a quotation."
        "— Jane Doe, Baltimore, April 15, 2019"
        "Jane Doe, April 15, 2019"
        Around::Nothing;
    PhotoCredit ContextFree Rejects
        "The names of an agency and of a person with a slash between credit a picture."
        "Reuters/Jane Doe, 17 January 2024"
        "Kyiv/AFP, 17 January 2024"
        Around::Nothing;
    CompoundEvent ContextFree Rejects
        "A compound that ends in a word for an event says that the date is its date."
        "Bundestagswahl, 17. Januar 2024"
        "Bundeshaus, 17. Januar 2024"
        Around::Nothing;

    // Relative dates.
    RelativeDate Contextual Accepts
        "A word says how long before the fetch it was."
        "3 hours ago"
        "17 January 2024"
        Around::Nothing;
    LoneNameOfDay Contextual Rejects
        "A short word for today that is a name elsewhere needs its language."
        "Leo"
        "3 hours ago"
        Around::Nothing;
    RelativeBesideMonth Contextual Rejects
        "A month beside a word for how long ago leaves two dates that can't both be the page's."
        "May 5 hours ago"
        "5 hours ago"
        Around::Nothing;
    NowBesideWords Contextual Rejects
        "A word for now beside other words is part of a sentence."
        "E agora"
        "Agora mesmo"
        Around::Nothing;
    NameOfDay Contextual Rejects
        "A word for a day or for now in small languages only is a name, until the language or a label says otherwise."
        "Como"
        "Yesterday"
        Around::Nothing;
    PossessiveDay Contextual Rejects
        "A day that owns something (Today's News) is a title."
        "Today's News"
        "Today"
        Around::Nothing;
    RelativeBesideNumber Contextual Rejects
        "A number that is no time stands beside a word for how long ago."
        "26 ontem"
        "Ontem, 14:05"
        Around::Nothing;
    TwoRelatives Contextual Rejects
        "Two words for how long ago are part of a headline."
        "50 years ago today"
        "50 years ago"
        Around::Nothing;

    // Dates: what the numbers and names of a line say.
    NoDate Contextual Rejects
        "No number and no month finds a place in a date."
        "14:05"
        "17 January 2024 14:05"
        Around::Nothing;
    PointedTime Contextual Accepts
        "Two numbers with a point between are a time where they can't be part of the date."
        "Publicerad 2024-11-11 05.47 · Uppdaterad 10.32"
        "Publicerad 2024-11-11 05:47"
        Around::Nothing;
    PairBesideDate Contextual Rejects
        "Two numbers without a month beside a whole date are no second date."
        "17/01/2024 41.90"
        "17/01/2024 11:50"
        Around::Nothing;
    PolishMonth Contextual Accepts
        "Without a point behind the day a month that Polish shares with its neighbours is Polish, with one it is not."
        "28 listopada 2023"
        "28 grudnia 2023"
        Around::Nothing;
    MonthNeedsDay Contextual Rejects
        "A month needs a day, and no more numbers than a day and a year."
        "117 January 2024"
        "17 January 2024"
        Around::Nothing;
    DayOutOfRange Contextual Rejects
        "No month has such a day."
        "January 2024"
        "1 January 2024"
        Around::Nothing;
    WrongWeekdayWithoutYear Contextual Rejects
        "A day without a year and with a wrong weekday is no date."
        "Friday, 16 January"
        "Tuesday, 16 January"
        Around::Nothing;
    TwoDaysOfMonth Contextual Rejects
        "Two short numbers and a month are a span of days, or count something."
        "17 20 January"
        "17 January 20"
        Around::Nothing;
    NoSuchDate Contextual Rejects
        "There is no such date in any calendar and order that the line may mean."
        "31 February 2024"
        "29 February 2024"
        Around::Nothing;
    MonthOfSeveralCalendars Contextual Rejects
        "A month of several calendars needs a year."
        "۲۷ تیر"
        "۲۷ تیر ۱۴۰۲"
        Around::Nothing;
    EraWithoutYear Contextual Rejects
        "An era needs a year."
        "October 6, Heisei"
        "October 6, 6 Heisei"
        Around::Nothing;
    BareDayOfOtherCalendar Contextual Rejects
        "A day without a year in another calendar needs a weekday, a label or a time: alone it is a name."
        "۱۷ شهریور"
        "جمعه ۱۷ شهریور"
        Around::Nothing;
    TwoNumbers Contextual Rejects
        "Two numbers are a day and a month only with a point, slash or hyphen between, and of two digits at most."
        "17 2024"
        "17.01."
        Around::Nothing;
    NumberOfNoDate Contextual Rejects
        "One number alone, or four together, are no date."
        "2024"
        "20240117"
        Around::Nothing;
    NumbersNotJoined Contextual Rejects
        "Three numbers need the same mark twice between them, or units, a weekday, a label or a year of four digits."
        "17/01-2024"
        "17/01/2024"
        Around::Nothing;
    DigitsOfNoDate Contextual Rejects
        "Three numbers with other lengths than those of day, month and year are no date."
        "17/10/202"
        "17/10/2023"
        Around::Nothing;
    YearOfFetch Contextual Accepts
        "A day without a year takes the latest year in which it is not after the fetch, or that of the document's other date."
        "12 November"
        "12 November 2023"
        Around::Nothing;
    YearFirst Contextual Accepts
        "The year stands first."
        "2024.01.17"
        "17.01.2024"
        Around::Nothing;
    OrderThatFits Contextual Accepts
        "Only one order of day and month is a date."
        "17/01/2024"
        "04/03/2023"
        Around::Nothing;
    OrderOfWeekday Contextual Accepts
        "The weekday tells day and month apart."
        "Saturday 04/03/2023"
        "04/03/2023"
        Around::Nothing;
    OrderOfCalendar Contextual Accepts
        "No calendar but the Gregorian is written with the month first."
        "4-2-1437"
        "4-2-2023"
        Around::Nothing;
    OrderOfDocument Contextual Accepts
        "The document's other dates tell day and month apart."
        "04/03/2023"
        "17/03/2023"
        Around::Order(Order::MonthDay);
    OrderOfZone Contextual Accepts
        "The zone beside the time tells whose English it is."
        "04/03/2023 14:05 EST"
        "04/03/2023 14:05"
        Around::Nothing;
    OrderOfForeignWord Contextual Accepts
        "A label, a weekday, a word beside the time or a digit that is not English says that the day comes first."
        "Publié le 05/04/2013"
        "Published 05/04/2013"
        Around::Nothing;
    OrderOfPoints Contextual Accepts
        "Points between the numbers say that the day comes first."
        "04.03.2023"
        "04/03/2023"
        Around::Nothing;
    OrderNotToCome Contextual Accepts
        "Where English may mean either, it means the day that is not still to come."
        "12/01/2024"
        "12/01/2023"
        Around::Nothing;
    OrderNearOtherDate Contextual Accepts
        "Where English may mean either, it means the day near the document's other date."
        "04/03/2023"
        "06/03/2023"
        Around::Near(Date { year: 2023, month: 4, day: 3 });
    OrderOfLanguage Contextual Accepts
        "The language tells which comes first."
        "04/03/2023"
        "17/03/2023"
        Around::Language("fr");
    OrderLeftOpen Contextual Accepts
        "Nothing tells day and month apart: both dates are kept."
        "04/03/2023"
        "17/03/2023"
        Around::Nothing;

    // Dates of something else.
    ShortSmallMonth Contextual Rejects
        "A word of three small letters in front of the only number, or grown onto it, is no month by itself."
        "Né le 4 mai"
        "17 mai 2024"
        Around::Nothing;
    MonthOfSmallLanguage Contextual Rejects
        "A word that is a month in small languages only needs a year."
        "17 Phando"
        "17 January"
        Around::Nothing;
    Score Contextual Rejects
        "Two numbers with a hyphen between, beside an unknown word, are a score."
        "Klaus Bartnik, SV IP 1-3"
        "Klaus Bartnik, 1-3-2024"
        Around::Nothing;
    DecimalAndTime Contextual Rejects
        "A decimal and a time are cells of a table."
        "8.5 19:40"
        "8.5. 19:40"
        Around::Nothing;
    BarePair Contextual Rejects
        "A day and a month in numbers need a weekday, a label or a time; alone they are a section or a fraction."
        "24/10"
        "Dienstag 24/10"
        Around::Nothing;
    OpenDateBesideName Contextual Rejects
        "A day whose year nothing tells, beside a name, is that of an event."
        "Jane Doe, 17 January"
        "Jane Doe, 17 January 2024"
        Around::NotFetched;
    OldDateBesideName Contextual Rejects
        "A name beside a day before 1990 is history."
        "Winston Churchill, 4 June 1940"
        "4 June 1940"
        Around::Nothing;
    SpanOfDays Contextual Rejects
        "A day to another day is a span of time."
        "17 January 2024 - 20 January 2024"
        "17 January 2024"
        Around::Nothing;
    SpanOfHours Contextual Rejects
        "A time to another time is a span of time."
        "12 June 2020, 20:45 to 22:30"
        "12 June 2020, 20:45"
        Around::Nothing;
    BoundedSpan Contextual Rejects
        "A date behind \"until\" or \"since\" bounds a span of time."
        "Until 17 January 2024"
        "17 January 2024"
        Around::Nothing;
    OpeningHours Contextual Rejects
        "A weekday to another weekday are opening hours."
        "Monday - Friday, 17 January 2024"
        "Monday, 15 January 2024"
        Around::Nothing;
    DayOfThePast Contextual Rejects
        "A day and a month alone, of last year or before and more than two months ago, are a name."
        "October 7"
        "January 7"
        Around::Nothing;
    SourceOfChart Contextual Rejects
        "A source in front of a day without a time is that of a chart or a quotation."
        "Source: Ministry Of Health, 17 January 2024"
        "Source: Reuters, 17 January 2024"
        Around::Nothing;
    DayToCome Contextual Rejects
        "A name beside a day that was still to come when the page was fetched is an event."
        "Paradiso, Amsterdam, 20 januari 2024, 20.30"
        "Paradiso, Amsterdam, 13 januari 2024, 20.30"
        Around::Nothing;
}
