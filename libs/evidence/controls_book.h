#pragma once

// ControlsBook: the operators' controls of a bundle, and what they said at a time. Owned by a
// reckoning. Pure; one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/controls/controls.h"
#include "libs/evidence/articles.h"
#include "libs/evidence/figures.h"
#include "libs/evidence/segment.h"

namespace jembatan::evidence {

class ControlsBook {
 public:
  // controls: the whole log. since_ms: what held before that is never asked for.
  ControlsBook(const Segment& controls, const controls::Operators& operators, int64_t since_ms);

  const std::vector<ControlRow>& rows() const { return rows_; }
  // Whether a final can have come about under the controls that were in force between the intent's
  // append and the decision; if not, why. seller_id: empty if nothing is attested.
  std::string WhyNot(const crossing::v1::PurchaseIntent& intent, std::string_view seller_id,
                     int64_t append_ms, const crossing::v1::Outcome& outcome) const;

 private:
  struct State {
    int64_t append_ms = 0;
    controls::Controls controls;
  };
  void Read(const Record& record, int64_t since_ms);
  bool Had(const controls::Tap& tap, controls::Way way, int64_t append_ms,
           const crossing::v1::Outcome& outcome) const;
  // Rooms do not cross, nor do sellers of whom nothing is attested: whether their halts could be
  // the reason is not known.
  bool HaltsTheUnseen(const State& state) const;

  std::vector<ControlRow> rows_;
  // By time; the first one holds from the beginning on.
  std::vector<State> states_;
};

}  // namespace jembatan::evidence
