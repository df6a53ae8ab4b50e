//! Kafka's protocol by hand, as little of it as it takes to write and to read records that no client library writes or reads:
//! names of headers are strings to all of them, and bytes to a broker.
//!
//! ProduceRequest version 3, FetchRequest version 4, record batches of version 2 without compression.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
const CODEC: i16 = 0x07;

/// A header: a name and a value, bytes both.
pub type RawHeader = (Vec<u8>, Option<Vec<u8>>);

/// A record, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRecord {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<RawHeader>,
    pub timestamp: i64,
}

/// A connection to a broker that leads every partition.
pub struct Wire {
    connection: TcpStream,
    asked: i32,
}

impl Wire {
    pub fn open(broker: &str) -> Result<Wire, String> {
        let connection = TcpStream::connect(broker).map_err(|error| format!("{broker}: {error}"))?;
        connection.set_read_timeout(Some(Duration::from_secs(30))).map_err(|error| error.to_string())?;
        Ok(Wire { connection, asked: 0 })
    }

    /// Writes records, all of them in one batch, acknowledged by all replicas.
    pub fn produce(&mut self, topic: &str, partition: i32, records: &[RawRecord]) -> Result<(), String> {
        let batch = batch(records);
        let mut body = Vec::new();
        put_text(&mut body, None);
        body.extend((-1_i16).to_be_bytes());
        body.extend(20_000_i32.to_be_bytes());
        put_partition(&mut body, topic, partition);
        put_bytes(&mut body, &batch);
        let answer = self.ask(PRODUCE, 3, &body)?;
        let mut answer = Reader::at(&answer);
        answer.skip(4)?;
        let named = answer.number::<2>().map(i16::from_be_bytes)?;
        answer.skip(usize::try_from(named).unwrap_or(0) + 4 + 4)?;
        match i16::from_be_bytes(answer.number()?) {
            0 => Ok(()),
            code => Err(format!("{topic} [{partition}]: the broker answers with error {code}")),
        }
    }

    /// Reads a partition from its beginning: committed records, as their markers tell.
    pub fn committed(&mut self, topic: &str, partition: i32) -> Result<Vec<RawRecord>, String> {
        let mut found = Vec::new();
        // By producer, until the marker of its transaction.
        let mut open: HashMap<i64, Vec<RawRecord>> = HashMap::new();
        let mut offset = 0_i64;
        loop {
            let bytes = self.fetch(topic, partition, offset)?;
            let mut batches = Reader::at(&bytes);
            let before = offset;
            while let Some(batch) = batches.batch()? {
                offset = batch.next;
                let kept = open.entry(batch.producer).or_default();
                match batch.attributes {
                    control if control & CONTROL != 0 => {
                        let ended = std::mem::take(kept);
                        // The marker's key is its version and its kind; 1 is a commit.
                        let kind = batch.records.first().and_then(|marker| marker.key.as_deref()?.get(2..4));
                        found.extend(ended.into_iter().filter(|_| kind == Some(&[0, 1])));
                    }
                    within if within & TRANSACTIONAL != 0 => kept.extend(batch.records),
                    _ => found.extend(batch.records),
                }
            }
            if offset == before {
                return Ok(found);
            }
        }
    }

    fn fetch(&mut self, topic: &str, partition: i32, offset: i64) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        for number in [-1_i32, 100, 1, 8 << 20] {
            body.extend(number.to_be_bytes());
        }
        body.push(0);
        put_partition(&mut body, topic, partition);
        body.extend(offset.to_be_bytes());
        body.extend((4_i32 << 20).to_be_bytes());
        let answer = self.ask(FETCH, 4, &body)?;
        let mut answer = Reader::at(&answer);
        answer.skip(4 + 4)?;
        let named = answer.number::<2>().map(i16::from_be_bytes)?;
        answer.skip(usize::try_from(named).unwrap_or(0) + 4 + 4)?;
        match i16::from_be_bytes(answer.number()?) {
            0 => {}
            code => return Err(format!("{topic} [{partition}]: the broker answers with error {code}")),
        }
        answer.skip(8 + 8)?;
        let aborted = i32::from_be_bytes(answer.number()?);
        answer.skip(usize::try_from(aborted).unwrap_or(0) * 16)?;
        let bytes = i32::from_be_bytes(answer.number()?);
        Ok(answer.take(usize::try_from(bytes).unwrap_or(0))?.to_vec())
    }

    /// What follows the answer's header.
    fn ask(&mut self, kind: i16, version: i16, body: &[u8]) -> Result<Vec<u8>, String> {
        self.asked += 1;
        let mut request = Vec::new();
        request.extend(kind.to_be_bytes());
        request.extend(version.to_be_bytes());
        request.extend(self.asked.to_be_bytes());
        put_text(&mut request, Some("faults"));
        request.extend(body);
        let lost = |error: std::io::Error| format!("the broker's connection: {error}");
        let length = i32::try_from(request.len()).map_err(|error| error.to_string())?;
        self.connection.write_all(&length.to_be_bytes()).map_err(lost)?;
        self.connection.write_all(&request).map_err(lost)?;
        let mut length = [0; 4];
        self.connection.read_exact(&mut length).map_err(lost)?;
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).map_err(|error| error.to_string())?];
        self.connection.read_exact(&mut answer).map_err(lost)?;
        if answer.get(..4) != Some(&self.asked.to_be_bytes()[..]) {
            return Err("an answer to another request".to_owned());
        }
        Ok(answer.split_off(4))
    }
}

fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    let length = text.map_or(-1, |text| i16::try_from(text.len()).expect("short"));
    out.extend(length.to_be_bytes());
    out.extend(text.unwrap_or_default().as_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(i32::try_from(bytes.len()).expect("small").to_be_bytes());
    out.extend(bytes);
}

/// One topic, one partition.
fn put_partition(out: &mut Vec<u8>, topic: &str, partition: i32) {
    out.extend(1_i32.to_be_bytes());
    put_text(out, Some(topic));
    out.extend(1_i32.to_be_bytes());
    out.extend(partition.to_be_bytes());
}

/// A signed number in zigzag and groups of seven bits.
fn put_number(out: &mut Vec<u8>, number: i64) {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    while left > 0x7F {
        out.push((left & 0x7F) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn put_sized(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_number(out, bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).expect("small")));
    out.extend(bytes.unwrap_or_default());
}

fn batch(records: &[RawRecord]) -> Vec<u8> {
    let first = records.first().map_or(0, |record| record.timestamp);
    let last = records.iter().map(|record| record.timestamp).max().unwrap_or(0);
    let count = i32::try_from(records.len()).expect("few");
    // From the attributes to the end: that is what the checksum is of.
    let mut checked = Vec::new();
    checked.extend(0_i16.to_be_bytes());
    checked.extend((count - 1).to_be_bytes());
    checked.extend(first.to_be_bytes());
    checked.extend(last.to_be_bytes());
    checked.extend((-1_i64).to_be_bytes());
    checked.extend((-1_i16).to_be_bytes());
    checked.extend((-1_i32).to_be_bytes());
    checked.extend(count.to_be_bytes());
    for (number, record) in records.iter().enumerate() {
        let mut one = vec![0];
        put_number(&mut one, record.timestamp - first);
        put_number(&mut one, i64::try_from(number).expect("few"));
        put_sized(&mut one, record.key.as_deref());
        put_sized(&mut one, record.value.as_deref());
        put_number(&mut one, i64::try_from(record.headers.len()).expect("few"));
        for (name, value) in &record.headers {
            put_sized(&mut one, Some(name));
            put_sized(&mut one, value.as_deref());
        }
        put_sized(&mut checked, Some(&one));
    }
    let mut out = Vec::new();
    out.extend(0_i64.to_be_bytes());
    out.extend(i32::try_from(checked.len() + 4 + 1 + 4).expect("small").to_be_bytes());
    out.extend((-1_i32).to_be_bytes());
    out.push(2);
    out.extend(crc32c(&checked).to_be_bytes());
    out.extend(checked);
    out
}

/// CRC-32C (Castagnoli), bit by bit: batches are small.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// A record batch as it was read.
struct Batch {
    /// The offset behind it.
    next: i64,
    attributes: i16,
    producer: i64,
    records: Vec<RawRecord>,
}

struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn at(left: &'a [u8]) -> Reader<'a> {
        Reader { left }
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, left) = self.left.split_at_checked(bytes).ok_or("an answer that ends too early")?;
        self.left = left;
        Ok(taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<(), String> {
        self.take(bytes).map(drop)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], String> {
        self.take(BYTES)?.try_into().map_err(|_| "a number".to_owned())
    }

    fn zigzag(&mut self) -> Result<i64, String> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
    }

    fn sized(&mut self) -> Result<Option<Vec<u8>>, String> {
        match usize::try_from(self.zigzag()?) {
            Ok(bytes) => Ok(Some(self.take(bytes)?.to_vec())),
            Err(_) => Ok(None),
        }
    }

    /// The next whole batch; a fetch may end in the middle of one.
    fn batch(&mut self) -> Result<Option<Batch>, String> {
        let mut head = Reader::at(self.left);
        let (Ok(first), Ok(length)) = (head.number().map(i64::from_be_bytes), head.number().map(i32::from_be_bytes))
        else {
            return Ok(None);
        };
        let Ok(body) = head.take(usize::try_from(length).unwrap_or(0)) else { return Ok(None) };
        self.left = head.left;
        let mut body = Reader::at(body);
        body.skip(4 + 1 + 4)?;
        let attributes = i16::from_be_bytes(body.number()?);
        let last = i32::from_be_bytes(body.number()?);
        let base = i64::from_be_bytes(body.number()?);
        body.skip(8)?;
        let producer = i64::from_be_bytes(body.number()?);
        body.skip(2 + 4)?;
        let count = i32::from_be_bytes(body.number()?);
        if attributes & CODEC != 0 {
            return Err("a compressed batch".to_owned());
        }
        let records = (0..count).map(|_| body.record(base)).collect::<Result<_, _>>()?;
        Ok(Some(Batch { next: first + i64::from(last) + 1, attributes, producer, records }))
    }

    fn record(&mut self, base: i64) -> Result<RawRecord, String> {
        self.zigzag()?;
        self.skip(1)?;
        let timestamp = base + self.zigzag()?;
        self.zigzag()?;
        let (key, value) = (self.sized()?, self.sized()?);
        let count = self.zigzag()?;
        let header = |_| Ok((self.sized()?.unwrap_or_default(), self.sized()?));
        let headers = (0..count).map(header).collect::<Result<_, String>>()?;
        Ok(RawRecord { key, value, headers, timestamp })
    }
}
