#pragma once

// Attested: what marketplaces had attested about the goods of offers at a time, by the offers'
// topic. Only what bears its marketplace's signature counts, as for a bridge (libs/offers). Owned
// by a reckoning. Pure; one thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "libs/evidence/segment.h"
#include "libs/goods/goods.h"
#include "libs/goods/note_keys.h"
#include "libs/offers/catalogue.h"

namespace jembatan::evidence {

// The candidates that a bridge may have known when it decided; null: nothing was attested.
using KnownGoods = std::vector<const goods::Goods*>;

class Attested {
 public:
  explicit Attested(const goods::NoteKeys& keys) : catalogue_(keys) { catalogue_.Begin(); }

  // A partition's records, in their order.
  void Read(const Segment& offers);

  // Null: nothing.
  const goods::Goods* At(const std::string& offer_id, int64_t time_ms) const;
  KnownGoods Between(const std::string& offer_id, int64_t from_ms, int64_t to_ms) const;
  // Compaction has removed records: something may have been attested of which nothing is known.
  bool incomplete() const { return incomplete_; }

 private:
  struct Since {
    int64_t append_ms = 0;
    // Null: withdrawn, or nothing attested.
    std::shared_ptr<const goods::Goods> goods;
  };

  offers::Catalogue catalogue_;
  absl::flat_hash_map<std::string, std::vector<Since>> by_offer_;
  bool incomplete_ = false;
};

}  // namespace jembatan::evidence
