// Writes the fixtures of this folder with Kafka's own code, and reads what this
// package wrote. It needs the jars of kafka-clients 3.9 and its dependencies:
//
//   java -cp 'JARS/*' Fixtures.java write DIR     NAME.bin and, as Java reads it back, NAME.txt
//   java -cp 'JARS/*' Fixtures.java read FILE...  prints the records, or fails
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.*;

public class Fixtures {
    static final Header[] NONE = new Header[0];

    public static void main(String[] args) throws Exception {
        if (args[0].equals("read")) {
            for (String file : Arrays.asList(args).subList(1, args.length))
                System.out.print(read(Files.readAllBytes(Path.of(file))));
            return;
        }
        for (byte magic = 0; magic <= 2; magic++)
            for (CompressionType type : CompressionType.values())
                if (magic == 2 || type != CompressionType.ZSTD)
                    for (TimestampType stamp : List.of(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME))
                        if (magic > 0 || stamp == TimestampType.CREATE_TIME)
                            save(args[1], "magic" + magic + "-" + type.name + (stamp == TimestampType.LOG_APPEND_TIME ? "-append" : ""),
                                write(magic, type, stamp));
        save(args[1], "transactions", transactions());
    }

    static byte[] write(byte magic, CompressionType type, TimestampType stamp) {
        ByteBuffer out = ByteBuffer.allocate(1 << 20);
        for (long base : new long[] {100, 110}) {
            MemoryRecordsBuilder b = MemoryRecords.builder(ByteBuffer.allocate(1 << 19), magic, Compression.of(type).build(), stamp, base, 1700000009999L,
                RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH, RecordBatch.NO_SEQUENCE, false, magic == 2 ? 7 : -1);
            Header[] headers = magic < 2 ? NONE : new Header[] {
                new RecordHeader("h", "1".getBytes()), new RecordHeader("h", null), new RecordHeader("", new byte[0])};
            b.appendWithOffset(base, 1700000000000L, null, "this is message0".getBytes(), NONE);
            b.appendWithOffset(base + 1, 1700000000500L, new byte[0], new byte[0], headers);
            b.appendWithOffset(base + 4, 1699999999000L, "key".getBytes(), null, NONE);
            b.appendWithOffset(base + 6, 1700000000001L, "k".getBytes(), "a longer value, ".repeat(60).getBytes(), headers);
            out.put(b.build().buffer());
        }
        return taken(out);
    }

    static byte[] transactions() {
        ByteBuffer out = ByteBuffer.allocate(1 << 16);
        for (long pid : new long[] {1, 2})
            out.put(MemoryRecords.withTransactionalRecords(pid * 10, Compression.NONE, pid, (short) 0, 0, 3,
                new SimpleRecord(1700000000000L, "k".getBytes(), ("of " + pid).getBytes())).buffer());
        out.put(MemoryRecords.withEndTransactionMarker(21, 1700000000001L, 3, 1, (short) 0,
            new EndTransactionMarker(ControlRecordType.ABORT, 0)).buffer());
        out.put(MemoryRecords.withEndTransactionMarker(22, 1700000000001L, 3, 2, (short) 0,
            new EndTransactionMarker(ControlRecordType.COMMIT, 0)).buffer());
        return taken(out);
    }

    static byte[] taken(ByteBuffer b) {
        return Arrays.copyOf(b.array(), b.position());
    }

    static void save(String dir, String name, byte[] bytes) throws Exception {
        Files.write(Path.of(dir, name + ".bin"), bytes);
        Files.writeString(Path.of(dir, name + ".txt"), read(bytes));
    }

    static String read(byte[] bytes) {
        StringBuilder s = new StringBuilder();
        for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
            batch.ensureValid();
            for (org.apache.kafka.common.record.Record r : batch) {
                r.ensureValid();
                if (batch.isControlBatch()) {
                    s.append("control ").append(r.offset()).append(' ').append(ControlRecordType.parse(r.key())).append('\n');
                    continue;
                }
                s.append(r.offset()).append(' ').append(r.timestamp()).append(' ').append(batch.timestampType())
                    .append(' ').append(hex(r.key())).append(' ').append(hex(r.value()));
                for (Header h : r.headers())
                    s.append(' ').append(h.key()).append('=').append(hex(h.value() == null ? null : ByteBuffer.wrap(h.value())));
                s.append('\n');
            }
        }
        return s.toString();
    }

    static String hex(ByteBuffer b) {
        if (b == null) return "null";
        byte[] x = new byte[b.remaining()];
        b.duplicate().get(x);
        return "'" + HexFormat.of().formatHex(x);
    }
}
