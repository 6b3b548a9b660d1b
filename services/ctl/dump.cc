#include "services/ctl/dump.h"

#include <fstream>
#include <utility>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/ids.h"
#include "libs/base/json_line.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/crossing/outcome_state.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Outcome;

base::JsonLine LineOf(std::string_view topic, int32_t partition, int64_t offset) {
  base::JsonLine line;
  line.Add("topic", topic);
  line.Add("partition", int64_t{partition});
  line.Add("offset", offset);
  return line;
}

bool Parse(std::string_view value, google::protobuf::MessageLite* message) {
  return message->ParseFromArray(value.data(), static_cast<int>(value.size()));
}

// One of a later contract by its number: whoever judges the dump must say that it does not know it.
std::string StateName(Outcome::State state) {
  const std::string name = Outcome::State_Name(state);
  if (name.empty()) return "STATE_" + std::to_string(static_cast<int>(state));
  return name.substr(std::string("STATE_").size());
}

}  // namespace

std::string IntentLine(int32_t partition, int64_t offset, int64_t append_ms,
                       std::string_view value) {
  base::JsonLine line = LineOf("intents", partition, offset);
  line.Add("append_ms", append_ms);
  crossing::v1::PurchaseIntent intent;
  if (Parse(value, &intent) && base::Uuid::ParseV7(intent.intent_id())) {
    line.Add("intent_id", intent.intent_id());
    line.Add("buyer_ref", base::Hex(intent.buyer_ref()));
    line.Add("offer_id", Shown(intent.offer_id()));
    line.Add("fingerprint", base::Hex(intent.fingerprint()));
  }
  return std::move(line).Finish();
}

std::string OutcomeLine(int32_t partition, int64_t offset, std::string_view value) {
  base::JsonLine line = LineOf("outcomes", partition, offset);
  crossing::v1::OutcomeRecord record;
  // One that cannot be decoded counts for nothing, as a claim does.
  if (!Parse(value, &record)) record.Clear();
  line.Add("token", static_cast<int64_t>(record.token()));
  line.Add("marketplace_id", Shown(record.marketplace_id()));
  if (!record.has_outcome()) {
    line.Add("kind", record.has_open() ? "open" : "claim");
    return std::move(line).Finish();
  }
  const Outcome& outcome = record.outcome();
  const bool final = crossing::IsFinal(outcome.state());
  line.Add("kind", final ? "final" : "unconfirmed");
  if (final) {
    line.Add("intent_id", Shown(outcome.intent_id()));
    line.Add("buyer_ref", base::Hex(outcome.buyer_ref()));
    line.Add("fingerprint", base::Hex(outcome.fingerprint()));
    line.Add("state", StateName(outcome.state()));
    line.Add("order_id", Shown(outcome.order_id()));
  }
  return std::move(line).Finish();
}

absl::StatusOr<uint64_t> Dump(const DumpOptions& options) {
  std::ofstream file(options.out, std::ios::binary | std::ios::trunc);
  if (!file) return base::InvalidArgument("cannot write " + options.out);
  const bool intents = options.topic == "intents";
  TopicScan scan{.cluster = options.cluster,
                 .topic = intents ? kafka::kIntentsTopic : kafka::kOutcomesTopic,
                 .partitions = options.partitions,
                 .timeout_ms = options.timeout_ms};
  uint64_t records = 0;
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    ++records;
    file << (intents
                 ? IntentLine(record.partition, record.offset, record.append_time_ms, record.value)
                 : OutcomeLine(record.partition, record.offset, record.value));
  }));
  file.close();
  if (!file) return base::Unavailable("cannot write " + options.out);
  return records;
}

}  // namespace jembatan::ctl
