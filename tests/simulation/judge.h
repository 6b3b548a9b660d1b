#pragma once

// Judge: decides from outside whether the promise held: P1-P6 and the certainty of NONE by the log
// and the marketplace's ledger (judge.cc), and that viewers were told the truth and were told at
// all (judge_viewers.cc). It shares no code with bridge and gateway but the contracts; which
// outcomes are void it states again in its own words.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "tests/simulation/sim_log.h"
#include "tests/simulation/sim_market.h"
#include "tests/simulation/sim_viewer.h"

namespace jembatan::simulation {

struct JudgedHistory {
  std::string violation;
  uint64_t intents = 0;
  uint64_t expired = 0;
  uint64_t void_outcomes = 0;
  // Finals by an operator's control.
  uint64_t stopped = 0;
};

// What all viewers have to say.
struct Witnesses {
  std::vector<const TapStory*> stories;
  // Times a viewer was told of an intent that is not its own.
  int strangers = 0;
  // Orders that bridges sent though they knew of a control that said otherwise.
  int disobeyed = 0;
};

JudgedHistory JudgeHistory(const SimLog& log, const std::vector<LedgerRow>& ledger,
                           const Witnesses& witnesses);

// (buyer, id, fingerprint): an intent.
using Body = std::tuple<std::string, std::string, std::string>;

// What the log and the ledger say, in the order of their making.
struct Evidence {
  struct Seen {
    size_t market = 0;
    int partition = 0;
    int64_t offset = 0;  // of the first copy that is not void
    int64_t append_ms = 0;
    std::string offer_id;
  };
  struct Told {
    crossing::v1::Outcome outcome;
    int64_t offset = 0;
  };

  const SimLog& log;
  const std::vector<LedgerRow>& ledger;
  std::map<Body, Seen> intents;  // those with a copy that is not void
  std::map<Body, Told> finals;   // the valid ones
};

// The first thing that viewers were told wrongly, or not at all; empty: nothing.
std::string JudgeViewers(const Evidence& evidence, const Witnesses& witnesses);

// The first thing that the auditor's Shadow finds in the topics: on a log with which nothing is
// wrong a false alarm. It reads the topics one ahead of the other, and changes over to a successor.
std::string JudgeShadow(const SimLog& log);

// "what: intent <id>".
std::string ViolationBy(const std::string& what, const std::string& intent_id);
// What was violated, without by whom.
std::string KindOf(const std::string& violation);

}  // namespace jembatan::simulation
