// topics create, check: the cluster's topics against Jembatan's definition; dump: what they hold.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/status.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/dump.h"

namespace jembatan::ctl {
namespace {

struct TopicsOptions {
  kafka::ClusterConfig cluster;
  int partitions = 6;
  std::string profile = "dev";
  int timeout_ms = 15'000;
};

using Action = absl::Status (*)(const kafka::ClusterConfig&, const std::vector<kafka::TopicSpec>&,
                                kafka::Profile, int);

void AddAction(CLI::App& topics, Chosen* chosen, const std::string& name, const std::string& help,
               const std::string& done, Action action) {
  auto options = std::make_shared<TopicsOptions>();
  CLI::App* command = topics.add_subcommand(name, help);
  AddCluster(command, &options->cluster);
  command->add_option("--partitions", options->partitions, "Partitions of each topic")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--profile", options->profile, "How strict the cluster is looked at")
      ->capture_default_str()
      ->check(CLI::IsMember({"dev", "production"}));
  command->add_option(Flag("timeout_ms"), options->timeout_ms, "How long the cluster may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->callback([options, chosen, done, action] {
    chosen->run = [options, done, action](std::ostream& out) {
      kafka::Profile profile = kafka::ProfileNamed(options->profile);
      std::vector<kafka::TopicSpec> topic_specs = kafka::JembatanTopics(options->partitions);
      absl::Status status = action(options->cluster, topic_specs, profile, options->timeout_ms);
      if (!status.ok()) return status;
      for (const kafka::TopicSpec& topic : topic_specs) {
        out << topic.name << ": " << topic.partitions << " partitions, " << done << "\n";
      }
      return absl::OkStatus();
    };
  });
}

void AddDump(CLI::App& topics, Chosen* chosen) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = topics.add_subcommand(
      "dump", "Write what a topic holds now to a file, a JSON object a record");
  AddCluster(command, &options->cluster);
  command->add_option("--topic", options->topic, "intents or outcomes")
      ->required()
      ->check(CLI::IsMember({"intents", "outcomes"}));
  command->add_option("--partitions", options->partitions, "Partitions of the topic")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--out", options->out, "File; one that exists is overwritten")->required();
  command->add_option(Flag("timeout_ms"), options->timeout_ms, "How long the cluster may be silent")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) -> absl::Status {
      JEMB_ASSIGN_OR_RETURN(uint64_t records, Dump(*options));
      out << records << " records\n";
      return absl::OkStatus();
    };
  });
}

}  // namespace

void AddTopicsCommands(CLI::App& app, Chosen* chosen) {
  CLI::App* topics = app.add_subcommand("topics", "Kafka topics");
  topics->require_subcommand(1);
  AddAction(*topics, chosen, "create", "Create what is missing; existing topics stay as they are",
            "there", &kafka::CreateTopics);
  AddAction(*topics, chosen, "check", "List every difference from the definition", "as defined",
            &kafka::CheckTopics);
  AddDump(*topics, chosen);
}

}  // namespace jembatan::ctl
