package jembatan.peers;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Viewers who tap at a steady rate, by HTTP at a gateway or, for a bridge half alone, straight into
 * the log. Offers' popularity follows Zipf. What was sent and told is written as jembatan-load
 * writes it. Ends when everything was answered or patience is over.
 */
public final class Taps {
  private static final int VIEWERS = 60;
  /** A viewer's patience with a silent gateway, and the rest before the same tap is sent again. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);
  private static final int REST_MS = 500;
  private static final int LAST_WAIT_S = 60;

  /** Sends a tap once; calls back on any thread. */
  private interface Way {
    void send(Tap tap);
  }

  private final PrintWriter history;
  private final AtomicInteger unanswered = new AtomicInteger();
  private final long endNs;

  private Taps(Flags flags) throws IOException {
    history = new PrintWriter(flags.get("history"), StandardCharsets.UTF_8);
    long lastsS = flags.number("taps") / flags.number("rate") + LAST_WAIT_S;
    endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(lastsS);
  }

  public static void main(String[] arguments) throws Exception {
    Flags flags = new Flags(arguments);
    Taps taps = new Taps(flags);
    String url = flags.get("url", "");
    Way way = url.isEmpty() ? taps.new IntoLog(flags.get("brokers")) : taps.new ByHttp(url);
    taps.run(flags, way);
    System.exit(0);
  }

  private void run(Flags flags, Way way) throws InterruptedException {
    String[] offers = flags.get("offers").split(",");
    double exponent = Double.parseDouble(flags.get("zipf"));
    Random chance = new Random(flags.number("seed"));
    long began = System.nanoTime();
    for (int i = 0; i < flags.number("taps"); i++) {
      long due = began + i * 1_000_000_000L / flags.number("rate");
      TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
      String viewer = "viewer-" + chance.nextInt(VIEWERS);
      unanswered.incrementAndGet();
      invoke(way, new Tap(Tap.newId(), viewer, offers[zipf(chance, offers.length, exponent)]));
    }
    while (unanswered.get() > 0 && System.nanoTime() < endNs) Thread.sleep(100);
    synchronized (history) {
      history.close();
    }
    System.out.println("taps: unanswered=" + unanswered.get());
  }

  private static int zipf(Random chance, int count, double exponent) {
    double sum = 0;
    for (int rank = 1; rank <= count; rank++) sum += Math.pow(rank, -exponent);
    double at = chance.nextDouble() * sum;
    int rank = 1;
    while (rank < count && (at -= Math.pow(rank, -exponent)) > 0) rank++;
    return rank - 1;
  }

  private void invoke(Way way, Tap tap) {
    note("invoke", tap, ",\"offer\":\"" + tap.offer() + "\"");
    way.send(tap);
  }

  private void note(String event, Tap tap, String more) {
    long now = System.currentTimeMillis();
    synchronized (history) {
      history.printf("{\"t\":%d,\"e\":\"%s\",\"id\":\"%s\"%s}%n", now, event, tap.id(), more);
    }
  }

  private void accepted(Tap tap, long partition, long offset) {
    note("accepted", tap, ",\"partition\":" + partition + ",\"offset\":" + offset);
    unanswered.decrementAndGet();
  }

  private final class IntoLog implements Way {
    private final KafkaProducer<String, byte[]> producer;

    IntoLog(String brokers) {
      producer = Log.openProducer(brokers, Log.INTENTS);
    }

    @Override
    public void send(Tap tap) {
      byte[] value = tap.intent("taps").toByteArray();
      producer.send(
          new ProducerRecord<>(Log.INTENTS, tap.offer(), value),
          (place, error) -> {
            // Without an answer it may be in the log: nothing is told.
            if (error == null) accepted(tap, place.partition(), place.offset());
          });
    }
  }

  private final class ByHttp implements Way {
    private final HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
    private final URI gateway;

    ByHttp(String url) {
      gateway = URI.create(url);
    }

    @Override
    public void send(Tap tap) {
      HttpRequest request =
          HttpRequest.newBuilder(gateway)
              .timeout(PATIENCE)
              .header("Authorization", tap.viewer())
              .POST(HttpRequest.BodyPublishers.ofString(body(tap)))
              .build();
      client
          .sendAsync(request, HttpResponse.BodyHandlers.ofString())
          .whenComplete((response, error) -> hear(tap, response));
    }

    private String body(Tap tap) {
      JsonObject price =
          new JsonObject().put("currency", "IDR").put("amountMinor", Tap.PRICE_MINOR);
      JsonObject intent =
          new JsonObject()
              .put("intentId", tap.id())
              .put("offerId", tap.offer())
              .put("quantity", 1)
              .put("priceSeen", price);
      return new JsonObject().put("intent", intent).encode();
    }

    private void hear(Tap tap, HttpResponse<String> response) {
      if (response != null && response.statusCode() == 202) {
        JsonObject place = new JsonObject(response.body());
        accepted(tap, place.getLong("partition"), place.getLong("offset"));
      } else if (response != null && response.statusCode() == 400) {
        note("refused", tap, "");
        unanswered.decrementAndGet();
      } else if (System.nanoTime() < endNs) {
        // The same tap again, under the same id.
        CompletableFuture.delayedExecutor(REST_MS, TimeUnit.MILLISECONDS)
            .execute(() -> invoke(this, tap));
      }
    }
  }
}
