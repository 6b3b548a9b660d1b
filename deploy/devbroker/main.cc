// jembatan-devbroker: librdkafka's mock cluster in a process of its own, with Jembatan's topics:
// Kafka for a first try without a JVM. Nothing is on disk and old records vanish: see the line it
// prints.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/kafka/config.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"

namespace {

// Whoever waits for the file must never see half of it.
bool WriteAtomically(const std::string& path, const std::string& text) {
  const std::string scratch = path + ".new";
  std::ofstream file(scratch, std::ios::trunc);
  file << text << "\n";
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(scratch, path, error);
  return file && !error;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  std::string bootstrap_file;
  int partitions = 6;
  runtime::OptionTable table("devbroker", "A Kafka for development: in memory, not durable.");
  table.Add("bootstrap_file", &bootstrap_file,
            "File that gets host:port once it listens; removed at the end");
  table.Add("partitions", &partitions, "Partitions of each topic", 1, 256);
  table.Parse(argc, argv);
  base::InitLog("devbroker", base::Level::kWarn);

  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(partitions));
  if (!cluster.ok()) runtime::FailStart("devbroker", base::ToString(cluster.status()));
  const std::string bootstrap = (*cluster)->bootstrap();
  if (!bootstrap_file.empty() && !WriteAtomically(bootstrap_file, bootstrap)) {
    runtime::FailStart("devbroker", "cannot write " + bootstrap_file);
  }
  std::printf(
      "jembatan-devbroker: listening on %s (not durable: keeps 5 MiB or 100,000 records "
      "per partition, in memory)\n",
      bootstrap.c_str());
  std::fflush(stdout);
  runtime::WaitForStop();
  // Nobody shall wait for a broker that has gone.
  std::error_code ignored;
  if (!bootstrap_file.empty()) std::filesystem::remove(bootstrap_file, ignored);
  cluster->reset();
  base::FlushLog();
  return 0;
}
