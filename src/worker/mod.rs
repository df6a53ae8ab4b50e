//! The stream: the only room that knows rdkafka.
