#include "libs/controls/feed.h"

#include <algorithm>

namespace jembatan::controls {

Controls::Applied ControlsFeed::OnRecord(int64_t offset, std::string_view key,
                                         std::string_view value) {
  if (handed_out_) controls_ = std::make_shared<Controls>(*controls_);
  handed_out_ = false;
  Controls::Applied applied = controls_->Apply(offset, key, value);
  OnReached(offset + 1);
  return applied;
}

// One end at a time: while the reader is behind the one heard of, a later one would only put off
// the moment at which it counts as read.
void ControlsFeed::OnEnd(int64_t end, int64_t asked_ms) {
  if (end_ < 0) {
    end_ = end;
    end_asked_ms_ = asked_ms;
  }
  OnReached(reached_);
}

void ControlsFeed::OnReached(int64_t next_offset) {
  reached_ = std::max(reached_, next_offset);
  if (end_ < 0 || reached_ < end_) return;
  complete_ms_ = std::max(complete_ms_, end_asked_ms_);
  end_ = -1;
}

Snapshot ControlsFeed::At(int64_t now_ms) {
  if (complete_ms_ < 0 || now_ms - complete_ms_ > kStaleMs) return nullptr;
  handed_out_ = true;
  return controls_;
}

}  // namespace jembatan::controls
