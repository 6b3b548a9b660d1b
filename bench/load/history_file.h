#pragma once

// HistoryFile: what the viewers of a run sent and were told, as libs/history reads it: one JSON
// object a line. Owned by main, written by the generator's thread.

#include <cstdint>
#include <fstream>
#include <string>

#include "absl/status/status.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"

namespace jembatan::load {

class HistoryFile {
 public:
  // INVALID_ARGUMENT if it cannot be made. One that exists is overwritten.
  absl::Status Open(const std::string& path);

  void Invoke(int64_t unix_ms, const base::Uuid& id, const std::string& offer_id);
  void Receipt(int64_t unix_ms, const intake::v1::Receipt& receipt);
  // UNCONFIRMED is not written: nothing follows from it.
  void Outcome(int64_t unix_ms, const intake::v1::Outcome& outcome);

  // UNAVAILABLE if anything could not be written.
  absl::Status Close();

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace jembatan::load
