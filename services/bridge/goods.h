#pragma once

// GoodsBook: what the marketplace attests about the goods of its offers, as the core knows it. The
// feed tells everything once, then each change; when it is read anew what it does not repeat is
// forgotten, but not before the end of that reading: an interruption changes nothing.
//
// Owned by the core's Shared. Pure; one thread. Holds up to kGoodsMax offers: what the policy says
// about an offer left out is what it says about one of which nothing is attested.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

#include "libs/policy/decide.h"

namespace jembatan::bridge {

class GoodsBook {
 public:
  // A reading of the feed begins.
  void Begin() { ++reading_; }
  // Null: the marketplace attests nothing, or nothing that could be verified.
  void Tell(std::string_view offer_id, const policy::Goods* goods);
  // Everything there is has been told.
  void Complete();

  // Null: nothing is attested. Valid until the next change.
  const policy::Goods* Find(const std::string& offer_id) const;
  // The feed has been read to its end once.
  bool complete() const { return complete_; }
  size_t size() const { return offers_.size(); }
  // Offers that found no room.
  uint64_t left_out() const { return left_out_; }

 private:
  struct Entry {
    policy::Goods goods;
    uint64_t reading = 0;
  };

  absl::flat_hash_map<std::string, Entry> offers_;
  uint64_t reading_ = 0;
  uint64_t left_out_ = 0;
  bool complete_ = false;
};

}  // namespace jembatan::bridge
