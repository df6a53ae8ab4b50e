//! `scripts/kafka`, as both suites run it: brokers of their own, and Kafka's own tools.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::process::{Command, Output};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kafka");

/// One of Kafka's own tools, by its class.
#[derive(Debug, Clone, Copy)]
pub struct Tool(&'static str);

pub const TOPICS: Tool = Tool("org.apache.kafka.tools.TopicCommand");
pub const GROUPS: Tool = Tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand");
pub const CONFIGS: Tool = Tool("kafka.admin.ConfigCommand");
pub const ACLS: Tool = Tool("org.apache.kafka.tools.AclCommand");
pub const CONSOLE_CONSUMER: Tool = Tool("org.apache.kafka.tools.consumer.ConsoleConsumer");

/// The script, with the environment that says which cluster it is about.
#[derive(Debug, Clone, Default)]
pub struct KafkaScript {
    environment: Vec<(&'static str, String)>,
}

impl KafkaScript {
    /// A cluster by the variables of `scripts/kafka`: none stands for one that is started elsewhere.
    pub fn new(environment: impl IntoIterator<Item = (&'static str, String)>) -> KafkaScript {
        KafkaScript { environment: environment.into_iter().collect() }
    }

    /// Is it about a cluster that the script has started?
    pub fn has_own_cluster(&self) -> bool {
        !self.environment.is_empty()
    }

    /// Runs the script. The brokers that it starts end with this process.
    pub fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(SCRIPT);
        command.args(arguments).env("KAFKA_PARENT", std::process::id().to_string());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("scripts/kafka runs")
    }

    /// The same: what it printed, or what it complained of.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

impl Tool {
    /// The script's arguments that run it on a cluster.
    pub fn on<'a>(self, brokers: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["run", self.0, "--bootstrap-server", brokers], arguments].concat()
    }
}
