#include "libs/crossing/outcome_judge.h"

namespace jembatan::crossing {

OutcomeJudge::Verdict OutcomeJudge::Judge(const v1::OutcomeRecord& record) {
  if (record.body_case() == v1::OutcomeRecord::kClaim) return Verdict::kValid;
  uint64_t token = record.token();
  uint64_t& highest = highest_open_[record.marketplace_id()];
  // Void whatever came before the reading began: a higher open has been seen.
  if (token < highest) return Verdict::kVoid;
  if (token < static_cast<uint64_t>(from_)) return Verdict::kReadEarlier;
  if (record.body_case() == v1::OutcomeRecord::kOpen) highest = token;
  return Verdict::kValid;
}

uint64_t OutcomeJudge::HighestOpen(const std::string& marketplace_id) const {
  auto it = highest_open_.find(marketplace_id);
  return it == highest_open_.end() ? 0 : it->second;
}

}  // namespace jembatan::crossing
