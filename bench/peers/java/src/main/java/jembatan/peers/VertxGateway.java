package jembatan.peers;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * A gateway as a good team writes it in two days: one event loop a core, one shared idempotent
 * producer, 202 at the delivery report, 400 for what is no intent.
 */
public final class VertxGateway extends AbstractVerticle {
  private static final int LOOPS = 2;

  private final KafkaProducer<String, byte[]> producer;
  private final int port;

  private VertxGateway(KafkaProducer<String, byte[]> producer, int port) {
    this.producer = producer;
    this.port = port;
  }

  public static void main(String[] arguments) {
    Flags flags = new Flags(arguments);
    var producer = Log.openProducer(flags.get("brokers"), Log.INTENTS);
    int port = flags.number("port");
    Vertx.vertx()
        .deployVerticle(
            () -> new VertxGateway(producer, port), new DeploymentOptions().setInstances(LOOPS))
        .onSuccess(id -> Log.ready())
        .onFailure(
            error -> {
              System.err.println("vertx: " + error);
              System.exit(1);
            });
  }

  @Override
  public void start(Promise<Void> started) {
    vertx
        .createHttpServer()
        .requestHandler(request -> request.bodyHandler(body -> take(request, body)))
        .listen(port, "127.0.0.1")
        .<Void>mapEmpty()
        .onComplete(started);
  }

  private void take(HttpServerRequest request, Buffer body) {
    Tap tap;
    try {
      tap = decode(body, request.getHeader("Authorization"));
    } catch (RuntimeException error) {
      request.response().setStatusCode(400).end();
      return;
    }
    byte[] value = tap.intent("vertx").toByteArray();
    Context context = vertx.getOrCreateContext();
    producer.send(
        new ProducerRecord<>(Log.INTENTS, tap.offer(), value),
        (place, error) -> context.runOnContext(nothing -> answer(request, place, error)));
  }

  private static Tap decode(Buffer body, String authorization) {
    JsonObject intent = new JsonObject(body).getJsonObject("intent");
    String id = UUID.fromString(intent.getString("intentId")).toString();
    String offer = intent.getString("offerId");
    if (offer.isEmpty() || authorization == null) throw new IllegalArgumentException("incomplete");
    return new Tap(id, authorization, offer);
  }

  private static void answer(HttpServerRequest request, RecordMetadata place, Exception error) {
    if (error != null) {
      request.response().setStatusCode(503).end();
      return;
    }
    JsonObject told = new JsonObject().put("partition", place.partition());
    request.response().setStatusCode(202).end(told.put("offset", place.offset()).toBuffer());
  }
}
