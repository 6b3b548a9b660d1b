package jembatan.peers;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;
import jembatan.crossing.v1.Crossing.Outcome;
import jembatan.crossing.v1.Crossing.OutcomeRecord;
import jembatan.crossing.v1.Crossing.PurchaseIntent;
import jembatan.orders.v1.OrderServiceGrpc;
import jembatan.orders.v1.OrderServiceGrpc.OrderServiceBlockingStub;
import jembatan.orders.v1.Orders.Fencing;
import jembatan.orders.v1.Orders.Money;
import jembatan.orders.v1.Orders.Order;
import jembatan.orders.v1.Orders.OrderResult;
import jembatan.orders.v1.Orders.PlaceOrderRequest;
import jembatan.orders.v1.Orders.PlaceOrderResponse;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What every bridge half does with one record, whoever brings it: places the order under the
 * intent's own id and writes the outcome beside the intent. Returns when Kafka has acknowledged the
 * outcome; throws when anything of that did not come about, and leaves it to the peer what follows.
 * Thread-safe.
 */
final class Clerk {
  /** The value is no intent: trying again cannot help. */
  static final class Undecodable extends RuntimeException {
    Undecodable(Throwable cause) {
      super(cause);
    }
  }

  /** As Jembatan's: a call unanswered for this long is given up. */
  private static final int CALL_MS = 10_000;

  private final OrderServiceBlockingStub orders;
  private final KafkaProducer<String, byte[]> producer;
  private final String instance;

  Clerk(Flags flags, String instance) {
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(flags.get("orders_target")).usePlaintext().build();
    orders = OrderServiceGrpc.newBlockingStub(channel);
    producer = Log.openProducer(flags.get("brokers"), Log.OUTCOMES);
    this.instance = instance;
  }

  void serve(int partition, long offset, byte[] value) {
    PurchaseIntent intent = decode(value);
    PlaceOrderResponse response =
        orders
            .withDeadlineAfter(CALL_MS, TimeUnit.MILLISECONDS)
            .placeOrder(request(partition, intent));
    OrderResult result = response.getResult();
    if (response.getStale() || result.getState() == OrderResult.State.STATE_RETRY) {
      throw new IllegalStateException("not decided");
    }
    tell(partition, outcome(intent, offset, result));
  }

  private static PurchaseIntent decode(byte[] value) {
    try {
      return PurchaseIntent.parseFrom(value);
    } catch (InvalidProtocolBufferException error) {
      throw new Undecodable(error);
    }
  }

  private static PlaceOrderRequest request(int partition, PurchaseIntent intent) {
    Money price =
        Money.newBuilder()
            .setCurrency(intent.getPriceSeen().getCurrency())
            .setAmountMinor(intent.getPriceSeen().getAmountMinor())
            .build();
    Order order =
        Order.newBuilder()
            .setIntentId(intent.getIntentId())
            .setBuyerRef(intent.getBuyerRef())
            .setOfferId(intent.getOfferId())
            .setQuantity(intent.getQuantity())
            .setPriceSeen(price)
            .setFingerprint(intent.getFingerprint())
            .setDeadline(intent.getDeadline())
            .build();
    // Without Jembatan's claims there is one token for ever.
    Fencing fencing =
        Fencing.newBuilder().setTopicVersion(Log.INTENTS).setPartition(partition).build();
    return PlaceOrderRequest.newBuilder().setFencing(fencing).setOrder(order).build();
  }

  /** The states have the same numbers on both sides of the border. */
  private static Outcome outcome(PurchaseIntent intent, long offset, OrderResult result) {
    return Outcome.newBuilder()
        .setIntentId(intent.getIntentId())
        .setBuyerRef(intent.getBuyerRef())
        .setOfferId(intent.getOfferId())
        .setStateValue(result.getStateValue())
        .setReasonValue(result.getReasonValue())
        .setOrderId(result.getOrderId())
        .setContinueUrl(result.getContinueUrl())
        .setFingerprint(intent.getFingerprint())
        .setIntentOffset(offset)
        .build();
  }

  private void tell(int partition, Outcome outcome) {
    byte[] record =
        OutcomeRecord.newBuilder()
            .setMarketplaceId(Tap.MARKETPLACE)
            .setWrittenBy(instance)
            .setOutcome(outcome)
            .build()
            .toByteArray();
    try {
      producer
          .send(new ProducerRecord<>(Log.OUTCOMES, partition, outcome.getOfferId(), record))
          .get();
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(error);
    } catch (java.util.concurrent.ExecutionException error) {
      throw new IllegalStateException(error.getCause());
    }
  }
}
