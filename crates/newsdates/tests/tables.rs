//! Dates, from outside: the tables of `tests/tables/` (`support/tables.rs` says what a row holds), calendars against published dates, and properties.

#![allow(clippy::panic, reason = "a test that can't go on fails, helpers included")]

#[path = "support/tables.rs"]
mod tables;

use newsdates::{Calendar, Context, Dateline, Order, Role, read_dateline, read_field, read_line};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::LazyLock;
use tables::{Row, names, run, table, value};

/// 2024-01-18T10:00:00Z.
const NOW: i64 = 1_705_572_000_000;

fn context(language: Option<&str>) -> Context<'_> {
    Context { language, now: Some(NOW), ..Context::default() }
}

/// Reads the stamps of a table, each in all its contexts.
fn stamps(name: &str) {
    run(&table(name), |row| {
        row.contexts().iter().map(|context| value(read_line(&row.text, context).as_ref())).collect()
    });
}

fn traps(name: &str) {
    run(&table(name), |row| {
        row.contexts_of_trap().iter().map(|context| value(read_line(&row.text, context).as_ref())).collect()
    });
}

#[test]
fn date_lines_of_news_pages_are_read() {
    stamps("stamps_lines");
}

#[test]
fn mastheads_are_read_with_what_stands_beside_the_date() {
    stamps("stamps_mastheads");
}

#[test]
fn what_pages_write_beside_their_dates_is_read() {
    stamps("stamps_pages");
}

#[test]
fn what_sites_write_is_read() {
    stamps("stamps_sites");
}

#[test]
fn what_real_pages_write_is_read() {
    stamps("stamps_real_pages");
}

#[test]
fn words_of_many_languages_are_read() {
    stamps("stamps_words");
}

#[test]
fn what_content_systems_write_is_read() {
    stamps("stamps_templates");
}

#[test]
fn roles_zones_and_short_years_are_read() {
    stamps("stamps_values");
}

#[test]
fn what_papers_of_the_world_write_is_read() {
    stamps("stamps_papers");
}

#[test]
fn calendars_agree_with_published_dates() {
    stamps("stamps_calendars");
}

#[test]
fn mentions_are_no_date_lines() {
    traps("traps_mentions");
}

#[test]
fn furniture_captions_and_short_sentences_are_no_date_lines() {
    traps("traps_sites");
}

#[test]
fn what_real_pages_hold_besides_is_no_date_line() {
    traps("traps_real_pages");
}

#[test]
fn headings_captions_and_rows_with_a_date_are_no_date_lines() {
    traps("traps_headings");
}

#[test]
fn credits_laws_rows_and_shows_are_no_date_lines() {
    traps("traps_credits_and_rows");
}

#[test]
fn listings_notes_logs_and_records_are_no_date_lines() {
    traps("traps_genres");
}

#[test]
fn what_papers_of_the_world_hold_besides_is_no_date_line() {
    traps("traps_papers");
}

#[test]
fn every_table_is_run() {
    let source = include_str!("tables.rs");
    for name in names("") {
        assert!(source.contains(&format!("(\"{name}\")")), "no test runs {name}.tsv");
    }
}

#[test]
#[should_panic(expected = "take its known-miss away")]
fn a_known_miss_that_passes_fails() {
    let row = Row { is_known_miss: true, ..table("stamps_lines").swap_remove(0) };
    run(&[row], |row| vec![value(read_line(&row.text, &row.contexts()[0]).as_ref())]);
}

#[test]
#[should_panic(expected = "1 wrong of 1")]
fn a_row_with_another_time_fails() {
    let row = Row { expected: "2024-01-17T14:05".to_owned(), ..table("stamps_lines").swap_remove(0) };
    run(&[row], |row| vec![value(read_line(&row.text, &row.contexts()[0]).as_ref())]);
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

/// The end of the dateline is marked in the text, and the day is what is expected.
#[test]
fn datelines_are_found_and_sentences_are_not() {
    run(&table("datelines"), |row| {
        // A sentence may have such a mark of its own.
        let is_one = row.expected != "none";
        let text = if is_one { row.text.replacen('|', "", 1) } else { row.text.clone() };
        let end = row.text.find('|').filter(|_| is_one);
        let told = |found: Option<Dateline>| match found {
            None => "none".to_owned(),
            Some(found) if Some(found.span.end) != end => format!("{:?}", text.get(found.span)),
            Some(found) => found.date.and_then(|day| day.value).map_or("-".to_owned(), |day| day.to_string()),
        };
        row.contexts().iter().map(|context| told(read_dateline(&text, context))).collect()
    });
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
    run(&table("fields"), |row| {
        let read = |context| read_field(&row.text, context).and_then(|read| read.value);
        row.contexts().iter().map(|context| read(context).map_or("none".to_owned(), |v| v.to_string())).collect()
    });
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
}
