#pragma once

// OutcomeReader: keeps the gateway's memory of finals: reads every partition of the outcomes topic,
// feeds the OutcomeWindow and the lag forecast, and hands finals to every shard's intake. From
// where it reads and what a record means is the OutcomeFeed's; a reading that has to begin again
// and again does so at growing intervals. When what comes next is gone from the log, the reading
// goes on where the log begins: the gap is logged, and the window claims to reach back only to now.
//
// Owned by the composition; everything on shard 0's thread, construction and destruction included.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include <boost/asio/steady_timer.hpp>

#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"
#include "services/gateway/lag_forecast.h"
#include "services/gateway/outcome_feed.h"
#include "services/gateway/outcome_window.h"

namespace jembatan::gateway {

class OutcomeReader final : public kafka::ReaderHandler {
 public:
  // Finals in the order read; called on shard 0.
  using FinalSink = std::function<void(std::span<const FinalPtr>)>;

  // admin: of the same context, and destroyed before the reader, so that no answer comes to one
  // that is gone; nothing runs on the context in between.
  OutcomeReader(kafka::ClusterConfig cluster, kafka::Admin& admin, int partitions,
                boost::asio::io_context& context, OutcomeWindow& window, LagForecast& lag,
                FinalSink sink);
  ~OutcomeReader() override;

  absl::Status Start();
  // The cluster has answered within the last 15 s. Any thread.
  bool log_answers() const;

  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override;
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  struct Partition {
    explicit Partition(boost::asio::io_context& context) : timer(context) {}
    // Readings begun.
    int starts = 0;
    // Everything below it, down to where the reading began, has been read.
    int64_t next_offset = 0;
    // Of the next reading, or of a question to the log, when it has to wait.
    boost::asio::steady_timer timer;
  };

  void AskEnd(int32_t partition);
  void AskStart(int32_t partition);
  void AskBegin(int32_t partition);
  void BeginAt(int32_t partition, int64_t offset);
  void ReadFrom(int32_t partition, int64_t offset);
  void Later(int32_t partition, std::function<void()> task);
  void After(int32_t partition, std::chrono::milliseconds pause, std::function<void()> task);
  void Feed(const kafka::Record& record, int64_t now_ms, bool* restarted);
  void Reached(int32_t partition, int64_t next_offset);
  void ArmProbe();

  const kafka::ClusterConfig cluster_;
  kafka::Admin& admin_;
  boost::asio::io_context& context_;
  const OutcomeWindow& window_;
  OutcomeFeed feed_;
  const FinalSink sink_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<FinalPtr> finals_;
  std::vector<bool> restarted_;
  boost::asio::steady_timer probe_;
  std::atomic<int64_t> answered_ms_{-1};
  std::unique_ptr<kafka::PartitionReader> reader_;
};

}  // namespace jembatan::gateway
