// jembatan-gateway: options, start, wait for a signal, drain. A bad option or file, a busy port or
// an unfit cluster ends it with one line and status 2.

#include <google/protobuf/stubs/logging.h>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "services/gateway/service.h"

namespace {

void AddOptions(jembatan::gateway::Options& o, jembatan::runtime::OptionTable& table) {
  table.Add("brokers", &o.brokers, "Kafka brokers, host:port, comma-separated");
  table.Add("kafka_config", &o.kafka_config,
            "File of further librdkafka properties, key=value a line");
  table.Add("listen", &o.listen, "Address of WebSocket (/v1/stream) and HTTP, host:port");
  table.Add("grpc_listen", &o.grpc_listen, "Address of gRPC, host:port");
  table.Add("admin_listen", &o.admin_listen, "Address of /metrics, /healthz and /readyz");
  table.AddChoice("profile", &o.profile, "How strict the cluster is looked at",
                  {"dev", "production"});
  table.Add("token_keys", &o.token_keys, "JWKS file with the app's public keys");
  table.Add("token_issuer", &o.token_issuer, "Who issued tokens (claim iss)");
  table.Add("token_audience", &o.token_audience, "For whom tokens are (claim aud)");
  table.Add("registry", &o.registry,
            "TOML file of the marketplaces; empty: one, of which the flags tell");
  table.Add("buyer_key", &o.buyer_key,
            "File with the marketplace's pseudonym keys by epoch (jembatan-ctl buyer-keys)");
  table.Add("marketplace_id", &o.marketplace_id, "The marketplace that sells");
  table.Add("instance", &o.instance, "Name of this gateway; empty: host name and port");
  table.Add("regions", &o.regions, "ISO 3166-1 codes served, comma-separated; empty: all");
  table.Add(
      "allow_origins", &o.allow_origins,
      "Web origins that may call, comma-separated, or *; empty: * in dev, none in production");
  table.Add("tls_certificate", &o.tls_certificate, "PEM certificate of the gRPC port");
  table.Add("tls_key", &o.tls_key, "PEM key of the gRPC port");
  table.Add("tls_ca", &o.tls_ca, "PEM of who signs gRPC callers; makes their certificate a duty");
  table.Add("operator_keys", &o.operator_keys,
            "JWKS file of who may sign controls; empty: none need a signature");
  table.Add("operators_needed", &o.operators_needed, "Operators who must sign a control", 1, 5);
  table.Add("goods_keys", &o.goods_keys,
            "File of the marketplaces' public keys for what they attest about goods; empty: none");
  table.AddChoice("unknown_rooms", &o.unknown_rooms,
                  "Taps in a live room that nobody has opened by RoomService", {"admit", "refuse"});
  table.Add("partitions", &o.partitions, "Partitions of the topics", 1, 1'000);
  table.Add("shards", &o.shards, "Event loops", 1, 64);
  table.Add("latency_budget_ms", &o.latency_budget_ms,
            "How long gathering may delay a receipt under load", 0, 1'000);
  table.Add("linger_us", &o.linger_us, "How long a partition's records may gather", 0, 1'000'000);
  table.Add("in_flight_max", &o.in_flight_max, "Records without a delivery", 1, 90'000);
  table.Add("viewer_rate", &o.viewer_rate,
            "Submissions a second of one viewer on each event loop; 0: no bound", 0, 1'000'000);
  table.Add("queue_max_ms", &o.queue_max_ms,
            "Longest queue before a marketplace that serves, by its rate as seen", 0, 120'000);
  table.Add("connections_max", &o.connections_max, "Connections and gRPC streams", 1, 1'000'000);
  table.Add("outcome_window", &o.outcome_window, "Finals remembered", 1, 50'000'000);
  table.Add("drain_budget_ms", &o.drain_budget_ms, "How long a stop may take to drain", 0, 600'000);
}

}  // namespace

int main(int argc, char** argv) {
  jembatan::runtime::BlockSignals();
  // Protobuf would write a line for every message that is not UTF-8: a client's choice.
  google::protobuf::SetLogHandler(nullptr);
  jembatan::gateway::Options options;
  jembatan::runtime::OptionTable table("gateway", "Takes purchase intents and tells outcomes.");
  AddOptions(options, table);
  table.Parse(argc, argv);
  jembatan::base::InitLog("gateway", jembatan::base::Level::kInfo);
  jembatan::gateway::Service service(options);
  const absl::Status started = service.Start();
  if (!started.ok()) jembatan::runtime::FailStart("gateway", jembatan::base::ToString(started));
  jembatan::runtime::WaitForStop();
  service.Stop();
  jembatan::base::FlushLog();
  return 0;
}
