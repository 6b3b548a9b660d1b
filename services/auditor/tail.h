#pragma once

// Tail: reads every partition of one topic from where the ledger left it and puts each record into
// its log. It belongs to no group, commits nothing, and asks the cluster for reading only.
//
// What cannot be written is read again; what is gone from the log before it was read is a gap:
// told, counted, visible in the ledger for ever as offsets that are not there, and reading goes on
// behind it. A log that has become shorter than what was read of it stops its partition: somebody
// has to look.
//
// Owned by the composition; everything on the shard's thread, or before it runs.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include <boost/asio/steady_timer.hpp>

#include "libs/kafka/admin.h"
#include "libs/kafka/consumer.h"
#include "libs/ledger_store/store.h"
#include "services/auditor/probe.h"

namespace jembatan::auditor {

struct TailOptions {
  kafka::ClusterConfig cluster;
  std::string topic;
  int partitions = 6;
};

class Tail final : public kafka::ReaderHandler {
 public:
  // Takes every record that is part of the ledger, in the order of its partition, from the first on
  // that the last seal before the start did not cover.
  struct Sink {
    std::function<void(const kafka::Record& record)> record;
    // There are records of the partition that nobody has read: those before the next one.
    std::function<void(int32_t partition)> gap;
  };

  // admin: of the same context, destroyed before the tail, with nothing running in between.
  Tail(TailOptions options, ledger_store::Store& store, kafka::Admin& admin, Probe& probe,
       boost::asio::io_context& context, Sink sink);
  ~Tail() override;

  absl::Status Start();
  // Empty: every partition is read. Else a line for each that is not.
  std::string WhyNotRead() const;

  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t /*partition*/, int64_t /*next_offset*/) override {}
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  struct Partition {
    explicit Partition(boost::asio::io_context& context) : retry(context) {}
    // Why it is not read at present; empty: it is.
    std::string not_read = "not begun";
    // The next offset for the sink; -1: not known yet. Behind the ledger's only after a start.
    int64_t sunk = -1;
    boost::asio::steady_timer retry;
  };

  void Begin(int32_t partition);
  void ReadFrom(int32_t partition, int64_t offset);
  void Put(int32_t partition, std::span<const kafka::Record> records);
  // False if they could not be written.
  bool Append(int32_t partition, std::span<const kafka::Record> records);
  // Stops reading; tries again later.
  void Pause(int32_t partition, const std::string& why, std::function<void()> task);
  void LookForGap(int32_t partition);
  void GoOnBehind(int32_t partition, int64_t log_begin);
  ledger::LogId LogOf(int32_t partition) const { return {options_.topic, partition}; }

  const TailOptions options_;
  ledger_store::Store& store_;
  kafka::Admin& admin_;
  Probe& probe_;
  boost::asio::io_context& context_;
  const Sink sink_;
  ledger::Hasher hasher_;
  std::vector<ledger::Entry> entries_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::unique_ptr<kafka::PartitionReader> reader_;
};

}  // namespace jembatan::auditor
