#include "services/ctl/cluster_flags.h"

#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/text.h"
#include "libs/kafka/properties.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {

void AddCluster(CLI::App* command, kafka::ClusterConfig* cluster) {
  cluster->client_id = "jembatan-ctl";
  command->add_option("--brokers", cluster->brokers, "Kafka brokers, host:port, comma-separated")
      ->default_val("127.0.0.1:9092");
  command->add_option_function<std::string>(
      Flag("kafka_config"),
      [cluster](const std::string& path) {
        auto properties = kafka::ReadProperties(path);
        if (!properties.ok()) {
          throw CLI::ValidationError("--kafka_config",
                                     std::string(base::Std(properties.status().message())));
        }
        cluster->properties = *std::move(properties);
      },
      "File of further librdkafka properties, key=value a line");
}

}  // namespace jembatan::ctl
