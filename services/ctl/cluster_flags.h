#pragma once

// The flags that every command about Kafka has: --brokers and --kafka_config. Main thread only.

#include "libs/kafka/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace jembatan::ctl {

// The cluster must outlive the parsing. A file of properties that is refused is bad usage.
void AddCluster(CLI::App* command, kafka::ClusterConfig* cluster);

}  // namespace jembatan::ctl
