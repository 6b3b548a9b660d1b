#pragma once

// BuyerKeysFile: the marketplace's pseudonym keys as the gateway last read them, read again every
// few seconds so that a rotation or an erasure needs no restart. A file that cannot be read, is
// malformed, or does not continue what was used before leaves the keys as they are; when that lasts
// kBuyerKeysStaleMs, an epoch may have begun that is not known here, and there are none.
//
// Owned by the composition; one thread. Reads a file of a few hundred bytes, and logs what changes.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/identity/buyer_keys.h"

namespace jembatan::gateway {

class BuyerKeysFile {
 public:
  explicit BuyerKeysFile(std::string path) : path_(std::move(path)) {}

  // The first reading; an error says what is wrong with the file.
  absl::Status Load(int64_t now_ms);
  // Reads again. True: current() is another one than before.
  bool Reload(int64_t now_ms);
  // Those that intents may still speak of; null: stale.
  const std::shared_ptr<const identity::BuyerKeys>& current() const { return current_; }

 private:
  absl::StatusOr<identity::BuyerKeys> Read() const;
  // True: current_ changed by it.
  bool Take(identity::BuyerKeys keys, int64_t now_ms);
  void TellEpochs(int64_t now_ms) const;

  const std::string path_;
  // All of the file, as last read.
  std::shared_ptr<const identity::BuyerKeys> keys_;
  std::shared_ptr<const identity::BuyerKeys> current_;
  int64_t read_ms_ = 0;
  bool failed_ = false;
};

}  // namespace jembatan::gateway
