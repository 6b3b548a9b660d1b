#pragma once

// OfferFeed: the committed state of every offer, for those who watch. The store publishes after
// each commit, in the order of commits; watchers read from any thread and wait for changes. Closed
// before the servers stop, which ends every wait.
//
// Owned by the store. Thread-safe.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/marketplace/order.h"

namespace jembatan::marketplace {

class OfferFeed {
 public:
  using OfferPtr = std::shared_ptr<const Offer>;

  struct Changes {
    std::vector<OfferPtr> offers;
    // Ask with this version for what follows.
    uint64_t version = 0;
    // The bound cut the list: more is there already.
    bool more = false;
  };

  void Publish(std::vector<Offer> offers);

  // Every offer, in the order of ids.
  Changes Snapshot() const;
  // Offers changed after the version, each once with its newest state, oldest change first.
  Changes ChangesSince(uint64_t version, size_t most) const;
  struct Page {
    std::vector<OfferPtr> offers;
    bool more = false;
  };
  // In the order of ids, those after the id given.
  Page PageAfter(const std::string& offer_id, size_t most) const;
  // Null: unknown.
  OfferPtr Find(const std::string& offer_id) const;

  // Returns when there is a newer version, when the time is over, or when the feed was closed.
  void WaitPast(uint64_t version, std::chrono::milliseconds longest);
  // Sleeps; ends early when the feed is closed.
  void Pause(std::chrono::milliseconds duration);
  void Close();
  bool closed() const;

 private:
  struct Entry {
    OfferPtr offer;
    uint64_t version = 0;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Entry> offers_;
  // The newest change of each offer.
  std::map<uint64_t, OfferPtr> by_version_;
  uint64_t version_ = 0;
  bool closed_ = false;
};

}  // namespace jembatan::marketplace
