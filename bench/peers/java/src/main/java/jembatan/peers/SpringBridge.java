package jembatan.peers;

import java.util.Collection;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

/**
 * Spring Kafka: one consumer a partition. By itself with the container's defaults; with {@code
 * --careful=yes} as somebody sets it up who wants to lose nothing.
 */
public final class SpringBridge {
  private static final long RETRY_MS = 500;

  private SpringBridge() {}

  public static void main(String[] arguments) {
    Flags flags = new Flags(arguments);
    boolean careful = flags.get("careful", "no").equals("yes");
    Clerk clerk = new Clerk(flags, "spring");
    ContainerProperties properties = new ContainerProperties(Log.INTENTS);
    properties.setConsumerRebalanceListener(new Told());
    properties.setMessageListener(
        (MessageListener<String, byte[]>)
            record -> clerk.serve(record.partition(), record.offset(), record.value()));
    Map<String, Object> config = Log.consumer(flags.get("brokers"));
    if (careful) beCareful(config, properties);
    var container =
        new ConcurrentMessageListenerContainer<String, byte[]>(
            new DefaultKafkaConsumerFactory<>(config), properties);
    container.setConcurrency(Log.PARTITIONS);
    if (careful) container.setCommonErrorHandler(tireless(flags));
    container.start();
  }

  /** Each record is committed by itself, and a killed member finds its place at once. */
  private static void beCareful(Map<String, Object> config, ContainerProperties properties) {
    config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "spring");
    properties.setAckMode(AckMode.RECORD);
    properties.setSyncCommits(true);
  }

  /** Tries for ever; only what cannot be decoded goes to the dead letters. */
  private static DefaultErrorHandler tireless(Flags flags) {
    var template =
        new KafkaTemplate<>(
            new DefaultKafkaProducerFactory<String, byte[]>(Log.producer(flags.get("brokers"))));
    var recoverer =
        new DeadLetterPublishingRecoverer(
            template,
            (record, error) -> new TopicPartition(Log.DEAD_LETTERS, record.partition()));
    recoverer.setFailIfSendResultIsError(true);
    var handler =
        new DefaultErrorHandler(
            recoverer, new FixedBackOff(RETRY_MS, FixedBackOff.UNLIMITED_ATTEMPTS));
    handler.addNotRetryableExceptions(Clerk.Undecodable.class);
    return handler;
  }

  private static final class Told implements ConsumerAwareRebalanceListener {
    @Override
    public void onPartitionsAssigned(
        Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
      Log.assigned(partitions.size());
    }

    @Override
    public void onPartitionsRevokedAfterCommit(
        Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
      Log.revoked(partitions.size());
    }
  }
}
