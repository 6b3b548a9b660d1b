#include <vector>

#include "libs/history/shadow.h"
#include "libs/intent/limits.h"
#include "tests/simulation/judge.h"

namespace jembatan::simulation {
namespace {

// One partition's topics as an auditor reads them, in turns whose lengths are drawn.
class Auditor {
 public:
  Auditor(const SimLog& log, size_t partition)
      : intents_(log.intents[partition]),
        outcomes_(log.outcomes[partition]),
        chance_(Mix(partition, intents_.size() + outcomes_.size())) {}

  std::vector<history::Breach> Read() {
    while (intents_read_ < intents_.size() || outcomes_read_ < outcomes_.size()) {
      for (int64_t i = chance_.Between(0, 40); i > 0; --i) ReadIntent();
      for (int64_t i = chance_.Between(0, 40); i > 0; --i) ReadOutcome();
      if (chance_.OneIn(20)) ChangeOver();
    }
    return breaches_;
  }

 private:
  void ReadIntent() {
    if (intents_read_ == intents_.size()) return;
    const LogRecord& record = intents_[intents_read_];
    shadow_.OnIntent(static_cast<int64_t>(intents_read_++), record.append_ms, record.key,
                     record.value, &breaches_);
  }
  void ReadOutcome() {
    if (outcomes_read_ == outcomes_.size()) return;
    const LogRecord& record = outcomes_[outcomes_read_];
    shadow_.OnOutcome(static_cast<int64_t>(outcomes_read_++), record.append_ms, record.value,
                      &breaches_);
  }
  // As after a restart.
  void ChangeOver() {
    if (outcomes_read_ == 0) return;
    const int64_t append_ms = outcomes_[outcomes_read_ - 1].append_ms;
    shadow_ = history::Shadow(shadow_.Opens(), append_ms + intent::kBrokerSkewMs);
  }

  const std::vector<LogRecord>& intents_;
  const std::vector<LogRecord>& outcomes_;
  Chance chance_;
  history::Shadow shadow_;
  std::vector<history::Breach> breaches_;
  size_t intents_read_ = 0;
  size_t outcomes_read_ = 0;
};

}  // namespace

std::string JudgeShadow(const SimLog& log) {
  for (size_t partition = 0; partition < log.intents.size(); ++partition) {
    const std::vector<history::Breach> breaches = Auditor(log, partition).Read();
    if (breaches.empty()) continue;
    const history::Breach& first = breaches.front();
    return ViolationBy("shadow of P" + std::to_string(first.promise) + ": " + first.what,
                       first.id.ToString());
  }
  return "";
}

}  // namespace jembatan::simulation
