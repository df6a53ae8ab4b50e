//! What each stage of the pure function costs: splitting, the key by script, the fingerprint, and whole articles.
//!
//! `cargo bench -p copydesk-core --bench stages` needs nothing but this crate. Throughput is in bytes of input.
//! For the cost of a whole corpus beside gawk's, see `scripts/bench-clean`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that can't go on stops; criterion's macros")]

use std::hint::black_box;

use copydesk_core::dedup::{Fingerprint, Normaliser};
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Payload};
use copydesk_core::record::{ParagraphView, RecordView};
use copydesk_core::text;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A sentence in each script whose key takes another path.
const SCRIPTS: [(&str, &str); 5] = [
    ("ascii", "The ferry left the pier before the last of the market women had come aboard, and nobody waved. "),
    ("arabic", "أصلح الطحّان العجوز العجلة بعد ٣٠ عاماً، فعاد النهر يعمل للقرية كلها من جديد. "),
    ("cyrillic", "Старый мельник починил колесо, и река снова работает на всю деревню, как прежде. "),
    ("han", "老钟表匠花了十二年时间，终于让塔楼上的大钟重新走了起来，全村人都听见了。"),
    ("hindi", "बूढ़े घड़ीसाज़ ने १२ साल बाद मीनार की घड़ी फिर चला दी और पूरा गाँव जाग गया। "),
];

/// A paragraph of about 400 bytes.
fn paragraph(sentence: &str) -> String {
    sentence.repeat(400 / sentence.len() + 1).trim().to_owned()
}

/// A body of forty paragraphs in all scripts, a quarter of them repeats.
fn body() -> String {
    let paragraphs = (0..40).map(|n| format!("{} {}", n % 30, paragraph(SCRIPTS[n % SCRIPTS.len()].1)));
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn stages(criterion: &mut Criterion) {
    let body = body();
    let mut group = criterion.benchmark_group("split");
    group.throughput(Throughput::Bytes(body.len() as u64));
    let mut lines = Vec::new();
    group.bench_function("body", |bencher| bencher.iter(|| text::split(black_box(&body), usize::MAX, &mut lines)));
    group.finish();

    let mut group = criterion.benchmark_group("normalise");
    let mut normaliser = Normaliser::default();
    for (script, sentence) in SCRIPTS {
        let paragraph = paragraph(sentence);
        group.throughput(Throughput::Bytes(paragraph.len() as u64));
        group.bench_function(script, |bencher| bencher.iter(|| normaliser.key(black_box(&paragraph)).len()));
    }
    group.finish();

    let mut group = criterion.benchmark_group("fingerprint");
    let key = paragraph(SCRIPTS[0].1);
    group.throughput(Throughput::Bytes(key.len() as u64));
    group.bench_function("paragraph", |bencher| bencher.iter(|| Fingerprint::of(black_box(key.as_bytes()))));
    group.finish();
}

fn articles(criterion: &mut Criterion) {
    let body = body();
    let json = serde_json::json!({
        "uri": "urn:x:1", "title": "The clock in the tower runs again", "source": "The Valley Post", "language": "en",
        "text": body, "tags": ["clock", "tower"],
    });
    let json = json.to_string();
    let mut group = criterion.benchmark_group("clean");
    let mut cleaner = Cleaner::default();
    let mut out = Vec::new();
    for (shape, article) in [("json", &json), ("plain", &body)] {
        group.throughput(Throughput::Bytes(article.len() as u64));
        group.bench_function(shape, |bencher| {
            bencher.iter(|| {
                out.clear();
                let payload = Payload { value: Some(black_box(article.as_bytes())), headers: &[], timestamp: None };
                cleaner.clean(payload, &NoMemory, &mut out).unwrap()
            });
        });
    }
    group.finish();

    let kept: Vec<ParagraphView<'_>> = body
        .split('\n')
        .zip(0..)
        .map(|(text, line)| ParagraphView { line, text, hash: Fingerprint::of(text.as_bytes()) })
        .collect();
    let record = RecordView {
        uri: "urn:x:1",
        headline: Some("The clock in the tower runs again"),
        kept: &kept,
        lines_in: kept.len(),
        bytes_in: body.len(),
        ..RecordView::default()
    };
    let mut group = criterion.benchmark_group("write");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&record).write(usize::MAX, &mut out).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, stages, articles);
criterion_main!(benches);
