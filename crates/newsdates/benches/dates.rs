//! How fast lines go through the dates room: body lines that are none, and date lines.

#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use newsdates::{Context, may_be_date_line, read_line};
use std::hint::black_box;

const BODY: &str = "The minister said on Wednesday that the government would not change its position on the talks, which began in 2023 \
    and were suspended in the spring after a series of incidents along the border, according to two officials who spoke on condition of anonymity.";
const SHORT: [&str; 4] = [
    "The minister said that prices rose by 17 percent in 2023.",
    "وقال الوزير إن الحكومة لن تغير موقفها من المحادثات",
    "Правительство не изменит позицию, сказал министр.",
    "Read more: what the talks mean",
];
const DATES: [&str; 6] = [
    "الأربعاء - 17 يناير 2024",
    "Wed - 17 Jan 2024",
    "mercredi 17 janvier 2024 à 14h05",
    "2024-01-17",
    "среда, 17 января 2024 г.",
    "2024年1月17日",
];

fn lines(c: &mut Criterion) {
    let context = Context { now: Some(1_705_572_000_000), ..Context::default() };
    let read = |line: &str| may_be_date_line(line) && read_line(line, &context).is_some();
    let mut group = c.benchmark_group("dates");
    // A body: nine long paragraphs for each short one.
    let body: Vec<&str> = (0..40).map(|i| if i % 10 == 9 { SHORT[i / 10] } else { BODY }).collect();
    group.throughput(Throughput::Elements(body.len() as u64));
    group.bench_function("body lines", |b| b.iter(|| body.iter().filter(|line| read(black_box(line))).count()));
    group.throughput(Throughput::Elements(SHORT.len() as u64));
    group.bench_function("short lines that are none", |b| {
        b.iter(|| SHORT.iter().filter(|line| read(black_box(line))).count())
    });
    group.throughput(Throughput::Elements(DATES.len() as u64));
    group.bench_function("date lines", |b| b.iter(|| DATES.iter().filter(|line| read(black_box(line))).count()));
    group.finish();
}

criterion_group!(benches, lines);
criterion_main!(benches);
