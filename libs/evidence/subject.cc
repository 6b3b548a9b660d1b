#include "libs/evidence/subject.h"

#include <utility>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/bytes.h"
#include "libs/ledger/tree.h"

namespace jembatan::evidence {
namespace {

using ledger::Hash;
using ledger::LogId;

constexpr std::string_view kFolder = "subject/";

template <typename Message>
bool Parse(std::string_view value, Message* message) {
  return message->ParseFromArray(value.data(), static_cast<int>(value.size()));
}

bool TakeProof(std::string_view* bytes, std::vector<Hash>* proof) {
  uint64_t count = 0;
  if (!TakeNumber<1>(bytes, &count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    std::string_view hash;
    if (!TakeBytes(bytes, ledger::kHashBytes, &hash)) return false;
    proof->push_back(*ledger::HashOf(hash));
  }
  return true;
}

}  // namespace

std::string TrailName(const LogId& log) { return std::string(kFolder) + ledger::NameOf(log); }

bool ParseTrailName(std::string_view name, LogId* log) {
  if (!name.starts_with(kFolder)) return false;
  return ParseSegmentName("records/" + std::string(name.substr(kFolder.size())), log);
}

void AppendProven(const LogId& log, Proven proven, std::string* bytes) {
  ledger::Hasher hasher;
  ledger::LeafMaker maker(log);
  AppendNumber<8>(proven.index, bytes);
  AppendNumber<1>(proven.proof.size(), bytes);
  for (const Hash& hash : proven.proof) bytes->append(ledger::BytesOf(hash));
  const Hash leaf = LeafOf(hasher, maker, &proven.record);
  AppendRecord(proven.record, leaf, bytes);
}

Trail ReadTrail(const ledger::Head& head, std::string_view subject, std::string_view bytes,
                Faults* faults) {
  Trail trail{.log = head.log};
  ledger::Hasher hasher;
  ledger::LeafMaker maker(head.log);
  while (!bytes.empty()) {
    Proven proven;
    Hash leaf;
    if (!TakeNumber<8>(&bytes, &proven.index) || !TakeProof(&bytes, &proven.proof) ||
        !TakeRecord(&bytes, &proven.record, &leaf)) {
      faults->push_back({TrailName(head.log), "its record " + std::to_string(trail.records.size()) +
                                                  " is cut off, or its lengths are wrong"});
      return trail;
    }
    const std::string place = PlaceOf(head.log, proven.index);
    const bool sealed =
        LeafOf(hasher, maker, &proven.record) == leaf &&
        ledger::VerifyInclusion(hasher, proven.index, head.size, leaf, proven.proof, head.root);
    if (!sealed) {
      faults->push_back({place, "it is not what was sealed"});
      return trail;
    }
    if (!trail.records.empty() && proven.index <= trail.records.back().index) {
      faults->push_back({place, "it does not follow the one before it"});
      return trail;
    }
    if (BuyerOf(head.log.topic, proven.record.value) != subject) {
      faults->push_back({place, "it speaks of somebody else"});
      return trail;
    }
    trail.records.push_back(std::move(proven));
  }
  return trail;
}

std::string BuyerOf(std::string_view topic, std::string_view value) {
  crossing::v1::PurchaseIntent intent;
  if (topic == kIntents) return Parse(value, &intent) ? intent.buyer_ref() : std::string();
  if (topic == kOutcomes) {
    crossing::v1::OutcomeRecord record;
    return Parse(value, &record) ? record.outcome().buyer_ref() : std::string();
  }
  if (topic == kOrderStates) {
    crossing::v1::OrderStateRecord state;
    return Parse(value, &state) ? state.buyer_ref() : std::string();
  }
  crossing::v1::DeadLetter letter;
  if (topic != kDeadLetters || !Parse(value, &letter) || !Parse(letter.value(), &intent)) return {};
  return intent.buyer_ref();
}

}  // namespace jembatan::evidence
