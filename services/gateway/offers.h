#pragma once

// Offers: what one shard knows of the offers on sale, as the offers topic tells it. What is
// attested by the marketplace stands in Offer::goods and may decide (an operator's halt of a
// seller); all else is told to viewers and decides nothing.
//
// One a shard, owned by the composition; the shard's thread only. The offers themselves are shared
// with the other shards. Bounded by offers::kOffersMax. Pure.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "libs/offers/catalogue.h"

namespace jembatan::gateway {

class Offers {
 public:
  using OfferPtr = offers::OfferPtr;
  // Null: the offer is not on sale any more. Called within Put.
  using OnChange = std::function<void(std::string_view offer_id, const OfferPtr& offer)>;

  void SetOnChange(OnChange on_change) { on_change_ = std::move(on_change); }

  // As the offer is known from now on; null: it is withdrawn.
  void Put(std::string_view offer_id, OfferPtr offer);
  // Everything that was in the topic has been told.
  void SetComplete() { complete_ = true; }

  // Null: not known.
  const OfferPtr* Find(std::string_view offer_id) const;
  // The seller as the marketplace attests it; empty: not known. Valid until the next Put.
  std::string_view SellerOf(std::string_view offer_id) const;

  bool complete() const { return complete_; }
  size_t size() const { return offers_.size(); }

 private:
  absl::flat_hash_map<std::string, OfferPtr> offers_;
  OnChange on_change_;
  bool complete_ = false;
};

}  // namespace jembatan::gateway
