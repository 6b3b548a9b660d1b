#pragma once

// Probe: what the marketplace counts, by verbs; the numbers come out on the admin port.
//
// Owned by the service, ends after its servers. Thread-safe.

#include <memory>
#include <span>

#include "services/marketplace/order.h"

namespace prometheus {
class Registry;
}

namespace jembatan::marketplace {

class Probe {
 public:
  explicit Probe(prometheus::Registry& registry);
  ~Probe();

  // A batch was decided and is on the disk.
  void BatchDecided(std::span<const Result> results, double seconds);
  void StaleRefused();
  // Fields of a call that the contract does not have.
  void UnknownFieldsDropped(uint64_t fields);
  // The store could not answer.
  void StoreFailed();
  void HoldsCancelled(int orders);

 private:
  struct Metrics;
  std::unique_ptr<Metrics> metrics_;
};

}  // namespace jembatan::marketplace
