#pragma once

// Drill: what the log says became of intents when sales were halted: how long new ones came in, how
// long orders were made, and how each one in flight ended. All times are the brokers' append times,
// so that no two machines' clocks are compared. Pure; one thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "jembatan/crossing/v1/controls.pb.h"
#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/crossing/outcome_judge.h"

namespace jembatan::ctl {

// Of the services, when each began to obey the halt.
struct Obeyed {
  std::string service;
  // Since the command ordered the halt; a little late, as it was seen.
  int64_t after_ms = -1;
};

class Drill {
 public:
  // halt_ms: the append time of the halt. Global, of a marketplace or of an offer.
  Drill(crossing::v1::Halt halt, int64_t halt_ms) : halt_(std::move(halt)), halt_ms_(halt_ms) {}

  // Records of the topics, each partition's in their order.
  void OnIntent(int64_t append_ms, std::string_view value);
  void OnOutcome(int32_t partition, int64_t offset, int64_t append_ms, std::string_view value);

  struct Findings {
    // Accepted before the halt or after it, and without a final when it was appended.
    uint64_t in_flight = 0;
    uint64_t accepted_after = 0;
    // How those ended: "ORDERED", "REJECTED SALES_HALTED", ...; "none yet" for those that have not.
    std::map<std::string, uint64_t> ends;
    uint64_t open = 0;
    // Since the halt; -1: there was none.
    int64_t last_accepted_ms = -1;
    int64_t last_order_ms = -1;
    int64_t last_final_ms = -1;
  };
  Findings Find() const;

 private:
  // (buyer, id, fingerprint).
  using Body = std::tuple<std::string, std::string, std::string>;
  struct End {
    int64_t append_ms = 0;
    std::string name;
    bool ordered = false;
  };

  bool Concerns(const crossing::v1::PurchaseIntent& intent) const;

  const crossing::v1::Halt halt_;
  const int64_t halt_ms_;
  std::map<Body, int64_t> intents_;  // append time of the first copy that is not void
  std::map<Body, End> ends_;
  std::map<int32_t, crossing::OutcomeJudge> judges_;
};

// The time to full stop: from the order until every service obeyed it, nothing more was accepted
// and nothing more ordered.
int64_t FullStopMs(const Drill::Findings& findings, const std::vector<Obeyed>& obeyed);

// The dated report, Markdown, Indonesian and English.
std::string DrillReport(const crossing::v1::Halt& halt, std::string_view started_at,
                        const Drill::Findings& findings, const std::vector<Obeyed>& obeyed);

}  // namespace jembatan::ctl
