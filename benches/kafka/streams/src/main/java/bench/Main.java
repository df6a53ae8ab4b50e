package bench;

import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** The Kafka Streams application: input topic, clean, output topic, exactly_once_v2. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length != 7) {
      System.err.println("Main BROKERS INPUT OUTPUT APPLICATION THREADS STATE-FOLDER tuned|defaults");
      System.exit(64);
    }
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments[4]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[5]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    if (arguments[6].equals("tuned")) {
      tune(settings);
    }

    ThreadLocal<Desk> desk = ThreadLocal.withInitial(Desk::new);
    StreamsBuilder builder = new StreamsBuilder();
    // A record keeps its partition, so that the order of a partition stays: article N is in partition N mod partitions.
    StreamPartitioner<byte[], byte[]> same =
        (topic, key, value, partitions) -> Optional.of(Set.of(number(key) % partitions));
    builder.stream(arguments[1], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .mapValues(value -> desk.get().clean(value))
        .to(arguments[2], Produced.with(Serdes.ByteArray(), Serdes.ByteArray(), same));

    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    CountDownLatch ended = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return null;
        });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      streams.close();
      ended.countDown();
    }));
    streams.start();
    ended.await();
  }

  /** What is advised for throughput; each was seen to help, or not to harm. */
  private static void tune(Properties settings) {
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 2000);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 1);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 2000);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 512 << 10);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64 << 20);
  }

  private static int number(byte[] key) {
    int number = 0;
    for (byte letter : key) {
      number = letter >= '0' && letter <= '9' ? number * 10 + letter - '0' : 0;
    }
    return number;
  }
}
