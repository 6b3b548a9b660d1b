#pragma once

// Shadows: the Shadow of every partition, and what becomes of what they find: a number and, for the
// first ones, a log line. A partition of which records are gone unread is watched no longer.
//
// Owned by the composition; the shard's thread only, or before it runs.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/history/shadow.h"
#include "libs/kafka/consumer.h"
#include "libs/ledger_store/store.h"
#include "services/auditor/probe.h"

namespace jembatan::auditor {

class Shadows {
 public:
  explicit Shadows(Probe& probe) : probe_(probe) {}

  // They go on where the state, and the store as found, left them. DATA_LOSS: State() did not make
  // that state.
  absl::Status Begin(int partitions, const ledger_store::Store& store);
  // What to keep with a seal.
  std::string State() const;

  void OnIntent(const kafka::Record& record);
  void OnOutcome(const kafka::Record& record);
  void OnGap(int32_t partition);
  void Publish();

 private:
  void Tell(int32_t partition);

  Probe& probe_;
  // Null: watched no longer.
  std::vector<std::unique_ptr<history::Shadow>> shadows_;
  std::vector<history::Breach> breaches_;
  uint64_t told_ = 0;
};

}  // namespace jembatan::auditor
