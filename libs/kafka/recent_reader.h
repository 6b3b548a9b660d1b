#pragma once

// RecentReader: reads all partitions of a topic from those records on that were appended so long
// ago, and goes on. A partition whose reading breaks (its next offset is gone, a batch fails its
// checksum) begins again at that age, so that some of its records come twice: for topics in which
// that says the same.
//
// Everything on the io_context's thread, construction and destruction included. admin: of the same
// context, and destroyed before the reader, so that no answer comes to one that is gone; nothing
// runs on the context in between. Not destroyed from within its handler.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "libs/kafka/admin.h"
#include "libs/kafka/consumer.h"

namespace jembatan::kafka {

class RecentReader final : public ReaderHandler {
 public:
  struct Options {
    ReaderOptions reader;
    int partitions = 6;
    std::chrono::milliseconds reach{0};
  };
  using Sink = std::function<void(std::span<const Record>)>;

  RecentReader(Options options, Admin& admin, boost::asio::io_context& context, Sink sink);
  ~RecentReader() override;

  absl::Status Start();
  // Every partition was read to what was its end once.
  bool caught_up() const { return behind_ == 0; }

  void OnRecords(std::span<const Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override;
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  struct Partition {
    explicit Partition(boost::asio::io_context& context) : again(context) {}
    bool caught_up = false;
    boost::asio::steady_timer again;
  };

  void Begin(int32_t partition);
  void BeginLater(int32_t partition);

  const Options options_;
  Admin& admin_;
  boost::asio::io_context& context_;
  const Sink sink_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  int behind_;
  std::unique_ptr<PartitionReader> reader_;
};

}  // namespace jembatan::kafka
