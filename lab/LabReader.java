import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What the official consumer finds in topics, from their beginning to their end as it is now, for
 * the differential test. Run by: kafka-lab tool lab/LabReader.java BROKERS ISOLATION TOPIC...
 * Prints one JSON object a line; keys, values and the names of headers are in base64, or null.
 */
public class LabReader {
    public static void main(String[] args) {
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("isolation.level", args[1]);
        config.put("key.deserializer", ByteArrayDeserializer.class.getName());
        config.put("value.deserializer", ByteArrayDeserializer.class.getName());
        config.put("enable.auto.commit", "false");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config);
                PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16))) {
            List<TopicPartition> all = new ArrayList<>();
            for (int i = 2; i < args.length; i++) {
                String topic = args[i];
                consumer.partitionsFor(topic).forEach(p -> all.add(new TopicPartition(topic, p.partition())));
            }
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            consumer.assign(all);
            consumer.seekToBeginning(all);
            StringBuilder line = new StringBuilder();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
                        out.println(json(line, record));
                    }
                }
            }
        }
    }

    private static StringBuilder json(StringBuilder line, ConsumerRecord<byte[], byte[]> record) {
        line.setLength(0);
        line.append("{\"topic\":\"").append(record.topic())
            .append("\",\"partition\":").append(record.partition())
            .append(",\"offset\":").append(record.offset())
            .append(",\"timestamp\":").append(record.timestamp())
            .append(",\"timestampType\":\"").append(record.timestampType())
            .append("\",\"keyBase64\":");
        base64(line, record.key()).append(",\"valueBase64\":");
        base64(line, record.value()).append(",\"headers\":[");
        boolean more = false;
        for (Header header : record.headers()) {
            line.append(more ? ",{\"keyBase64\":" : "{\"keyBase64\":");
            base64(line, header.key().getBytes(java.nio.charset.StandardCharsets.UTF_8)).append(",\"valueBase64\":");
            base64(line, header.value()).append('}');
            more = true;
        }
        return line.append("]}");
    }

    private static StringBuilder base64(StringBuilder line, byte[] bytes) {
        return bytes == null ? line.append("null")
            : line.append('"').append(Base64.getEncoder().encodeToString(bytes)).append('"');
    }
}
