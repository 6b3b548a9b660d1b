#include "services/ctl/dump.h"

#include <chrono>
#include <fstream>
#include <memory>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/ids.h"
#include "libs/base/json_line.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/consumer.h"

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

// What a value holds may be anything: a text that is no UTF-8 is shown as hexadecimal.
std::string Shown(const std::string& text) { return base::IsUtf8(text) ? text : base::Hex(text); }

bool Parse(std::string_view value, google::protobuf::MessageLite* message) {
  return message->ParseFromArray(value.data(), static_cast<int>(value.size()));
}

std::string StateName(Outcome::State state) {
  return Outcome::State_Name(state).substr(std::string("STATE_").size());
}

class Dumper final : public kafka::ReaderHandler {
 public:
  Dumper(const DumpOptions& options, std::ostream* out) : options_(options), out_(*out) {}

  absl::Status Run() {
    JEMB_ASSIGN_OR_RETURN(auto admin, kafka::Admin::Create(options_.cluster, context_));
    kafka::ReaderOptions reader{.cluster = options_.cluster, .topic = Topic()};
    JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(reader, context_, this));
    for (int32_t partition = 0; partition < options_.partitions; ++partition) {
      open_.insert(partition);
      admin->BeginOffset(Topic(), partition, [this, partition](absl::StatusOr<int64_t> offset) {
        if (!offset.ok()) return Fail(offset.status());
        reader_->Start(partition, *offset);
      });
    }
    while (!open_.empty() && status_.ok()) {
      uint64_t before = records_;
      size_t open_before = open_.size();
      context_.restart();
      context_.run_for(std::chrono::milliseconds(10));
      if (records_ > before || open_.size() < open_before) silent_ms_ = 0;
      if ((silent_ms_ += 10) > options_.timeout_ms)
        Fail(base::Unavailable("the cluster is silent"));
    }
    reader_.reset();
    return status_;
  }

  uint64_t records() const { return records_; }

  void OnRecords(std::span<const kafka::Record> records) override {
    for (const kafka::Record& record : records) {
      if (!open_.contains(record.partition)) continue;
      ++records_;
      out_ << (options_.topic == "intents"
                   ? IntentLine(record.partition, record.offset, record.append_time_ms,
                                record.value)
                   : OutcomeLine(record.partition, record.offset, record.value));
    }
  }
  void OnPartitionEnd(int32_t partition, int64_t /*next_offset*/) override {
    open_.erase(partition);
  }
  void OnError(int32_t /*partition*/, const absl::Status& status) override { Fail(status); }

 private:
  std::string Topic() const {
    return options_.topic == "intents" ? kafka::kIntentsTopic : kafka::kOutcomesTopic;
  }
  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }

  const DumpOptions& options_;
  std::ostream& out_;
  boost::asio::io_context context_{1};
  std::unique_ptr<kafka::PartitionReader> reader_;
  std::set<int32_t> open_;  // partitions not read to their end yet
  uint64_t records_ = 0;
  int silent_ms_ = 0;
  absl::Status status_;
};

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
  bool final =
      outcome.state() >= Outcome::STATE_ORDERED && outcome.state() <= Outcome::STATE_EXPIRED;
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
  Dumper dumper(options, &file);
  JEMB_RETURN_IF_ERROR(dumper.Run());
  file.close();
  if (!file) return base::Unavailable("cannot write " + options.out);
  return dumper.records();
}

}  // namespace jembatan::ctl
