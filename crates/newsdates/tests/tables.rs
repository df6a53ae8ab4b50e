//! The dates room, from outside: the ladders of `crates/newsdates/tests/tables/`, calendars against published dates, and properties.

#![allow(clippy::panic, reason = "a test that can't go on fails, helpers included")]

use newsdates::{Calendar, Context, DateStamp, Order, Role, may_be_date_line, read_dateline, read_field, read_line};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::LazyLock;

/// 2024-01-18T10:00:00Z.
const NOW: i64 = 1_705_572_000_000;

fn context(language: Option<&str>) -> Context<'_> {
    Context { language, now: Some(NOW), ..Context::default() }
}

/// What the command line answers: the published date, else the first.
fn value(line: &DateStamp) -> Option<String> {
    let date = line.dates.iter().find(|d| d.role == Role::Published).or(line.dates.first())?;
    date.value.map(|v| v.to_string())
}

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
}

#[test]
fn date_lines_of_news_pages_are_read() {
    let table = include_str!("tables/lines.tsv");
    all_are_read(rows(table).map(|row| ("", row)));
}

#[test]
fn mastheads_are_read_with_what_stands_beside_the_date() {
    all_are_read(named_rows(include_str!("tables/mastheads.tsv")));
}

#[test]
fn what_pages_write_beside_their_dates_is_read() {
    all_are_read(named_rows(include_str!("tables/pages.tsv")));
}

#[test]
fn what_sites_write_is_read() {
    all_are_read(named_rows(include_str!("tables/sites.tsv")));
}

#[test]
fn what_real_pages_write_is_read() {
    all_are_read(named_rows(include_str!("tables/real.tsv")));
}

#[test]
fn words_of_many_languages_are_read() {
    all_are_read(named_rows(include_str!("tables/words.tsv")));
}

#[test]
fn furniture_captions_and_short_sentences_are_no_date_lines() {
    none_is_taken(named_rows(include_str!("tables/site_traps.tsv")));
}

#[test]
fn what_real_pages_hold_besides_is_no_date_line() {
    none_is_taken(named_rows(include_str!("tables/real_traps.tsv")));
}

#[test]
fn what_content_systems_write_is_read() {
    all_are_read(named_rows(include_str!("tables/templates.tsv")));
}

#[test]
fn roles_zones_and_short_years_are_read() {
    all_are_read(named_rows(include_str!("tables/values.tsv")));
}

#[test]
fn headings_captions_and_rows_with_a_date_are_no_date_lines() {
    none_is_taken(named_rows(include_str!("tables/fragments.tsv")));
}

#[test]
fn credits_laws_rows_and_shows_are_no_date_lines() {
    none_is_taken(named_rows(include_str!("tables/page_fragments.tsv")));
}

#[test]
fn listings_notes_logs_and_records_are_no_date_lines() {
    none_is_taken(named_rows(include_str!("tables/genres.tsv")));
}

