//! What a committed batch leaves behind: metrics, log lines of its dead letters, and the figures of the admin page.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::Histogram;

use crate::telemetry::{CommittedBatch, Refused, events, names};
use copydesk_core::record::Reject;

use super::batch::{Article, ArticleOutcome, Work};
use super::publish::Published;
use super::session::LaneConfig;

/// Records the batches of one lane.
pub(super) struct BatchMetrics<'a> {
    config: &'a LaneConfig,
    lane: &'a str,
    end_to_end: Histogram,
}

impl<'a> BatchMetrics<'a> {
    pub(super) fn new(config: &'a LaneConfig, lane: &'a str) -> BatchMetrics<'a> {
        BatchMetrics { config, lane, end_to_end: metrics::histogram!(names::END_TO_END_SECONDS) }
    }

    /// Records a batch that was published within a time, cleaning of others not included. Dead letters are cut at so many
    /// bytes.
    pub(super) fn record(&self, work: &Work<'_>, published: Published, publish: Duration, dead_letter_limit: usize) {
        let Work { batch, outcomes, .. } = work;
        let (mut kept, mut dropped, mut clean) = (0, 0, 0);
        let mut calendars: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (article, outcome) in batch.articles.iter().zip(outcomes) {
            match outcome {
                ArticleOutcome::Clean(cleaned) => {
                    clean += cleaned.parts.len() as u64;
                    for part in &cleaned.parts {
                        kept += part.kept as u64;
                        dropped += part.dropped as u64;
                        for calendar in &part.calendars {
                            *calendars.entry(calendar).or_default() += 1;
                        }
                    }
                }
                ArticleOutcome::Refused(reject) => self.record_refusal(article, reject, dead_letter_limit),
            }
        }
        self.record_waits(&batch.articles);
        for (calendar, count) in calendars {
            events::dates_found(calendar, count);
        }
        let event = events::BatchCommitted {
            lane: self.lane,
            records_in: batch.articles.len() as u64,
            records_out: clean,
            bytes_in: batch.bytes as u64,
            bytes_out: published.bytes_out,
            kept,
            dropped,
            gather: work.gather,
            process: work.process,
            publish,
            commit: published.commit,
        };
        event.emit();
        let (records, bytes, commit) = (event.records_in, event.bytes_in, published.commit);
        self.config.health.committed(CommittedBatch { records, bytes, process: work.process, publish, commit });
    }

    fn record_refusal(&self, article: &Article<'_>, reject: &Reject, dead_letter_limit: usize) {
        let (partition, offset, code) = (article.partition(), article.coordinates.offset, reject.code());
        let cut = article.size.value > dead_letter_limit;
        self.config.health.refused(partition.number, offset, code);
        let (topic, partition) = (partition.topic.as_str(), partition.number);
        events::refused(&Refused { topic, partition, offset, code, cut }, &reject.message());
    }

    /// How long articles have waited since their timestamps.
    fn record_waits(&self, articles: &[Article<'_>]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        for timestamp in articles.iter().filter_map(Article::timestamp) {
            let waited = (now - timestamp as f64 / 1000.0).max(0.0);
            self.end_to_end.record(waited);
            self.config.health.record_latency(waited);
        }
    }
}
