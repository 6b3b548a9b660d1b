#include "libs/kafka/properties.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include <librdkafka/rdkafka.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/kafka/client.h"

namespace jembatan::kafka {
namespace {

using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;

constexpr size_t kFileBytes = 64 * 1024;

// What the services set, and what would loosen it by another name.
constexpr std::string_view kOurs[] = {
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "check.crcs",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "request.required.acks",
    "test.mock.num.brokers",
    "transactional.id",
};

// Why the property is not taken; empty: it is. librdkafka's own words would repeat the value.
std::string Refusal(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  if (std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs)) {
    return name + " is set by Jembatan itself";
  }
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0)) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return "there is no property of that name";
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  return name + " does not take that value";
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ReadProperties(const std::string& path) {
  std::map<std::string, std::string> properties;
  if (path.empty()) return properties;
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kFileBytes));
  const Conf conf(rd_kafka_conf_new());
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto refused = [&](const std::string& why) {
      return base::InvalidArgument(path + ":" + std::to_string(number) + ": " + why);
    };
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || equals == 0) return refused("key=value expected");
    std::string name(absl::StripAsciiWhitespace(line.substr(0, equals)));
    std::string value(absl::StripAsciiWhitespace(line.substr(equals + 1)));
    if (properties.contains(name)) return refused(name + " is named twice");
    if (std::string why = Refusal(conf.get(), name, value); !why.empty()) return refused(why);
    properties.emplace(std::move(name), std::move(value));
  }
  return properties;
}

absl::StatusOr<ClusterConfig> ReadCluster(const std::string& brokers, const std::string& client_id,
                                          const std::string& kafka_config) {
  auto properties = ReadProperties(kafka_config);
  if (!properties.ok()) {
    return base::InvalidArgument("--kafka_config: " +
                                 std::string(base::Std(properties.status().message())));
  }
  return ClusterConfig{
      .brokers = brokers, .client_id = client_id, .properties = *std::move(properties)};
}

}  // namespace jembatan::kafka
