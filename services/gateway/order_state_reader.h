#pragma once

// OrderStateReader: reads how orders fare once the window of outcomes is ready, and hands each
// final that fares otherwise to every shard's intake. What is told of an order whose outcome is not
// remembered any more is nobody's business here: the marketplace's pages tell it. Readiness does
// not wait for it.
//
// Owned by the composition; everything on shard 0's thread, construction and destruction included.
// admin as RecentReader has it.

#include <functional>
#include <span>
#include <vector>

#include "libs/kafka/recent_reader.h"
#include "services/gateway/outcome_window.h"

namespace jembatan::gateway {

class OrderStateReader {
 public:
  using FinalSink = std::function<void(std::span<const FinalPtr>)>;

  OrderStateReader(kafka::ClusterConfig cluster, kafka::Admin& admin, int partitions,
                   boost::asio::io_context& context, OutcomeWindow& window, FinalSink sink);

  // Begins to read when the window is ready; to be called now and then.
  absl::Status Look();

 private:
  void OnRecords(std::span<const kafka::Record> records);

  OutcomeWindow& window_;
  const FinalSink sink_;
  std::vector<FinalPtr> finals_;
  bool reading_ = false;
  kafka::RecentReader reader_;
};

}  // namespace jembatan::gateway
