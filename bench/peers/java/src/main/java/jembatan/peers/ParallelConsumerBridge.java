package jembatan.peers;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Confluent Parallel Consumer: order per key, 64 records at a time, everything else its default. */
public final class ParallelConsumerBridge {
  private static final int CONCURRENCY = 64;

  private ParallelConsumerBridge() {}

  public static void main(String[] arguments) {
    Flags flags = new Flags(arguments);
    Clerk clerk = new Clerk(flags, "parallel-consumer");
    ParallelConsumerOptions<String, byte[]> options =
        ParallelConsumerOptions.<String, byte[]>builder()
            .ordering(ProcessingOrder.KEY)
            .maxConcurrency(CONCURRENCY)
            .consumer(new KafkaConsumer<>(Log.consumer(flags.get("brokers"))))
            .build();
    ParallelStreamProcessor<String, byte[]> processor =
        ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(Log.INTENTS), new Told());
    processor.poll(
        context -> {
          ConsumerRecord<String, byte[]> record = context.getSingleConsumerRecord();
          clerk.serve(record.partition(), record.offset(), record.value());
        });
  }

  private static final class Told implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      Log.assigned(partitions.size());
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      Log.revoked(partitions.size());
    }
  }
}
