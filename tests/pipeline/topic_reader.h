#pragma once

// TopicReader: everything that one topic of the cluster holds, read along on a thread of its own.
// PutRecord: one record into a topic, past every gateway. Both see the log as an outsider does.
//
// The test's thread creates, asks and destroys; answers cross under a mutex. Ends by destruction,
// before the cluster.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "libs/kafka/consumer.h"

namespace jembatan::pipeline {

struct LogRecord {
  int32_t partition = -1;
  int64_t offset = -1;
  std::string key;
  std::string value;
};

class TopicReader : private kafka::ReaderHandler {
 public:
  TopicReader(const std::string& brokers, const std::string& topic, int partitions);
  ~TopicReader() override;

  std::vector<LogRecord> records();
  // The first record that is wanted; nothing: it did not come.
  std::optional<LogRecord> Await(const std::function<bool(const LogRecord&)>& wanted);

 private:
  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t, int64_t) override {}
  void OnError(int32_t partition, const absl::Status& status) override;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LogRecord> records_;

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<kafka::PartitionReader> reader_;
  std::thread thread_;
};

// Blocks until the log has it; the record's offset.
absl::StatusOr<int64_t> PutRecord(const std::string& brokers, const char* topic, int32_t partition,
                                  const std::string& key, const std::string& value);

}  // namespace jembatan::pipeline
