//! A broker inside the process: librdkafka's own mock cluster, for the demo and smoke tests.
//!
//! Its transactions are a façade (aborted records are visible, offsets sent in a transaction are not stored) and it keeps
//! little: the worker runs at-least-once on it, and **it proves nothing about exactly-once**.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::failure::KafkaTrouble;

/// The embedded broker; it is gone when this is dropped.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Broker {
    /// Starts it with `topics`, each with so many partitions.
    ///
    /// # Errors
    /// Where librdkafka can't open a port on loopback.
    pub fn start(topics: &[(&str, i32)]) -> Result<Broker, KafkaTrouble> {
        let trouble = |error| KafkaTrouble::new("starting the embedded broker", &error);
        let cluster = MockCluster::new(1).map_err(trouble)?;
        for (topic, partitions) in topics {
            cluster.create_topic(topic, *partitions, 1).map_err(trouble)?;
        }
        Ok(Broker { cluster })
    }

    /// Where it listens.
    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}
