#pragma once

// Readiness: whether the bridge does its work, and if not, why: as /readyz tells it. A partition is
// stuck when it is owned, has work in hand, nothing is in its way, and its watermark (the first
// offset not committed) has stood for kStuckMs all the same. While the marketplace is out, the
// partition not owned, or its oldest intent put off, no time counts: that is the reason then.
//
// Pure; owned by the bridge's Service, the shard's thread only. It remembers as many partitions as
// the last view had.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/bridge/partition.h"

namespace jembatan::bridge {

class Readiness {
 public:
  // One of its scopes: where there are several marketplaces, one for each.
  struct PartitionView {
    int32_t number = 0;
    Standing standing;
    // Why nothing more of the partition is read until somebody mends it; empty: it is read.
    std::string stopped = {};
    // Whose scope it is; empty: the only one's.
    std::string marketplace = {};
    // The marketplace is out while others are not: nothing is expected of the scope.
    bool out = false;
  };
  // The bridge at one moment, its partitions by number.
  struct View {
    // Else nothing is sent to a marketplace.
    bool controls_known = true;
    // Of the consumer group; it may have given a member nothing.
    bool member = true;
    // Else rules about goods, and halts of a seller, wait.
    bool offers_known = true;
    // To any marketplace.
    bool stream_up = false;
    // One's breaker is closed.
    bool marketplace_usable = false;
    std::vector<PartitionView> partitions;
  };
  // A partition got stuck, or got on again.
  struct Change {
    int32_t partition;
    bool stuck;
    Standing standing;
    std::string marketplace = {};
  };

  // Judges the view; to be called several times in kStuckLookMs. Returns what has changed since the
  // last one.
  std::vector<Change> Look(const View& view, int64_t mono_ms);

  // One line for each reason; empty: ready.
  const std::string& reason() const { return reason_; }
  size_t stuck() const;

 private:
  struct Watch {
    int64_t watermark = -1;
    // How long it has stood there with nothing in its way.
    int64_t stood_ms = 0;
    bool stuck() const;
  };

  static Watch Judge(Watch watch, const View& view, const PartitionView& partition,
                     int64_t passed_ms);
  void Tell(const View& view);
  void Add(const std::string& line);

  using Key = std::pair<int32_t, std::string>;
  static Key KeyOf(const PartitionView& partition) {
    return {partition.number, partition.marketplace};
  }

  std::map<Key, Watch> watches_;
  int64_t looked_mono_ms_ = -1;
  std::string reason_;
};

// Why a partition has stopped whose next offset is not in the log, which holds [begin, end): the
// gap in words. Of what was read before, everything up to the watermark is committed.
std::string DescribeGap(const Standing& standing, int64_t begin, int64_t end);

// What the watermark waits for, in words.
const char* Describe(Standing::For waits_for);

}  // namespace jembatan::bridge
