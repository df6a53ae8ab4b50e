//! Odd articles: what a scenario feeds in place of some of the usual ones.

use crate::feed::{Article, Random, article, now};

fn usual(count: usize, partitions: i32) -> Vec<Article> {
    let mut random = Random(7);
    (0..count).map(|number| article(&mut random, number, partitions)).collect()
}

/// The usual articles, with another payload in place of some.
fn with(count: usize, other: impl Fn(usize) -> Option<(Option<Vec<u8>>, bool)>) -> Vec<Article> {
    let mut articles = usual(count, 4);
    for (number, article) in articles.iter_mut().enumerate() {
        if let Some((payload, too_large)) = other(number) {
            (article.payload, article.too_large) = (payload, too_large);
        }
    }
    articles
}

pub fn slow(count: usize) -> Vec<Article> {
    with(count, |number| {
        (number % 1000 == 900).then(|| (Some(b"SABOTAGE-SLOW is a word of this article".to_vec()), false))
    })
}

pub fn panics(count: usize) -> Vec<Article> {
    with(count, |number| (number % 100 == 50).then(|| (Some(format!("SABOTAGE-PANIC {number}").into_bytes()), false)))
}

fn text(bytes: usize, number: usize) -> Vec<u8> {
    format!("Headline {number}\n{}\n", "long words ".repeat(bytes / 11)).into_bytes()
}

pub fn large(count: usize) -> Vec<Article> {
    with(count, |number| (number > 700 && number % 40 == 3).then(|| (Some(text(60_000, number)), true)))
}

pub fn large_poison(count: usize) -> Vec<Article> {
    let poison = |number| [&[0xFF, 0xFE][..], &text(60_000, number)].concat();
    with(count, |number| (number > 700 && number % 40 == 3).then(|| (Some(poison(number)), false)))
}

pub fn poison(count: usize) -> Vec<Article> {
    let payloads: &[Option<&[u8]>] = &[
        None,
        Some(b""),
        Some(b" \n\t"),
        Some(b"\xFF\xFE\x00\x80"),
        Some(b"{"),
        Some(b"{}"),
        Some(b"[1,2]"),
        Some(b"null"),
        Some(b"42"),
        Some(b"{\"body_text\": 7}"),
        Some(b"{\"body_text\": [\"a\"], \"headline\": {}}"),
        Some(b"{\"body_text\": null}"),
        Some(b"{\"bodies\": \"text\"}"),
        Some(b"{\"body_text\": \"\\ud800 lone\"}"),
        Some(b"\x00\x01\x02"),
        Some(b"\xEF\xBB\xBF"),
        Some(b"{\"uri\": 5, \"body_text\": \"sound enough\", \"datePublished\": [1]}"),
        Some(b"{\"body_text\":\"a\"} trailing"),
    ];
    with(count, |number| (number % 4 == 1).then(|| (payloads[number / 4 % payloads.len()].map(<[u8]>::to_vec), false)))
}

pub fn nested(count: usize) -> Vec<Article> {
    let nest = |depth: usize| {
        format!("{{\"body_text\":\"x\",\"extra\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
    };
    let nest_objects = |depth: usize| {
        format!("{{\"body_text\":\"x\",\"extra\":{}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth)).into_bytes()
    };
    let open = |depth: usize| format!("{{\"a\":{}", "[{\"a\":".repeat(depth)).into_bytes();
    with(count, |number| match number % 5 {
        1 => Some((Some(nest(10 + number * 200)), false)),
        2 => Some((Some(nest_objects(10 + number * 100)), false)),
        3 => Some((Some(open(100 + number * 100)), false)),
        _ => None,
    })
}

pub fn tiny(count: usize) -> Vec<Article> {
    let lines = |lines: usize| Some(("a\n".repeat(lines).into_bytes()).to_vec());
    with(count, |number| match number % 6 {
        2 => Some((lines(1_000_000), false)),
        4 => Some((lines(150_000), false)),
        _ => None,
    })
}

pub fn fifty(count: usize) -> Vec<Article> {
    let json =
        |bytes: usize| format!("{{\"headline\":\"h\",\"body_text\":\"{}\"}}", "word ".repeat(bytes / 5)).into_bytes();
    with(count, |number| match number % 4 {
        1 => Some((Some(json(50 << 20)), false)),
        _ => None,
    })
}

/// Each is some kilobytes on the wire and 30 MB in memory.
pub fn bombs(count: usize) -> Vec<Article> {
    with(count, |number| (number % 4 != 0).then(|| (Some(vec![b' '; 30 << 20]), false)))
}

pub fn spread(count: usize) -> Vec<Article> {
    let mut articles = usual(count, 4);
    for (number, article) in articles.iter_mut().enumerate().skip(1600) {
        article.partition = i32::try_from(number % 6).expect("small");
        article.id = format!("{}-{number:06}", article.partition);
        article.timestamp = now() + 1;
    }
    articles
}
