#include "services/marketplace/offer_feed.h"

#include <utility>

namespace jembatan::marketplace {

void OfferFeed::Publish(std::vector<Offer> offers) {
  if (offers.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    for (Offer& offer : offers) {
      Entry& entry = offers_[offer.offer_id];
      if (entry.version != 0) by_version_.erase(entry.version);
      entry.offer = std::make_shared<const Offer>(std::move(offer));
      entry.version = ++version_;
      by_version_.emplace(entry.version, entry.offer);
    }
  }
  changed_.notify_all();
}

OfferFeed::Changes OfferFeed::Snapshot() const {
  Changes changes;
  const std::scoped_lock lock(mutex_);
  changes.offers.reserve(offers_.size());
  for (const auto& [id, entry] : offers_) changes.offers.push_back(entry.offer);
  changes.version = version_;
  return changes;
}

OfferFeed::Changes OfferFeed::ChangesSince(uint64_t version, size_t most) const {
  Changes changes;
  changes.version = version;
  const std::scoped_lock lock(mutex_);
  for (auto it = by_version_.upper_bound(version); it != by_version_.end(); ++it) {
    if (changes.offers.size() == most) {
      changes.more = true;
      break;
    }
    changes.offers.push_back(it->second);
    changes.version = it->first;
  }
  return changes;
}

OfferFeed::Page OfferFeed::PageAfter(const std::string& offer_id, size_t most) const {
  Page page;
  const std::scoped_lock lock(mutex_);
  for (auto it = offers_.upper_bound(offer_id); it != offers_.end(); ++it) {
    if (page.offers.size() == most) {
      page.more = true;
      break;
    }
    page.offers.push_back(it->second.offer);
  }
  return page;
}

OfferFeed::OfferPtr OfferFeed::Find(const std::string& offer_id) const {
  const std::scoped_lock lock(mutex_);
  const auto it = offers_.find(offer_id);
  return it == offers_.end() ? nullptr : it->second.offer;
}

void OfferFeed::WaitPast(uint64_t version, std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [&] { return closed_ || version_ > version; });
}

void OfferFeed::Pause(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [&] { return closed_; });
}

void OfferFeed::Close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool OfferFeed::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

}  // namespace jembatan::marketplace
