// jembatan-auditor: seals every record of every topic into a ledger that nobody can rewrite unseen.

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "services/auditor/service.h"

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  auditor::Options options;
  runtime::OptionTable table("auditor", "Seals what the topics hold into a ledger with proofs.");
  table.Add("brokers", &options.brokers, "Kafka brokers, host:port,...");
  table.Add("kafka_config", &options.kafka_config,
            "File of further librdkafka properties, key=value a line");
  table.Add("admin_listen", &options.admin_listen,
            "Address of checkpoints, proofs, /metrics, /healthz and /readyz");
  table.AddChoice("profile", &options.profile, "Strictness of the start-up checks",
                  {"dev", "production"});
  table.Add("partitions", &options.partitions, "Partitions of the topics' version", 1, 256);
  table.Add("ledger", &options.ledger, "Folder of the ledger; made if there is none");
  table.Add("name", &options.name, "This auditor's name, the origin of its checkpoints");
  table.Add("signing_key", &options.signing_key,
            "File of the signing key, made if there is none; default: signing.key in the folder");
  table.Add("checkpoint_interval_s", &options.checkpoint_interval_s,
            "Seconds from one checkpoint to the next", 1, 3'600);
  table.Parse(argc, argv);

  base::InitLog("auditor", base::Level::kInfo);
  auditor::Service service(options);
  absl::Status started = service.Start();
  if (!started.ok()) runtime::FailStart("auditor", base::ToString(started));
  runtime::WaitForStop();
  service.Stop();
  base::FlushLog();
  return 0;
}
