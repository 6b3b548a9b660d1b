#include "services/bridge/readiness.h"

#include <algorithm>
#include <utility>

#include "services/bridge/limits.h"

namespace jembatan::bridge {

const char* Describe(Standing::For waits_for) {
  switch (waits_for) {
    case Standing::For::kNothing:
      return "nothing";
    case Standing::For::kFetch:
      return "records to be fetched";
    case Standing::For::kLane:
      return "its lane";
    case Standing::For::kGoods:
      return "what the marketplace attests about its goods";
    case Standing::For::kPutOff:
      return "a marketplace that puts it off";
    case Standing::For::kMarketplace:
      return "the marketplace's answer";
    case Standing::For::kLog:
      return "its outcome to be read back from the log";
    case Standing::For::kCommit:
      return "its commit";
  }
  return "nothing";
}

std::string DescribeGap(const Standing& standing, int64_t begin, int64_t end) {
  const std::string next = std::to_string(standing.next_offset);
  const std::string committed = std::to_string(standing.watermark);
  if (begin > standing.next_offset) {
    return "offsets " + next + " to " + std::to_string(begin - 1) +
           " are gone from the log, which begins at " + std::to_string(begin) + "; committed is " +
           committed;
  }
  return "offset " + next + " lies behind the log, which ends at " + std::to_string(end) +
         "; committed is " + committed;
}

bool Readiness::Watch::stuck() const { return stood_ms >= kStuckMs; }

std::vector<Readiness::Change> Readiness::Look(const View& view, int64_t mono_ms) {
  int64_t passed_ms = looked_mono_ms_ < 0 ? 0 : mono_ms - looked_mono_ms_;
  passed_ms = std::min(passed_ms, kStuckLookMs);
  looked_mono_ms_ = mono_ms;
  std::vector<Change> changes;
  std::map<Key, Watch> before = std::exchange(watches_, {});
  for (const PartitionView& partition : view.partitions) {
    const Watch& earlier = before[KeyOf(partition)];
    Watch& watch = watches_[KeyOf(partition)];
    watch = Judge(earlier, view, partition, passed_ms);
    if (watch.stuck() == earlier.stuck()) continue;
    changes.push_back({partition.number, watch.stuck(), partition.standing, partition.marketplace});
  }
  Tell(view);
  return changes;
}

Readiness::Watch Readiness::Judge(Watch watch, const View& view, const PartitionView& partition,
                                  int64_t passed_ms) {
  const Standing& standing = partition.standing;
  bool idle = standing.waits_for == Standing::For::kNothing;
  // A stopped partition has a reason of its own.
  if (idle || !partition.stopped.empty() || standing.watermark != watch.watermark) {
    return {.watermark = standing.watermark};
  }
  bool in_its_way = partition.out || !view.controls_known || !view.offers_known ||
                    !view.stream_up || !view.marketplace_usable || !standing.owned ||
                    standing.waits_for == Standing::For::kPutOff;
  if (!in_its_way) watch.stood_ms += passed_ms;
  return watch;
}

void Readiness::Tell(const View& view) {
  reason_.clear();
  int32_t told = -1;
  for (const PartitionView& partition : view.partitions) {
    // It has stopped for all marketplaces alike.
    if (partition.stopped.empty() || std::exchange(told, partition.number) == partition.number) {
      continue;
    }
    Add("partition " + std::to_string(partition.number) + " has stopped: " + partition.stopped);
  }
  if (!view.controls_known) return Add("it is not known what the operators' controls say");
  if (!view.member) return Add("it is not a member of the consumer group");
  if (!view.stream_up) return Add("the stream to the marketplace is down");
  if (!view.offers_known) Add("it is not known what is attested about goods");
  if (!view.marketplace_usable) return Add("the marketplace decides nothing and is only tried");
  for (const PartitionView& partition : view.partitions) {
    if (!partition.stopped.empty() || partition.out) continue;
    std::string name = "partition " + std::to_string(partition.number);
    if (!partition.marketplace.empty()) name += " for " + partition.marketplace;
    const Standing& standing = partition.standing;
    if (!standing.owned) {
      Add(name + " is not owned yet");
    } else if (watches_[KeyOf(partition)].stuck()) {
      Add(name + " is stuck at offset " + std::to_string(standing.watermark) + " of " +
          std::to_string(standing.log_end) + ": it waits for " + Describe(standing.waits_for));
    }
  }
}

void Readiness::Add(const std::string& line) {
  if (!reason_.empty()) reason_ += '\n';
  reason_ += line;
}

size_t Readiness::stuck() const {
  return static_cast<size_t>(std::count_if(watches_.begin(), watches_.end(),
                                           [](const auto& entry) { return entry.second.stuck(); }));
}

}  // namespace jembatan::bridge
