#pragma once

// SimControls: the operators of the simulated world and their controls topic. Processes read it
// whenever their network lets them: what they know may be old. Single-threaded; owned by the
// History.

#include <functional>
#include <memory>
#include <string>

#include "libs/controls/controls.h"

namespace jembatan::simulation {

class SimControls {
 public:
  // offer_id empty: everything.
  void Halt(const std::string& offer_id, bool halted);
  // share: in hundredths of a percent.
  void Open(size_t market, uint32_t share, bool shadow);
  void Route(size_t market, bool link_out);

  const controls::Snapshot& now() const { return now_; }
  // Something was ordered.
  std::function<void()> on_change;

 private:
  void Append(crossing::v1::Control control);

  controls::Snapshot now_ = std::make_shared<const controls::Controls>();
  int64_t next_offset_ = 0;
};

}  // namespace jembatan::simulation
