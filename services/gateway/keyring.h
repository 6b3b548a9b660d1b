#pragma once

// Keyring: the buyers' pseudonym keys of every marketplace, by its number. Immutable; any thread.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "libs/identity/buyer_keys.h"

namespace jembatan::gateway {

class Keyring {
 public:
  using Keys = std::shared_ptr<const identity::BuyerKeys>;

  // Nobody's.
  Keyring() = default;
  Keyring(std::nullptr_t) {}
  // Of the only marketplace.
  template <typename BuyerKeys>
  Keyring(std::shared_ptr<BuyerKeys> only) : keys_{std::move(only)} {}
  // Null: those of that marketplace are not known.
  explicit Keyring(std::vector<Keys> keys) : keys_(std::move(keys)) {}

  size_t size() const { return keys_.size(); }
  // Null: not known.
  const Keys& At(size_t market) const {
    static const Keys kNone;
    return market < keys_.size() ? keys_[market] : kNone;
  }
  // All are known.
  bool complete() const {
    return !keys_.empty() &&
           std::ranges::all_of(keys_, [](const Keys& keys) { return keys != nullptr; });
  }
  // What is not known here is as it was there.
  Keyring Or(const Keyring& before) const {
    std::vector<Keys> keys(std::max(keys_.size(), before.keys_.size()));
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = At(i) != nullptr ? At(i) : before.At(i);
    return Keyring(std::move(keys));
  }
  // The very same keys.
  friend bool operator==(const Keyring&, const Keyring&) = default;

 private:
  std::vector<Keys> keys_;
};

}  // namespace jembatan::gateway
