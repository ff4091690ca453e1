import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Apache Kafka's own cleaner over partition folders, without a broker: as often as it takes until nothing is dirty.
 * Arguments: segment.bytes, log.cleaner.dedupe.buffer.size, delete.retention.ms, the time to take for now, folders.
 * Prints a line for each folder: nanoseconds, bytes of log read, bytes written, passes.
 */
public class KafkaCleaner {
    private static final int IO_BUFFER_BYTES = 524_288 / 2;

    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put(LogConfig.INTERNAL_SEGMENT_BYTES_CONFIG, args[0]);
        settings.put("delete.retention.ms", args[2]);
        settings.put("cleanup.policy", "compact");
        KafkaScheduler scheduler = new KafkaScheduler(1);
        scheduler.startup();
        for (int i = 4; i < args.length; i++) {
            UnifiedLog log = open(new File(args[i]), new LogConfig(settings), scheduler);
            System.out.println(clean(log, Integer.parseInt(args[1]), Long.parseLong(args[3])));
            log.close();
        }
        scheduler.shutdown();
        // What it took out of the log waits for a broker's scheduler to be removed.
        for (int i = 4; i < args.length; i++) removeDeleted(Path.of(args[i]));
        System.exit(0);
    }

    private static UnifiedLog open(File folder, LogConfig config, KafkaScheduler scheduler) throws Exception {
        UnifiedLog log = UnifiedLog.create(folder, config, 0L, 0L, scheduler, new BrokerTopicStats(), Time.SYSTEM, 900_000,
            new ProducerStateManagerConfig(86_400_000, false), 600_000, new LogDirFailureChannel(1), true, Optional.empty());
        log.updateHighWatermark(log.logEndOffset());
        return log;
    }

    private static String clean(UnifiedLog log, int dedupeBytes, long nowMs) throws Exception {
        Throttler unthrottled = new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", Time.SYSTEM);
        Cleaner cleaner = new Cleaner(0, new SkimpyOffsetMap(dedupeBytes), IO_BUFFER_BYTES, 1_048_588, 0.9, unthrottled,
            Time.SYSTEM, partition -> { });
        long until = Math.min(log.lastStableOffset(), log.activeSegment().baseOffset());
        long startedNs = System.nanoTime();
        long read = 0;
        long written = 0;
        int passes = 0;
        for (long from = 0; from < until; passes++) {
            var result = cleaner.doClean(new LogToClean(log, from, until, false), nowMs);
            from = result.getKey();
            read += result.getValue().bytesRead();
            written += result.getValue().bytesWritten();
        }
        return (System.nanoTime() - startedNs) + " " + read + " " + written + " " + passes;
    }

    private static void removeDeleted(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) if (file.toString().endsWith(".deleted")) Files.delete(file);
        }
    }
}
