package jembatan.peers;

import io.grpc.BindableService;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import jembatan.orders.v1.OrderServiceGrpc;
import jembatan.orders.v1.OrderServiceGrpc.OrderServiceStub;
import jembatan.orders.v1.Orders.FenceRequest;
import jembatan.orders.v1.Orders.FenceResponse;
import jembatan.orders.v1.Orders.GetOrdersRequest;
import jembatan.orders.v1.Orders.GetOrdersResponse;
import jembatan.orders.v1.Orders.Order;
import jembatan.orders.v1.Orders.OrderResult;
import jembatan.orders.v1.Orders.PlaceOrderRequest;
import jembatan.orders.v1.Orders.PlaceOrderResponse;
import jembatan.orders.v1.Orders.PlaceOrdersRequest;
import jembatan.orders.v1.Orders.PlaceOrdersResponse;
import jembatan.orders.v1.Orders.WatchOffersRequest;
import jembatan.orders.v1.Orders.WatchOffersResponse;

/**
 * The hop between a bridge half and the marketplace: writes down every order that passes, and may
 * hold back the answers about one offer. Everything else passes as it is.
 */
public final class OrdersHop extends OrderServiceGrpc.OrderServiceImplBase
    implements BindableService {
  private final OrderServiceStub marketplace;
  private final String slowOffer;
  private final int slowMs;
  private final Writer passed;
  private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();

  private OrdersHop(Flags flags) throws IOException {
    marketplace =
        OrderServiceGrpc.newStub(
            ManagedChannelBuilder.forTarget(flags.get("marketplace")).usePlaintext().build());
    slowOffer = flags.get("slow_offer", "");
    slowMs = flags.number("slow_ms");
    passed = new FileWriter(flags.get("passed"), true);
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Flags flags = new Flags(arguments);
    var server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", flags.number("port")))
            .addService(new OrdersHop(flags))
            .build()
            .start();
    Log.ready();
    server.awaitTermination();
  }

  private synchronized void note(Order order) {
    try {
      passed.write(
          "{\"t\":%d,\"id\":\"%s\"}\n".formatted(System.currentTimeMillis(), order.getIntentId()));
      passed.flush();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private void delay(Runnable action) {
    later.schedule(action, slowMs, TimeUnit.MILLISECONDS);
  }

  private boolean isSlow(String offer) {
    return offer.equals(slowOffer);
  }

  // --- What passes as it is -----------------------------------------------------------------------

  @Override
  public void fence(FenceRequest request, StreamObserver<FenceResponse> answer) {
    marketplace.fence(request, answer);
  }

  @Override
  public void getOrders(GetOrdersRequest request, StreamObserver<GetOrdersResponse> answer) {
    marketplace.getOrders(request, answer);
  }

  @Override
  public void watchOffers(WatchOffersRequest request, StreamObserver<WatchOffersResponse> answer) {
    marketplace.watchOffers(request, answer);
  }

  // --- Orders -------------------------------------------------------------------------------------

  @Override
  public void placeOrder(PlaceOrderRequest request, StreamObserver<PlaceOrderResponse> answer) {
    note(request.getOrder());
    boolean slow = isSlow(request.getOrder().getOfferId());
    marketplace.placeOrder(request, slow ? new Late<>(answer) : answer);
  }

  @Override
  public StreamObserver<PlaceOrdersRequest> placeOrders(
      StreamObserver<PlaceOrdersResponse> answer) {
    Batches batches = new Batches(answer);
    StreamObserver<PlaceOrdersRequest> onwards = marketplace.placeOrders(batches);
    return new StreamObserver<>() {
      @Override
      public void onNext(PlaceOrdersRequest batch) {
        batch.getOrdersList().forEach(OrdersHop.this::note);
        batches.sent(batch);
        onwards.onNext(batch);
      }

      @Override
      public void onError(Throwable error) {
        onwards.onError(error);
      }

      @Override
      public void onCompleted() {
        onwards.onCompleted();
      }
    };
  }

  /** Gives an answer on when its time has come. */
  private final class Late<T> implements StreamObserver<T> {
    private final StreamObserver<T> answer;

    Late(StreamObserver<T> answer) {
      this.answer = answer;
    }

    @Override
    public void onNext(T value) {
      delay(() -> answer.onNext(value));
    }

    @Override
    public void onError(Throwable error) {
      delay(() -> answer.onError(error));
    }

    @Override
    public void onCompleted() {
      delay(answer::onCompleted);
    }
  }

  /** One stream's answers, taken apart: a batch may be answered in parts. */
  private final class Batches implements StreamObserver<PlaceOrdersResponse> {
    private final StreamObserver<PlaceOrdersResponse> answer;
    /** The batches that have results to come. */
    private final Map<Long, PlaceOrdersRequest> waiting = new HashMap<>();
    private final Map<Long, Integer> missing = new HashMap<>();
    private boolean over;

    Batches(StreamObserver<PlaceOrdersResponse> answer) {
      this.answer = answer;
    }

    synchronized void sent(PlaceOrdersRequest batch) {
      if (slowOffer.isEmpty()) return;
      waiting.put(batch.getBatchId(), batch);
      missing.put(batch.getBatchId(), batch.getOrdersCount());
    }

    @Override
    public synchronized void onNext(PlaceOrdersResponse response) {
      PlaceOrdersRequest batch = waiting.get(response.getBatchId());
      var now = response.toBuilder().clearResults();
      var late = PlaceOrdersResponse.newBuilder().setBatchId(response.getBatchId());
      for (OrderResult result : response.getResultsList()) {
        boolean slow =
            batch != null && isSlow(batch.getOrders(result.getIndex()).getOfferId());
        (slow ? late : now).addResults(result);
      }
      forget(response);
      if (now.getResultsCount() > 0 || now.getStale()) tell(now.build());
      if (late.getResultsCount() > 0) delay(() -> tell(late.build()));
    }

    private void forget(PlaceOrdersResponse response) {
      long id = response.getBatchId();
      int left = missing.getOrDefault(id, 0) - response.getResultsCount();
      missing.put(id, left);
      if (left > 0 && !response.getStale()) return;
      waiting.remove(id);
      missing.remove(id);
    }

    private synchronized void tell(PlaceOrdersResponse response) {
      if (!over) answer.onNext(response);
    }

    @Override
    public synchronized void onError(Throwable error) {
      if (!over) answer.onError(error);
      over = true;
    }

    @Override
    public void onCompleted() {
      delay(this::complete);
    }

    private synchronized void complete() {
      if (!over) answer.onCompleted();
      over = true;
    }
  }
}
