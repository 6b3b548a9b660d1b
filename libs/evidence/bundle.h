#pragma once

// Bundle: a bundle's files read and held against what was sealed: every record against its leaf,
// the leaves against the roots that a signed checkpoint covers. What is in a Bundle without faults
// was sealed by the auditor, is all that its logs hold from where they begin here, and may be
// reckoned with. Nothing but the files and the auditor's key is needed. Pure; any thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/evidence/archive.h"
#include "libs/evidence/fault.h"
#include "libs/evidence/manifest.h"
#include "libs/evidence/seals.h"
#include "libs/evidence/segment.h"
#include "libs/evidence/subject.h"
#include "libs/goods/note_keys.h"
#include "libs/identity/token.h"
#include "libs/policy/policy.h"

namespace jembatan::evidence {

inline constexpr std::string_view kIntents = "jembatan.intents.v1";
inline constexpr std::string_view kOutcomes = "jembatan.outcomes.v1";
inline constexpr std::string_view kOrderStates = "jembatan.orderstates.v1";
inline constexpr std::string_view kOffers = "jembatan.offers.v1";
inline constexpr std::string_view kControls = "jembatan.controls.v1";
inline constexpr std::string_view kDeadLetters = "jembatan.deadletters.v1";

inline constexpr std::string_view kOperatorsName = "operators.jwks";
inline constexpr std::string_view kGoodsKeysName = "goods.keys";
inline constexpr std::string_view kFiguresName = "figures.txt";
inline constexpr std::string_view kReportName = "report.html";
inline constexpr std::string_view kPoliciesFolder = "policies/";

// Records of such a topic are removed from it when later ones have their key: a bundle holds all of
// its log, and of what is gone the digest.
bool IsCompacted(std::string_view topic);

struct Bundle {
  Scope scope;
  SealsRead seals;
  // Of everybody's; of one subject's there are trails instead.
  std::map<ledger::LogId, Segment> segments;
  std::vector<Trail> trails;
  // By version: those of the files, those that operators have ordered in the controls' log, and the
  // one that holds without any (policy::ConsentOnly).
  std::map<std::string, std::shared_ptr<const policy::Policy>> policies;
  // Whose word about goods counts.
  goods::NoteKeys goods_keys;
  // Null: nobody need sign a control.
  std::shared_ptr<const identity::KeySet> operators;
};

// files must outlive it. auditor: who must have signed.
Bundle ReadBundle(const Files& files, const ledger::NoteVerifier& auditor, Faults* faults);

// The key that the bundle itself names; a fault if it names none.
absl::StatusOr<ledger::NoteVerifier> AuditorOf(const Files& files);

}  // namespace jembatan::evidence
