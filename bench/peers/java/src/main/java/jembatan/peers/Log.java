package jembatan.peers;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The topics, and how every peer reads and writes them: what is tuned alike is tuned here. */
final class Log {
  static final String INTENTS = "jembatan.intents.v1";
  static final String OUTCOMES = "jembatan.outcomes.v1";
  static final String DEAD_LETTERS = "jembatan.deadletters.v1";
  static final String GROUP = "jembatan-bridge";
  static final int PARTITIONS = 6;
  /** As Jembatan's: what a killed member's partitions wait for. */
  static final int SESSION_MS = 10_000;

  private static final AtomicInteger assigned = new AtomicInteger();

  private Log() {}

  static Map<String, Object> consumer(String brokers) {
    Map<String, Object> config = new HashMap<>();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    config.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MS);
    config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return config;
  }

  static Map<String, Object> producer(String brokers) {
    Map<String, Object> config = new HashMap<>();
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.LINGER_MS_CONFIG, 1);
    config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return config;
  }

  /** One that knows the topic: its first send does not wait for metadata. */
  static KafkaProducer<String, byte[]> openProducer(String brokers, String topic) {
    KafkaProducer<String, byte[]> producer = new KafkaProducer<>(producer(brokers));
    producer.partitionsFor(topic);
    return producer;
  }

  /** The harness waits for this line. */
  static void ready() {
    System.out.println("ready");
  }

  /** To be called with what a member of the group was given: ready with the last partition. */
  static void assigned(int partitions) {
    if (partitions > 0 && assigned.addAndGet(partitions) == PARTITIONS) ready();
  }

  static void revoked(int partitions) {
    assigned.addAndGet(-partitions);
  }
}
