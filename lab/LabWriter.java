import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Random messages by the official producer, for the differential test: with every codec, in large
 * batches and small ones, alone and in transactions, of which some are aborted. Run by:
 * kafka-lab tool lab/LabWriter.java BROKERS SEED COUNT TOPIC...
 * A topic with "compacted" in its name gets a hundred different keys, and none that is null.
 */
public class LabWriter {
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    private static final String[] HEADERS = {"trace", "trace", "a", "", "見出し"};
    private static final String[] TEXTS = {"{\"id\":1,\"total\":17.50}", "plain text", "안녕하세요 👋", " ", "\n"};

    private final Random random;
    private final long now = System.currentTimeMillis();

    private LabWriter(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        LabWriter writer = new LabWriter(Long.parseLong(args[1]));
        for (String topic : Arrays.copyOfRange(args, 3, args.length)) {
            for (String codec : CODECS) {
                writer.write(args[0], topic, codec, Integer.parseInt(args[2]), false);
                writer.write(args[0], topic, codec, Integer.parseInt(args[2]), true);
            }
        }
    }

    private void write(String brokers, String topic, String codec, int count, boolean transactions) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", brokers);
        config.put("key.serializer", ByteArraySerializer.class.getName());
        config.put("value.serializer", ByteArraySerializer.class.getName());
        config.put("compression.type", codec);
        config.put("linger.ms", "5");
        config.put("batch.size", random.nextBoolean() ? "200" : "100000");
        if (transactions) {
            config.put("transactional.id", topic + "-" + codec);
        }
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
            int partitions = producer.partitionsFor(topic).size();
            if (transactions) {
                producer.initTransactions();
            }
            for (int sent = 0; sent < count; ) {
                if (transactions) {
                    producer.beginTransaction();
                }
                Future<RecordMetadata> last = null;
                for (int n = 1 + random.nextInt(20); n > 0; n--, sent++) {
                    last = producer.send(message(topic, random.nextInt(partitions)));
                }
                if (!transactions) {
                    continue;
                }
                last.get();
                if (random.nextInt(3) == 0) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
    }

    private ProducerRecord<byte[], byte[]> message(String topic, int partition) {
        byte[] key = topic.contains("compacted")
            ? ("k" + random.nextInt(100)).getBytes(StandardCharsets.UTF_8) : bytes(64);
        Long time = random.nextInt(4) == 0 ? null : Long.valueOf(random.nextInt(10) == 0 ? 0 : now - random.nextInt(86_400_000));
        var record = new ProducerRecord<>(topic, partition, time, key, bytes(random.nextInt(20) == 0 ? 20_000 : 300));
        for (int n = Math.max(0, random.nextInt(8) - 3); n > 0; n--) {
            record.headers().add(HEADERS[random.nextInt(HEADERS.length)], bytes(20));
        }
        return record;
    }

    /** Null, empty, text, bytes that compress well, or bytes that do not. */
    private byte[] bytes(int atMost) {
        switch (random.nextInt(6)) {
            case 0:
                return null;
            case 1:
                return new byte[0];
            case 2:
            case 3:
                return TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8);
            case 4:
                return "compressible ".repeat(1 + atMost / 13).getBytes(StandardCharsets.UTF_8);
            default:
                byte[] noise = new byte[random.nextInt(atMost)];
                random.nextBytes(noise);
                return noise;
        }
    }
}
