package kafka.interop;

import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartitionReplica;

/**
 * Apache Kafka's Admin on replicas and their log directories, for which no command-line tool does only that: {@code BOOTSTRAP move
 * TOPIC PARTITION PATH} prints how it went, {@code BOOTSTRAP where TOPIC PARTITION...} where replicas of broker 1 lie, and go.
 */
public final class ReplicaDirs {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    try (Admin admin = Admin.create(properties)) {
      Map<TopicPartitionReplica, String> wanted = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
      boolean moves = args[1].equals("move");
      for (int i = 2; i < args.length; i += moves ? 3 : 2) {
        wanted.put(new TopicPartitionReplica(args[i], Integer.parseInt(args[i + 1]), 1), moves ? args[i + 2] : "");
      }
      Map<TopicPartitionReplica, ? extends KafkaFuture<?>> answers =
          moves
              ? admin.alterReplicaLogDirs(wanted).values()
              : admin.describeReplicaLogDirs(wanted.keySet()).values();
      for (TopicPartitionReplica replica : wanted.keySet()) {
        System.out.println(replica.topic() + "-" + replica.partition() + " " + outcome(answers.get(replica)));
      }
    }
  }

  private static String outcome(KafkaFuture<?> answer) throws InterruptedException {
    try {
      Object value = answer.get();
      return value == null ? "moves" : value.toString();
    } catch (ExecutionException e) {
      return e.getCause().getClass().getSimpleName();
    }
  }
}
