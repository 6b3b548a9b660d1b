#include "services/bridge/relay.h"

#include <algorithm>

#include "absl/hash/hash.h"

#include "libs/base/text.h"
#include "libs/offers/catalogue.h"
#include "libs/offers/limits.h"
#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

// 0 stands for no value at all.
uint64_t HashOf(std::string_view value) {
  return value.empty() ? 0 : absl::HashOf(base::Absl(value)) | 1;
}

}  // namespace

OfferRelay::Entry* OfferRelay::Find(std::string_view offer_id) {
  const auto at = entries_.find(base::Absl(offer_id));
  return at == entries_.end() ? nullptr : &at->second;
}

void OfferRelay::OnRecord(std::string_view offer_id, std::string_view value,
                          std::string_view effective, int64_t now_ms) {
  if (entries_.size() >= offers::kOffersMax && Find(offer_id) == nullptr) return;
  const std::string id(offer_id);
  Entry& entry = entries_[id];
  Settle(&entry);
  entry.held = HashOf(value);
  entry.foreign = !effective.empty() && effective != marketplace_id_;
  Weigh(id, &entry, now_ms);
  if (entry.held == 0 && entry.wanted.empty()) entries_.erase(id);
}

void OfferRelay::OnLost(std::string_view offer_id, int64_t now_ms) {
  Entry* entry = Find(offer_id);
  if (entry == nullptr || !entry->writing) return;
  Settle(entry);
  Weigh(std::string(offer_id), entry, now_ms);
}

void OfferRelay::Settle(Entry* entry) {
  if (std::exchange(entry->writing, false)) --in_flight_;
}

void OfferRelay::Stop() {
  relaying_ = false;
  all_told_ = false;
  due_.clear();
  in_flight_ = 0;
  absl::erase_if(entries_, [](auto& each) {
    Entry& entry = each.second;
    entry = {.held = entry.held, .foreign = entry.foreign};
    return entry.held == 0;
  });
}

void OfferRelay::OnWatchBegun() {
  all_told_ = false;
  for (auto& [offer_id, entry] : entries_) entry.told = false;
}

void OfferRelay::OnOffer(const crossing::v1::Offer& offer, int64_t now_ms) {
  const bool full = entries_.size() >= offers::kOffersMax && Find(offer.offer_id()) == nullptr;
  if (full || !offers::WhyMalformed(offer).empty()) {
    ++untold_;
    return;
  }
  Entry& entry = entries_[offer.offer_id()];
  if (entry.foreign) ++untold_;
  entry.wanted = offer.SerializeAsString();
  entry.wanting = true;
  entry.told = true;
  Weigh(offer.offer_id(), &entry, now_ms);
}

// What was not told is not on offer any more, whether this bridge knew of it or found it in the
// topic.
void OfferRelay::OnAllTold(int64_t now_ms) {
  if (std::exchange(all_told_, true)) return;
  for (auto& [offer_id, entry] : entries_) {
    if (entry.told) continue;
    entry.wanted.clear();
    entry.wanting = true;
    Weigh(offer_id, &entry, now_ms);
  }
}

// Lists the offer as due if its record is not what it should be, and only then. An offer that is
// ordered all the time changes all the time: it is written at intervals, what is new at once.
void OfferRelay::Weigh(const std::string& offer_id, Entry* entry, int64_t now_ms) {
  const bool due = relaying_ && entry->wanting && !entry->foreign && !entry->writing &&
                   HashOf(entry->wanted) != entry->held;
  if (!due) return Unlist(offer_id, entry);
  if (entry->due_ms >= 0) return;
  entry->due_ms = std::max(now_ms, entry->written_ms + kRelayIntervalMs);
  due_.emplace(entry->due_ms, offer_id);
}

void OfferRelay::Unlist(const std::string& offer_id, Entry* entry) {
  if (entry->due_ms >= 0) due_.erase({entry->due_ms, offer_id});
  entry->due_ms = -1;
}

std::vector<OfferRelay::Write> OfferRelay::Due(int64_t now_ms) {
  std::vector<Write> writes;
  if (!relaying_ || !topic_complete_ || !all_told_) return writes;
  while (!due_.empty() && due_.begin()->first <= now_ms && in_flight_ < kRelayWritesMax) {
    const std::string offer_id = due_.begin()->second;
    Entry& entry = *Find(offer_id);
    Unlist(offer_id, &entry);
    entry.writing = true;
    entry.written_ms = now_ms;
    ++in_flight_;
    writes.push_back({offer_id, entry.wanted});
  }
  return writes;
}

}  // namespace jembatan::bridge
