#include "libs/evidence/attested.h"

#include <utility>

namespace jembatan::evidence {

void Attested::Read(const Segment& offers) {
  for (const Record& record : offers.records) {
    if (!record.whole) {
      incomplete_ = true;
      continue;
    }
    const offers::Catalogue::Read read = catalogue_.Apply(record.key, record.value);
    if (!read.refused.empty()) continue;
    std::vector<Since>& history = by_offer_[std::string(record.key)];
    std::shared_ptr<const goods::Goods> goods = read.offer == nullptr ? nullptr : read.offer->goods;
    // Most records tell of stock only.
    if (!history.empty() && history.back().goods == goods) continue;
    history.push_back({record.append_ms, std::move(goods)});
  }
}

const goods::Goods* Attested::At(const std::string& offer_id, int64_t time_ms) const {
  return Between(offer_id, time_ms, time_ms).back();
}

KnownGoods Attested::Between(const std::string& offer_id, int64_t from_ms, int64_t to_ms) const {
  KnownGoods known;
  const auto at = by_offer_.find(offer_id);
  if (at == by_offer_.end()) return {nullptr};
  const goods::Goods* before = nullptr;
  for (const Since& since : at->second) {
    if (since.append_ms <= from_ms) before = since.goods.get();
    if (since.append_ms > from_ms && since.append_ms <= to_ms) known.push_back(since.goods.get());
  }
  known.insert(known.begin(), before);
  return known;
}

}  // namespace jembatan::evidence
