import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One record at a time, sent with acks=all and waited for by a consumer, with the client settings of EndToEndLatency, whose
 * percentiles are whole milliseconds. Arguments: bootstrap, topic, records, record size; prints the 50th and 99th percentile in ms.
 */
public final class EndToEndPercentiles {
  public static void main(String[] args) throws Exception {
    String topic = args[1];
    int count = Integer.parseInt(args[2]);
    int warmUp = count / 5;
    byte[] value = new byte[Integer.parseInt(args[3])];
    long[] nanos = new long[count];
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(consumerConfig(args[0]));
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(producerConfig(args[0]))) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToEnd(partitions);
      for (TopicPartition partition : partitions) consumer.position(partition);
      for (int i = -warmUp; i < count; i++) {
        long start = System.nanoTime();
        producer.send(new ProducerRecord<>(topic, value)).get();
        while (consumer.poll(Duration.ofSeconds(60)).isEmpty()) continue;
        if (i >= 0) nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    System.out.printf("%.4f %.4f%n", nanos[count / 2] / 1e6, nanos[(int) (count * 0.99)] / 1e6);
  }

  private static Map<String, Object> consumerConfig(String bootstrap) {
    return Map.of(
        "bootstrap.servers", bootstrap,
        "enable.auto.commit", "false",
        "fetch.max.wait.ms", "0",
        "key.deserializer", ByteArrayDeserializer.class.getName(),
        "value.deserializer", ByteArrayDeserializer.class.getName());
  }

  private static Map<String, Object> producerConfig(String bootstrap) {
    return Map.of(
        "bootstrap.servers", bootstrap,
        "acks", "all",
        "linger.ms", "0",
        "key.serializer", ByteArraySerializer.class.getName(),
        "value.serializer", ByteArraySerializer.class.getName());
  }
}
