// java -cp 'kafka-clients.jar:…' Consume.java BROKERS TOPIC GROUP        (org.apache.kafka:kafka-clients, Jackson)
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.*;

class Consume {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "group.id", arguments[2],
            "auto.offset.reset", "earliest", "isolation.level", "read_committed");
        var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(arguments[1]));
        while (true) for (var message : consumer.poll(Duration.ofSeconds(1))) {
            var record = new ObjectMapper().readTree(message.value());
            System.out.println(record.path("datePublished").asText(null) + " " + record.path("headline").asText(null));
        }
    }
}
