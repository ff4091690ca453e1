import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.MessageFormatter;
import org.apache.kafka.common.header.Header;

/**
 * For the console consumer: a line {@code topic partition offset timestamp key value name=value,...} per record, with bytes as
 * base64 and null as {@code -}, so that a test can tell null from empty.
 */
public final class RecordFormatter implements MessageFormatter {
  @Override
  public void writeTo(ConsumerRecord<byte[], byte[]> record, PrintStream output) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) headers.add(encode(header.key().getBytes()) + ":" + encode(header.value()));
    String[] words = {
      record.topic(),
      String.valueOf(record.partition()),
      String.valueOf(record.offset()),
      String.valueOf(record.timestamp()),
      encode(record.key()),
      encode(record.value()),
      String.join(",", headers)
    };
    output.println(String.join(" ", words));
  }

  private static String encode(byte[] bytes) {
    return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes);
  }
}
