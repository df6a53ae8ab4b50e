//! What the targets share: one clean, and what holds for whatever comes out.

use copydesk_core::record::{Record, Reject};
use copydesk_core::memory::NoMemory;
use copydesk_core::pipeline::{Cleaner, Limits, Payload};

/// Cleans a payload. A panic inside the function is caught by it and would be a refusal: here it is a finding.
pub fn clean(value: &[u8]) -> Option<Record> {
    let mut cleaner = Cleaner::new(Limits::default());
    let mut out = Vec::new();
    let payload = Payload { value: Some(value), headers: &[], timestamp: Some(1_705_500_000_000) };
    match cleaner.clean(payload, &NoMemory, &mut out) {
        Ok(_) => {
            let record: Record = serde_json::from_slice(&out).expect("the record is not what `Record` reads");
            let mut again = Vec::new();
            cleaner.clean(payload, &NoMemory, &mut again).expect("refused the second time");
            assert_eq!(again, out, "other bytes for the same bytes");
            let lines = record.body_text.split('\n').count();
            assert_eq!(record.paragraphs.len(), if record.body_text.is_empty() { 0 } else { lines });
            Some(record)
        }
        Err(Reject::Internal { reason }) => panic!("{reason}"),
        Err(_) => None,
    }
}