/// With the language of the page, and without it where it settles nothing.
#[test]
fn what_papers_of_the_world_write_is_read() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("tables/papers.tsv")) {
        let [language, fetched, expected, text] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let bare = language.trim_matches(['(', ')']);
        let unknown = if bare == language { vec![Some(bare), None] } else { vec![Some(bare)] };
        for language in unknown {
            let found = read_line(text, &fetched_at(fetched, language)).as_ref().and_then(value);
            if !found.as_ref().is_some_and(|found| found.starts_with(expected)) {
                wrong.push(format!("{language:?} {text:?}: want {expected}, got {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_papers_of_the_world_hold_besides_is_no_date_line() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("tables/paper_traps.tsv")) {
        let [language, fetched, text] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let contexts = [fetched_at(fetched, Some(language)), fetched_at(fetched, None), Context::default()];
        if contexts.iter().any(|context| read_line(text, context).is_some()) {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{} taken for date lines:\n{}", wrong.len(), wrong.join("\n"));
}

fn fetched_at<'c>(fetched: &str, language: Option<&'c str>) -> Context<'c> {
    let now = fetched
        .parse::<jiff::Timestamp>()
        .map_or_else(|error| panic!("{fetched}: {error}"), jiff::Timestamp::as_millisecond);
    Context { language, now: Some(now), ..Context::default() }
}

fn named_rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    rows(table).map(|row| row.split_once('\t').unwrap_or_else(|| panic!("not a row: {row}")))
}

/// Rows are text, language and value.
fn all_are_read<'t>(rows: impl Iterator<Item = (&'t str, &'t str)>) {
    let mut wrong = Vec::new();
    for (name, row) in rows {
        let [text, language, expected] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("not a row: {row}") };
        let found = read_line(text, &context(Some(language).filter(|l| *l != "-"))).as_ref().and_then(value);
        if found.as_deref() != Some(expected) {
            wrong.push(format!("{name}: {text:?}: want {expected}, got {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn none_is_taken<'t>(rows: impl Iterator<Item = (&'t str, &'t str)>) {
    let taken = |text: &str| [context(None), Context::default()].iter().any(|c| read_line(text, c).is_some());
    let wrong: Vec<String> = rows.filter(|row| taken(row.1)).map(|(name, text)| format!("{name}: {text}")).collect();
    assert!(wrong.is_empty(), "{} taken for date lines:\n{}", wrong.len(), wrong.join("\n"));
}

/// A page leaves out the year of this year's dates; a day of long ago that stands alone has become a name. What was
/// still to come when the page was fetched is a show, unless the page says that it published it then.
#[test]
fn the_time_of_the_fetch_tells_dates_from_names_and_shows() {
    let taken = |text: &str| read_line(text, &context(None)).is_some();
    for none in ["October 7", "17. mai", "9 mai", "Paradiso, Amsterdam, za 20 januari 2024, 20.30 uur"] {
        assert!(!taken(none), "{none}");
    }
    let new_year = ["January 6", "Jan. 17", "17 January", "28 December", "December 3"];
    let vouched = ["Paradiso, Amsterdam, za 13 januari 2024, 20.30 uur", "Published: Amsterdam, 25 January 2024"];
    for line in new_year.into_iter().chain(vouched) {
        assert!(taken(line), "{line}");
    }
    // In October the seventh is this year's.
    let autumn = Context { now: Some(NOW + 280 * 86_400_000), ..Context::default() };
    assert!(read_line("October 7", &autumn).is_some());
}

#[test]
fn mentions_are_no_date_lines() {
    let wrong: Vec<&str> =
        rows(include_str!("tables/traps.txt")).filter(|text| read_line(text, &context(None)).is_some()).collect();
    assert!(wrong.is_empty(), "{} taken for date lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn datelines_are_found_and_sentences_are_not() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("tables/datelines.tsv")) {
        let (marked, day) = row.split_once('\t').unwrap();
        let text = marked.replacen('|', "", 1);
        let end = marked.find('|').filter(|_| day != "!");
        let text = if day == "!" { marked } else { &text };
        let found = read_dateline(text, &context(None));
        let found_day = found
            .as_ref()
            .and_then(|d| d.date.as_ref())
            .and_then(|d| d.value)
            .map_or("-".to_owned(), |v| v.to_string());
        if found.as_ref().map(|d| d.span.end) != end || end.is_some() && found_day != day {
            wrong.push(format!("{marked:?}: got {:?} {found_day}", found.map(|d| text[d.span].to_owned())));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ambiguous_dates_stay_open_until_something_settles_them() {
    let read = |context: &Context<'_>| read_line("04/03/2023", context).unwrap().dates.remove(0);
    let open = read(&Context::default());
    assert_eq!(open.value, None);
    assert_eq!(open.candidates.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2023-03-04", "2023-04-03"]);
    let settled = |context: &Context<'_>| read(context).value.unwrap().to_string();
    assert_eq!(settled(&Context { order: Some(Order::MonthDay), ..Context::default() }), "2023-04-03");
    let near = read_line("3 April 2023", &Context::default()).unwrap().dates[0].value.map(|v| v.date);
    assert_eq!(settled(&Context { near, ..Context::default() }), "2023-04-03");
    let weekday = read_line("Saturday 04/03/2023", &Context::default()).unwrap().dates.remove(0);
    assert_eq!(weekday.value.unwrap().to_string(), "2023-03-04");
    assert_eq!(weekday.order, Some(Order::DayMonth));
    // No locale of CLDR writes the month first with points; the document's other date still comes before that.
    let pointed = |context: &Context<'_>| read_line("04.03.2023", context).unwrap().dates[0].value.unwrap().to_string();
    assert_eq!(pointed(&Context::default()), "2023-03-04");
    assert_eq!(pointed(&Context { near, ..Context::default() }), "2023-04-03");
    // English is written on both sides of the sea: what is to come, and the document's other date, come before it.
    let english = Context { language: Some("en"), now: Some(NOW), ..Context::default() };
    let dated =
        |text: &str, context: &Context<'_>| read_line(text, context).unwrap().dates[0].value.unwrap().to_string();
    assert_eq!(dated("01/12/2023", &english), "2023-01-12");
    assert_eq!(dated("12/01/2024", &english), "2024-01-12");
    assert_eq!(dated("01/12/2023", &Context { near, ..english }), "2023-01-12");
    let autumn = read_line("3 December 2023", &Context::default()).unwrap().dates[0].value.map(|v| v.date);
    assert_eq!(dated("01/12/2023", &Context { near: autumn, ..english }), "2023-12-01");
    assert_eq!(dated("12/01/2024", &Context { language: Some("en-US"), ..english }), "2024-12-01");
}

#[test]
fn a_day_without_a_year_takes_it_from_the_document() {
    let open = read_line("17 January", &Context::default()).unwrap().dates.remove(0);
    assert_eq!((open.value, open.candidates.len()), (None, 0));
    let near = read_line("3 February 2019", &Context::default()).unwrap().dates[0].value.map(|v| v.date);
    let closed = read_line("17 January", &Context { near, ..Context::default() }).unwrap().dates.remove(0);
    assert_eq!(closed.value.unwrap().to_string(), "2019-01-17");
}

#[test]
fn roles_calendars_and_spans() {
    let text = "Published: January 17, 2024 | Updated: January 18, 2024 2:05 PM ET";
    let line = read_line(text, &context(None)).unwrap();
    let found: Vec<(Role, &str)> = line.dates.iter().map(|d| (d.role, &text[d.span.clone()])).collect();
    assert_eq!(found[0], (Role::Published, "January 17, 2024"));
    assert_eq!(found[1].0, Role::Updated);
    assert!(found[1].1.starts_with("January 18, 2024 2:05 PM"));
    // Each time belongs to the date that it stands in front of.
    let in_front = read_line("Published: 7:49, 2 Nov 2023 Updated: 8:24, 3 Nov 2023", &context(None)).unwrap();
    let found: Vec<_> = in_front.dates.iter().map(|d| (d.role, d.value.unwrap().to_string())).collect();
    assert_eq!(found, [(Role::Published, "2023-11-02T07:49".into()), (Role::Updated, "2023-11-03T08:24".into())]);
    let hijri = read_line("5 رجب 1445 هـ", &context(None)).unwrap();
    assert_eq!(hijri.dates[0].calendar, Calendar::IslamicUmalqura);
    assert_eq!(hijri.dates[0].calendar.as_str(), "islamic-umalqura");
}

/// Sources: Umm al-Qura 1 Ramadan 1445 (ummulqura.org.sa); Nowruz 1403 (calendar.ut.ac.ir); Rosh Hashanah 5784
/// (hebcal.com); Enkutatash 2016; Nepali New Year 2081 (rajpatra.dop.gov.np); Pohela Boishakh 1431 and 21 February
/// as 8 Falgun (Bangla Academy); the first days of Heisei and Reiwa (kunaicho.go.jp).
/// Days that are known by name: the first of Muharram, Ramadan and Shawwal, Arafat and the feast of sacrifice as Saudi
/// Arabia announced them; Nowruz of 1398 to 1404 and 22 Bahman 1357; the Ethiopian millennium and Timkat; Rosh Hashanah,
/// Yom Kippur, 22 Tishri 5784, 5 Iyar 5708 (the declaration of independence), Purim, Hanukkah; Nepal's New Years,
/// Democracy Day (7 Falgun 2007), Loktantra Day, Republic Day, the earthquake and the constitution of 2072; Bangladesh's
/// Victory Day as 1 Poush and Independence Day as 12 Chaitra (calendar of 2019); the last day of Showa and of Heisei, the
/// death of Meiji, the earthquakes of 1923 and 2011; Taiwan's move to Taipei, its earthquake of 1999 and election of 2024.
#[test]
fn calendars_agree_with_published_dates() {
    for (text, expected) in [
        ("1 رمضان 1445 هـ", "2024-03-11"),
        ("1 شوال 1444 هـ", "2023-04-21"),
        ("1 محرم 1445 هـ", "2023-07-19"),
        ("۱ فروردین ۱۴۰۳", "2024-03-20"),
        ("۳۰ اسفند ۱۳۹۹", "2021-03-20"),
        ("1 Tishri 5784", "2023-09-16"),
        ("15 Nisan 5784", "2024-04-23"),
        ("1 መስከረም 2016", "2023-09-12"),
        ("१ बैशाख २०८१, शनिबार", "2024-04-13"),
        ("১ বৈশাখ ১৪৩১ বঙ্গাব্দ", "2024-04-14"),
        ("৮ ফাল্গুন ১৪৩০ বঙ্গাব্দ", "2024-02-21"),
        ("平成元年1月8日", "1989-01-08"),
        ("令和元年5月1日", "2019-05-01"),
        ("民國100年10月10日", "2011-10-10"),
        ("1 มกราคม พ.ศ. 2567", "2024-01-01"),
        ("1 محرم 1446 هـ", "2024-07-07"),
        ("1 محرم 1447 هـ", "2025-06-26"),
        ("1 محرم 1444 هـ", "2022-07-30"),
        ("1 رمضان 1446 هـ", "2025-03-01"),
        ("1 رمضان 1444 هـ", "2023-03-23"),
        ("1 رمضان 1443 هـ", "2022-04-02"),
        ("1 رمضان 1442 هـ", "2021-04-13"),
        ("1 شوال 1445 هـ", "2024-04-10"),
        ("1 شوال 1441 هـ", "2020-05-24"),
        ("9 ذو الحجة 1443 هـ", "2022-07-08"),
        ("10 ذو الحجة 1444 هـ", "2023-06-28"),
        ("10 ذي الحجة 1445 هـ", "2024-06-16"),
        ("۱ فروردین ۱۳۹۸", "2019-03-21"),
        ("۱ فروردین ۱۳۹۹", "2020-03-20"),
        ("۱ فروردین ۱۴۰۰", "2021-03-21"),
        ("۱ فروردین ۱۴۰۱", "2022-03-21"),
        ("۱ فروردین ۱۴۰۲", "2023-03-21"),
        ("۱ فروردین ۱۴۰۴", "2025-03-21"),
        ("۳۰ اسفند ۱۴۰۳", "2025-03-20"),
        ("۲۲ بهمن ۱۳۵۷", "1979-02-11"),
        ("1 መስከረም 2000", "2007-09-12"),
        ("1 መስከረም 2017", "2024-09-11"),
        ("11 ጥር 2016", "2024-01-20"),
        ("1 Tishri 5785", "2024-10-03"),
        ("1 Tishri 5783", "2022-09-26"),
        ("י' בתשרי תשפ\"ד", "2023-09-25"),
        ("כ\"ב בתשרי תשפ\"ד", "2023-10-07"),
        ("ה' באייר תש\"ח", "1948-05-14"),
        ("י\"ד באדר ב' תשפ\"ד", "2024-03-24"),
        ("25 Kislev 5784", "2023-12-08"),
        ("१ बैशाख २०८०", "2023-04-14"),
        ("१ बैशाख २०७९", "2022-04-14"),
        ("१ बैशाख २०७७", "2020-04-13"),
        ("१ बैशाख २०७६", "2019-04-14"),
        ("३ असोज २०७२", "2015-09-20"),
        ("१२ बैशाख २०७२", "2015-04-25"),
        ("१५ जेठ २०६५", "2008-05-28"),
        ("११ बैशाख २०६३", "2006-04-24"),
        ("७ फागुन २००७", "1951-02-18"),
        ("১ বৈশাখ ১৪৩০ বঙ্গাব্দ", "2023-04-14"),
        ("১২ চৈত্র ১৪৩০ বঙ্গাব্দ", "2024-03-26"),
        ("১ পৌষ ১৪৩০ বঙ্গাব্দ", "2023-12-16"),
        ("昭和20年8月15日", "1945-08-15"),
        ("昭和64年1月7日", "1989-01-07"),
        ("平成31年4月30日", "2019-04-30"),
        ("平成23年3月11日", "2011-03-11"),
        ("明治45年7月30日", "1912-07-30"),
        ("大正12年9月1日", "1923-09-01"),
        ("民國38年12月7日", "1949-12-07"),
        ("民國113年1月13日", "2024-01-13"),
        ("民國88年9月21日", "1999-09-21"),
        ("14 ตุลาคม 2516", "1973-10-14"),
        ("13 ตุลาคม 2559", "2016-10-13"),
    ] {
        assert_eq!(read_line(text, &Context::default()).as_ref().and_then(value).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn two_calendars_are_one_date_only_where_they_agree_within_a_day() {
    let calendars = |text: &str| {
        let dates = read_line(text, &context(None)).expect(text).dates;
        dates.iter().map(|d| d.calendar).collect::<Vec<_>>()
    };
    // The moon may be seen a day later: the Gregorian date counts.
    assert_eq!(calendars("5 رجب 1445 هـ الموافق 17 يناير 2024"), [Calendar::Gregory]);
    assert_eq!(calendars("6 رجب 1445 هـ الموافق 17 يناير 2024"), [Calendar::Gregory]);
    assert_eq!(calendars("7 رجب 1445 هـ الموافق 17 يناير 2024"), [Calendar::Gregory, Calendar::IslamicUmalqura]);
}

#[test]
fn what_a_part_was_taken_for_is_said() {
    let chosen = |text: &str| {
        let parts = newsdates::explain(text, &context(None)).tokens.into_iter();
        parts.filter_map(|p| Some(format!("{}={}", &text[p.span], p.chosen?))).collect::<Vec<_>>().join("; ")
    };
    // "Jan" is June in one language, and "mar" is many things.
    assert_eq!(chosen("Wed 17 Jan 2024"), "Wed=weekday 3; 17=day; Jan=month 1 (gregory); 2024=year");
    assert_eq!(chosen("13/04/2024 14:05"), "13=day; 04=month; 2024=year; 14:05=time");
    assert_eq!(chosen("03/04/2024"), "03=day or month; 04=day or month; 2024=year");
    assert_eq!(chosen("5 رجب 1445"), "5=day; رجب=month 7 (islamic-umalqura); 1445=year");
}

#[test]
fn fields_of_machines_are_read() {
    for (text, expected) in [
        ("2024-01-17T14:05:30.123Z", "2024-01-17T14:05:30Z"),
        ("2024-01-17 14:05:30+0300", "2024-01-17T14:05:30+03:00"),
        ("1705500300", "2024-01-17T14:05:00Z"),
        ("1705500300000", "2024-01-17T14:05:00Z"),
        ("20240117140500", "2024-01-17T14:05:00"),
        ("20240117T140500Z", "2024-01-17T14:05:00Z"),
        ("Wed, 17 Jan 2024 14:05:00 GMT", "2024-01-17T14:05:00Z"),
        ("January 17, 2024", "2024-01-17"),
    ] {
        assert_eq!(
            read_field(text, &Context::default()).and_then(|r| r.value).map(|v| v.to_string()).as_deref(),
            Some(expected),
            "{text}"
        );
    }
}

/// Ways to make a line that is long for what reads it: many tokens, long words, beginnings of dates.
const UNITS: [&str; 14] =
    ["1 ", "17 January ", "٠١/", "ا ", "(", "年", "-- ", "de ", "17:05 ", "a", "Jan-", "minutes ago ", "27 мая, ", "ก"];

/// What is longer than a date line can be costs no more than to see that, and a dateline is looked for in the head of a
/// paragraph only.
#[test]
fn what_is_too_long_costs_nothing() {
    for unit in UNITS {
        let long = unit.repeat(200_000);
        let start = std::time::Instant::now();
        let _ =
            (read_line(&long, &context(None)), read_field(&long, &context(None)), read_dateline(&long, &context(None)));
        assert!(start.elapsed().as_millis() < 500, "{unit:?} took {:?}", start.elapsed());
    }
}

/// A line four times as long takes four times the time, and less where a limit ends it. The best of many runs is taken,
/// so that a busy machine shows as little as can be; half as much again is let through. Quadratic work shows as sixteen.
#[test]
fn time_grows_with_the_length_and_no_faster() {
    let best = |text: &str| {
        let once = || {
            let start = std::time::Instant::now();
            for _ in 0..20 {
                let _ = std::hint::black_box((
                    read_line(std::hint::black_box(text), &context(None)),
                    read_dateline(text, &context(None)),
                    newsdates::explain(text, &context(None)),
                ));
            }
            start.elapsed()
        };
        (0..40).map(|_| once()).min().unwrap_or_default().as_nanos() as f64
    };
    const MOST: f64 = 6.0;
    for unit in UNITS {
        let of = |bytes: usize| unit.repeat(bytes / unit.len());
        let (short, long) = (best(&of(54)), best(&of(216)));
        assert!(long / short < MOST, "{unit:?}: {short:.0} ns, four times as long {long:.0} ns");
    }
}

/// Found by `no_jumble_of_date_words_panics`: spans were those of the trimmed line.
#[test]
fn spans_are_those_of_the_line_as_given() {
    for line in [" يناير٣", "\t 17 January 2024 ", "\u{3000}2024年1月17日"] {
        for date in read_line(line, &context(None)).expect("a date line").dates {
            assert_eq!(line.get(date.span), Some(line.trim()));
        }
        let parts = newsdates::explain(line, &context(None)).tokens;
        assert!(parts.iter().all(|part| line.get(part.span.clone()).is_some_and(|text| !text.is_empty())));
    }
}

/// What is left of a name when case, accents and points are taken away, as lines are folded.
fn skeleton(name: &str) -> String {
    let plain = icu_normalizer::DecomposingNormalizerBorrowed::new_nfkd().normalize(name).to_lowercase();
    plain.chars().filter(|c| c.is_alphabetic()).collect()
}

/// The month names of CLDR that mean one thing: calendar by its code in the table, month, name.
static MONTH_NAMES: LazyLock<Vec<(char, u8, &str)>> = LazyLock::new(|| {
    let lines = || include_str!("../src/lexicon/cldr.txt").lines().map(|line| line.split('\t'));
    let mut spellings: HashMap<String, usize> = HashMap::new();
    for name in lines().filter_map(|mut cells| cells.next()) {
        *spellings.entry(skeleton(name)).or_default() += 1;
    }
    let month = |mut cells: std::str::Split<'static, char>| {
        let (Some(name), Some(code), None) = (cells.next(), cells.next(), cells.next()) else { return None };
        let calendar = code.chars().next().filter(|c| CALENDARS.contains(c))?;
        let month = code.get(1..)?.parse().ok()?;
        (spellings[&skeleton(name)] == 1).then_some((calendar, month, name))
    };
    lines().filter_map(month).collect()
});

/// Gregorian, Hijri, Persian, Ethiopic, Hebrew, by their codes in the table.
const CALENDARS: [char; 5] = ['g', 'h', 'p', 'e', 'b'];

/// A day in a calendar as `icu_calendar` counts it: year, CLDR's number of the month, day.
fn in_calendar(calendar: char, iso: icu_calendar::Date<icu_calendar::Iso>) -> (i32, u8, u8) {
    use icu_calendar::cal::{Ethiopian, EthiopianEraStyle, Hebrew, Hijri, Persian, hijri::UmmAlQura};
    fn parts<C: icu_calendar::Calendar<Year = icu_calendar::types::EraYear>>(
        date: icu_calendar::Date<C>,
    ) -> (i32, u8, u8) {
        (date.era_year().year, date.month().number(), date.day_of_month().0)
    }
    match calendar {
        'h' => parts(iso.to_calendar(Hijri::<UmmAlQura>::new_umm_al_qura())),
        'p' => parts(iso.to_calendar(Persian)),
        'e' => parts(iso.to_calendar(Ethiopian::new_with_era_style(EthiopianEraStyle::AmeteMihret))),
        'b' => {
            let date = iso.to_calendar(Hebrew);
            // CLDR counts Adar I as 6 in every year.
            let (year, month, day) = (date.era_year().year, date.month(), date.day_of_month().0);
            (year, month.number() + u8::from(month.to_input().is_leap() || month.number() > 5), day)
        }
        _ => parts(iso.to_calendar(icu_calendar::Gregorian)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any day of 1995 to 2049, in any calendar, by any name that any locale of CLDR has for its month.
    #[test]
    fn what_any_locale_writes_is_read_back(ordinal in 0i64..20_000, pick in any::<prop::sample::Index>(), shape in 0usize..3) {
        let calendar = CALENDARS[pick.index(CALENDARS.len())];
        let first = icu_calendar::Date::try_new_iso(1995, 1, 1).unwrap();
        let rata_die = first.to_rata_die() + ordinal;
        let iso = icu_calendar::Date::from_rata_die(rata_die, icu_calendar::Iso);
        let (year, month, day) = in_calendar(calendar, iso);
        let of_month: Vec<&str> = MONTH_NAMES.iter().filter(|n| n.0 == calendar && n.1 == month).map(|n| n.2).collect();
        prop_assume!(!of_month.is_empty());
        let name = pick.get(&of_month);
        let text = match shape {
            0 => format!("{day} {name} {year}"),
            1 => format!("{name} {day}, {year}"),
            _ => format!("{year} {name} {day}"),
        };
        let read = read_line(&text, &Context::default()).and_then(|l| l.dates[0].value).map(|v| v.to_string());
        let expected = format!("{:04}-{:02}-{:02}", iso.era_year().year, iso.month().ordinal, iso.day_of_month().0);
        prop_assert_eq!(read, Some(expected), "{}", text);
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = (read_line(&text, &context(None)), read_field(&text, &context(None)), read_dateline(&text, &context(None)));
    }

    #[test]
    fn no_jumble_of_date_words_panics(words in prop::collection::vec(prop::sample::select(vec![
        "17", "2024", "1445", "يناير", "رجب", "هـ", "م", ":", "/", ".", "-", " ", "年", "月", "日", "令和", "T", "Z", "+03:00", "ח׳", "תשפ״ד", "de", "May", "PM", "٣", "(", ")", "|", "ago", "3 hours ago", "R6", "\u{200f}", "'", "\"",
    ]), 0..14)) {
        let text = words.concat();
        for line in [read_line(&text, &context(Some("ar"))), read_line(&text, &context(None))].into_iter().flatten() {
            for date in line.dates {
                prop_assert!(text.get(date.span.clone()).is_some(), "{text:?} {:?}", date.span);
            }
        }
        let _ = (read_field(&text, &context(None)), read_dateline(&text, &context(None)));
    }

    #[test]
    fn what_is_formatted_is_read_back(year in 1990i32..2060, month in 1usize..=12, day in 1u32..=28, shape in 0usize..6, language in 0usize..8) {
        let months = [
            "January February March April May June July August September October November December",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
            "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
            "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
            "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
            "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
        ];
        let name = months[language].split(' ').nth(month - 1).unwrap();
        let text = match shape {
            0 => format!("{day} {name} {year}"),
            1 => format!("{name} {day}, {year}"),
            2 => format!("{year} {name} {day}"),
            3 => format!("{day}-{name}-{year}"),
            4 => format!("{}, 14:05", format!("{day} {name} {year}").to_uppercase()),
            _ => format!("{year}年{month}月{day}日"),
        };
        let read = read_line(&text, &Context::default()).and_then(|l| l.dates[0].value).map(|v| v.date);
        prop_assert_eq!(read.map(|d| (i32::from(d.year), usize::from(d.month), u32::from(d.day))), Some((year, month, day)), "{}", text);
    }

    #[test]
    fn the_gate_never_shuts_out_a_date_line(year in 1990i32..2060, day in 1u32..=28) {
        let text = format!("الأربعاء - {day} يناير {year}");
        prop_assert!(may_be_date_line(&text));
    }
}
