//! How a line is read, and by which rules:
//! `cargo run -p newsdates --example explain -- LINE [LANGUAGE [FETCHED]]`, FETCHED in milliseconds since 1970.

use std::process::ExitCode;

use newsdates::{Context, explain, read_line};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [line, around @ ..] = &arguments[..] else {
        eprintln!("usage: explain LINE [LANGUAGE [FETCHED]]");
        return ExitCode::from(64);
    };
    let language = around.first().map(String::as_str).filter(|language| !language.is_empty());
    let context = Context { language, now: around.get(1).and_then(|now| now.parse().ok()), ..Context::default() };

    let explanation = explain(line, &context);
    for token in &explanation.tokens {
        let text = line.get(token.span.clone()).unwrap_or_default();
        println!(
            "{text:20} {:8} {} → {}",
            token.kind,
            token.meaning,
            token.chosen.as_deref().unwrap_or("no part of a date")
        );
    }
    for rule in &explanation.rules {
        println!("{} {}: {}", rule.rule().verdict.as_str(), rule.as_str(), rule.rule().says);
    }
    match read_line(line, &context) {
        Some(stamp) => stamp.dates.iter().for_each(|date| match date.value {
            Some(value) => println!("a date stamp: {value}"),
            None => println!("a date stamp that stays open"),
        }),
        None => println!("no date stamp"),
    }
    ExitCode::SUCCESS
}
