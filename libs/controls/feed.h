#pragma once

// ControlsFeed: what a reader of the controls topic knows at a moment. It knows nothing before it
// has read up to the topic's end, and nothing any longer when it has not done so for kStaleMs: a
// halt may have been ordered meanwhile, and whoever is asked must rather refuse.
//
// Pure; owned by one reader.

#include <cstdint>
#include <string_view>
#include <utility>

#include "libs/controls/controls.h"
#include "libs/controls/limits.h"

namespace jembatan::controls {

class ControlsFeed {
 public:
  explicit ControlsFeed(Operators operators)
      : controls_(std::make_shared<Controls>(std::move(operators))) {}

  // The topic's next record. Snapshots handed out before stay as they are.
  Controls::Applied OnRecord(int64_t offset, std::string_view key, std::string_view value);
  // The topic's end as it was at some time after asked_ms.
  void OnEnd(int64_t end, int64_t asked_ms);
  // Everything below next_offset has been read.
  void OnReached(int64_t next_offset);

  // Null: it is not known what they say.
  Snapshot At(int64_t now_ms);
  // Of what was read last, however long ago.
  uint64_t revision() const { return controls_->revision(); }

 private:
  std::shared_ptr<Controls> controls_;
  // Somebody may hold it: the next record changes a copy.
  bool handed_out_ = false;
  int64_t reached_ = 0;
  // The end heard of that has not been reached, and when it was asked for; -1: none.
  int64_t end_ = -1;
  int64_t end_asked_ms_ = -1;
  // Everything that was in the topic then has been read; -1: never.
  int64_t complete_ms_ = -1;
};

}  // namespace jembatan::controls
