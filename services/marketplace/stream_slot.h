#pragma once

// One of a bounded number of streams, given back at the end of the scope. Any thread.

#include <atomic>

namespace jembatan::marketplace {

class StreamSlot {
 public:
  StreamSlot(std::atomic<int>& taken, int most) : taken_(taken), got_(++taken <= most) {}
  ~StreamSlot() { --taken_; }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;
  bool got() const { return got_; }

 private:
  std::atomic<int>& taken_;
  const bool got_;
};

}  // namespace jembatan::marketplace
