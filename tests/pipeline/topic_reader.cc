#include "tests/pipeline/topic_reader.h"

#include <utility>

#include "gtest/gtest.h"

#include "libs/base/status.h"
#include "libs/kafka/producer.h"
#include "tests/pipeline/patience.h"

namespace jembatan::pipeline {

TopicReader::TopicReader(const std::string& brokers, const std::string& topic, int partitions)
    : work_(context_.get_executor()) {
  kafka::ReaderOptions options;
  options.cluster.brokers = brokers;
  options.topic = topic;
  auto reader = kafka::PartitionReader::Create(options, context_, this);
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return;
  reader_ = *std::move(reader);
  for (int32_t partition = 0; partition < partitions; ++partition) reader_->Start(partition, 0);
  thread_ = std::thread([this] { context_.run(); });
}

TopicReader::~TopicReader() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<LogRecord> TopicReader::records() {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::optional<LogRecord> TopicReader::Await(const std::function<bool(const LogRecord&)>& wanted) {
  std::unique_lock lock(mutex_);
  std::optional<LogRecord> found;
  pipeline::Await(changed_, lock, [&] {
    for (const LogRecord& record : records_) {
      if (!wanted(record)) continue;
      found = record;
      return true;
    }
    return false;
  });
  return found;
}

void TopicReader::OnRecords(std::span<const kafka::Record> records) {
  const std::lock_guard lock(mutex_);
  for (const kafka::Record& record : records) {
    records_.push_back(
        {record.partition, record.offset, std::string(record.key), std::string(record.value)});
  }
  changed_.notify_all();
}

void TopicReader::OnError(int32_t partition, const absl::Status& status) {
  ADD_FAILURE() << "partition " << partition << ": " << status;
}

absl::StatusOr<int64_t> PutRecord(const std::string& brokers, const char* topic, int32_t partition,
                                  const std::string& key, const std::string& value) {
  boost::asio::io_context context{1};
  std::optional<kafka::Delivery> delivery;
  kafka::ProducerOptions options;
  options.cluster.brokers = brokers;
  auto sink = [&](std::span<const kafka::Delivery> deliveries) { delivery = deliveries.front(); };
  JEMB_ASSIGN_OR_RETURN(const std::unique_ptr<kafka::Producer> producer,
                        kafka::Producer::Create(options, context, sink));
  JEMB_RETURN_IF_ERROR(producer->Produce(topic, partition, key, value, 1));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!delivery && std::chrono::steady_clock::now() < until) {
    context.run_one_for(std::chrono::milliseconds(100));
  }
  if (!delivery) return base::Unavailable("no delivery");
  if (!delivery->status.ok()) return delivery->status;
  return delivery->offset;
}

}  // namespace jembatan::pipeline
