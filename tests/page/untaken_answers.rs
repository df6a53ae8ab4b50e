//! Answers that clients do not take, and a busy playground: neither costs unbounded memory, and neither slows a probe.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::demo::{Demo, request, wait};

/// Most resident memory of the worker, in bytes, one article in the playground included.
const RESIDENT: u64 = 150_000_000;
/// How long a probe may take on a machine with much else to do. (It takes a few milliseconds on one that is idle.)
const PROBE: Duration = Duration::from_millis(300);

/// An article of so many bytes whose lines are all different: the shorter they are the larger is its record, since it
/// carries a hash for each.
fn article(bytes: usize, line: usize) -> Vec<u8> {
    let lines = (0..).flat_map(|number: usize| {
        let mut text = format!("{number:x} ");
        text.extend(std::iter::repeat_n("news ", line.saturating_sub(text.len()) / 5).chain(["\n"]));
        text.into_bytes()
    });
    lines.take(bytes).collect()
}

/// As many lines as there can be.
fn dense() -> Vec<u8> {
    (0..).flat_map(|number: u32| format!("{number:x}\n").into_bytes()).take(792_000).collect()
}

fn form(article: &[u8]) -> Vec<u8> {
    let article = String::from_utf8_lossy(article);
    form_urlencoded::Serializer::new(String::new()).append_pair("article", &article).finish().into_bytes()
}

/// How long the probes took, until `done`.
fn probes(demo: &Demo, mut done: impl FnMut() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !done() {
        for path in ["/livez", "/readyz", "/metrics"] {
            let started = Instant::now();
            let answer = demo.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            took.push(started.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    took.sort_unstable();
    took
}

fn quantile(sorted: &[Duration], of: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * of) as usize]
}

#[test]
fn untaken_answers_are_bounded_in_bytes_and_in_time() {
    let demo = Demo::start();
    let before = demo.descriptors();
    // The record of the first is 14 MB large, that of the second 3 MB, that of the third hardly more than the article.
    let (dense, lines, prose) = (dense(), article(792_000, 40), article(792_000, 200));
    let head = ["Content-Type: application/x-www-form-urlencoded"];
    let asked = [
        request("POST", "/clean", &demo.address, &[], &dense),
        request("POST", "/clean", &demo.address, &[], &lines),
        request("POST", "/", &demo.address, &head, &form(&prose)),
    ];
    let mut clients: Vec<TcpStream> = Vec::new();
    let (mut most, done) = (demo.resident(), AtomicBool::new(false));
    let took = std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let mut most = 0;
            let took = probes(&demo, || {
                most = most.max(demo.resident());
                done.load(Relaxed)
            });
            (took, most)
        });
        for number in 0..48 {
            let mut client = demo.connect().unwrap();
            // Sent whole, unless it is refused before; nothing of its answer is taken once it has begun.
            let _ = client.write_all(&asked[number / 16]);
            let _ = client.peek(&mut [0]);
            clients.push(client);
        }
        std::thread::sleep(Duration::from_secs(1));
        done.store(true, Relaxed);
        let (took, seen) = watched.join().unwrap();
        most = most.max(seen);
        took
    });
    println!("{most} bytes resident, probes: median {:?}, 99 % {:?}", quantile(&took, 0.5), quantile(&took, 0.99));
    assert!(most < RESIDENT, "{most} bytes resident");
    assert!(quantile(&took, 0.99) < PROBE, "a probe took {:?}", quantile(&took, 0.99));
    // Connections time out, and the memory of their answers is released.
    let end = Instant::now() + Duration::from_secs(40);
    while demo.descriptors() > before + 3 {
        assert!(Instant::now() < end, "{before} descriptors before, {} still", demo.descriptors());
        std::thread::sleep(Duration::from_millis(100));
    }
    let answer = demo.ask("POST", "/clean", &[], &prose);
    assert_eq!(answer.status, 200, "{}", answer.body);
    drop(clients);
}

#[test]
fn an_answer_taken_byte_by_byte_times_out() {
    let demo = Demo::start();
    let before = demo.descriptors();
    // As the others do, more than the kernel keeps for a connection.
    let asked = request("POST", "/clean", &demo.address, &[], &article(1_000_000, 60));
    let mut clients: Vec<TcpStream> = (0..3).map(|_| demo.connect().unwrap()).collect();
    for client in &mut clients {
        client.write_all(&asked).unwrap();
    }
    let started = Instant::now();
    let mut open = 3;
    while open > 0 && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_secs(1));
        for client in &mut clients {
            let _ = client.read(&mut [0; 16]);
        }
        open = demo.descriptors().saturating_sub(before);
    }
    assert_eq!(open, 0, "still connected after {:?}", started.elapsed());
    assert!(started.elapsed() > Duration::from_secs(5), "clients had no time to take an answer");
}

#[test]
fn a_busy_playground_slows_no_probe() {
    let demo = Demo::start();
    let largest = form(&article((1 << 20) - 1, 200));
    let head = ["Content-Type: application/x-www-form-urlencoded"];
    let asked = request("POST", "/", &demo.address, &head, &largest);
    let (done, cleaned) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (took, page) = std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let answer = demo.say(&asked);
                    assert!([200, 503].contains(&answer.status), "{} {}", answer.status, answer.body);
                    let whole = answer.body.contains("paragraphs kept");
                    cleaned.fetch_add(usize::from(whole), Relaxed);
                }
            });
        }
        let started = Instant::now();
        let took = probes(&demo, || started.elapsed() > Duration::from_secs(8));
        let asked = Instant::now();
        let page = demo.get("/status.json").status;
        assert!(asked.elapsed() < Duration::from_secs(10), "the page took {:?}", asked.elapsed());
        done.store(true, Relaxed);
        (took, page)
    });
    let cleaned = cleaned.load(Relaxed);
    println!("{cleaned} articles cleaned, probes: median {:?}, 99 % {:?}", quantile(&took, 0.5), quantile(&took, 0.99));
    assert_eq!(page, 200);
    assert!(cleaned > 0, "the playground did nothing");
    assert!(quantile(&took, 0.99) < PROBE, "a probe took {:?}", quantile(&took, 0.99));
}

/// An article beyond the playground's limits is answered as such, not as a refusal.
#[test]
fn an_article_beyond_the_playground_limits_is_answered_as_such() {
    let demo = crate::shared();
    let many = demo.ask("POST", "/clean", &[], &dense());
    assert_eq!(many.status, 413, "{}", many.body);
    assert!(many.body.contains("lines") && many.body.contains("copydesk clean"), "{}", many.body);
    let head = ["Content-Type: application/x-www-form-urlencoded"];
    let page = demo.ask("POST", "/", &head, &form(&dense()));
    assert!(page.body.contains("copydesk clean") && page.body.len() < 2_000_000, "{}", page.body.len());
    // A long article is shown shortened, and the page says so.
    let long = demo.ask("POST", "/", &head, &form(&article(1_000_000, 200)));
    assert_eq!(long.status, 200);
    assert!(long.body.contains("more lines") && long.body.len() < 3_000_000, "{}", long.body.len());
    wait("the page to be there for the next", || demo.get("/").status == 200);
}
