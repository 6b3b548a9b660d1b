// jembatan-bridge: takes purchase intents out of Kafka and places them as orders at the
// marketplace.

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "services/bridge/service.h"

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  bridge::Options options;
  runtime::OptionTable table("bridge", "Carries purchase intents from Kafka to a marketplace.");
  table.Add("brokers", &options.brokers, "Kafka brokers, host:port,...");
  table.Add("kafka_config", &options.kafka_config,
            "File of further librdkafka properties, key=value a line");
  table.Add("registry", &options.registry,
            "TOML file of the marketplaces; empty: one, of which the flags tell");
  table.Add("orders_target", &options.orders_target, "The marketplace's OrderService, host:port");
  table.Add("admin_listen", &options.admin_listen, "Address of /metrics, /healthz and /readyz");
  table.AddChoice("profile", &options.profile, "Strictness of the start-up checks",
                  {"dev", "production"});
  table.Add("group", &options.group, "Consumer group");
  table.Add("marketplace_id", &options.marketplace_id, "The marketplace served");
  table.Add("url_hosts", &options.url_hosts, "Hosts that links may name, host[:port],...");
  table.Add(
      "policy", &options.policy,
      "TOML file of the policy until a control orders one, taken again when it changes; empty: "
      "consent is the only rule");
  table.Add("goods_keys", &options.goods_keys,
            "File of the marketplaces' public keys for what they attest about goods; empty: none");
  table.Add("instance", &options.instance, "Name of this process in its records");
  table.Add("orders_tls_certificate", &options.orders_tls.certificate, "Client certificate, PEM");
  table.AddSecret("orders_tls_key", &options.orders_tls.key, "Client key, PEM");
  table.Add("orders_tls_ca", &options.orders_tls.ca, "CA of the marketplace, PEM");
  table.Add("orders_tls_revoked", &options.orders_tls.revoked,
            "PEM revocation list of that CA, read anew for each connection; empty: none");
  table.Add("link_page", &options.link_page,
            "The marketplace's page that orders, for links to it; empty: none");
  table.AddSecret("link_key", &options.link_key, "PEM file of the key that signs such links");
  table.Add("link_kid", &options.link_kid, "Its key id");
  table.Add("link_ttl_s", &options.link_ttl_s, "How long such a link opens, s", 60, 86'400);
  table.Add("operator_keys", &options.operator_keys,
            "JWKS file of who may sign controls; empty: none need a signature");
  table.Add("operators_needed", &options.operators_needed, "Operators who must sign a control", 1,
            5);
  table.Add("partitions", &options.partitions, "Partitions of the topics' version", 1, 256);
  table.Add("latency_budget_ms", &options.latency_budget_ms,
            "How long gathering may delay an order, ms", 0, 100);
  table.Parse(argc, argv);

  base::InitLog("bridge", base::Level::kInfo);
  bridge::Service service(options);
  absl::Status started = service.Start();
  if (!started.ok()) runtime::FailStart("bridge", base::ToString(started));
  runtime::WaitForStop();
  service.Stop();
  base::FlushLog();
  return 0;
}
