#pragma once

// RoomReader: reads the topic of rooms from its beginning and on, and hands what it reads to the
// shards in batches. When what comes next is gone from the log it begins again, and says so.
//
// Owned by the composition; everything on shard 0's thread, construction and destruction included.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include <boost/asio/steady_timer.hpp>

#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"

namespace jembatan::gateway {

// What was read since the last batch, in the topic's order.
struct RoomBatch {
  struct Record {
    std::string key;
    std::string value;
    int64_t append_ms = 0;
  };
  // What was read before is void.
  bool anew = false;
  std::vector<Record> records;
  // The first offset not read yet.
  int64_t next_offset = 0;
  // The topic ended there.
  bool at_end = false;
};
using RoomBatchPtr = std::shared_ptr<const RoomBatch>;

class RoomReader final : public kafka::ReaderHandler {
 public:
  using Sink = std::function<void(const RoomBatchPtr&)>;

  // admin: of the same context, and destroyed before the reader, so that no answer comes to one
  // that is gone; nothing runs on the context in between.
  RoomReader(kafka::ClusterConfig cluster, kafka::Admin& admin, boost::asio::io_context& context,
             Sink sink);
  ~RoomReader() override;

  absl::Status Start();

  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override;
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  void Begin();
  void BeginLater();

  const kafka::ClusterConfig cluster_;
  kafka::Admin& admin_;
  boost::asio::io_context& context_;
  const Sink sink_;
  boost::asio::steady_timer again_;
  std::unique_ptr<kafka::PartitionReader> reader_;
};

}  // namespace jembatan::gateway
