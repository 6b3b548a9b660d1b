#include "services/gateway/order_state_reader.h"

#include <chrono>
#include <utility>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "services/gateway/outcome_feed.h"

namespace jembatan::gateway {

OrderStateReader::OrderStateReader(kafka::ClusterConfig cluster, kafka::Admin& admin,
                                   int partitions, boost::asio::io_context& context,
                                   OutcomeWindow& window, FinalSink sink)
    : window_(window),
      sink_(std::move(sink)),
      reader_({.reader = {.cluster = std::move(cluster), .topic = kafka::kOrderStatesTopic},
               .partitions = partitions,
               .reach = std::chrono::milliseconds(kOutcomeReachMs)},
              admin, context,
              [this](std::span<const kafka::Record> records) { OnRecords(records); }) {}

absl::Status OrderStateReader::Look() {
  if (reading_ || !window_.ready()) return absl::OkStatus();
  JEMB_RETURN_IF_ERROR(reader_.Start());
  reading_ = true;
  return absl::OkStatus();
}

void OrderStateReader::OnRecords(std::span<const kafka::Record> records) {
  for (const kafka::Record& record : records) {
    bool readable = false;
    FinalPtr final = window_.FeedOrderState(record.value, &readable);
    if (final) finals_.push_back(std::move(final));
    if (readable) continue;
    base::Log(base::Level::kWarn, "order_state_unreadable",
              {{"partition", record.partition}, {"offset", record.offset}});
  }
  if (!finals_.empty()) sink_(finals_);
  finals_.clear();
}

}  // namespace jembatan::gateway
