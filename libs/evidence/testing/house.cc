#include "libs/evidence/testing/house.h"

#include <utility>

#include "libs/base/ids.h"
#include "libs/base/timestamp.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/verify.h"
#include "libs/intent/limits.h"
#include "libs/ledger/checkpoint.h"
#include "libs/ledger/seal.h"
#include "libs/ledger/tree.h"
#include "libs/policy/policy.h"

namespace jembatan::evidence::testing {

using crossing::v1::Outcome;
using crossing::v1::OutcomeRecord;
using crossing::v1::PurchaseIntent;
using ledger::Hash;
using ledger::LogId;

namespace {

constexpr int64_t kPriceMinor = 2'500'000;

ledger::NodeSource SourceOf(const std::vector<Hash>& leaves) {
  return [&leaves](int level, uint64_t index) -> absl::StatusOr<Hash> {
    ledger::Hasher hasher;
    ledger::CompactRange range;
    for (uint64_t i = index << level; i < (index + 1) << level; ++i) {
      range.Append(hasher, leaves[i], [](int, uint64_t, const Hash&) {});
    }
    return range.Root(hasher);
  };
}

}  // namespace

std::string Tap::id() const { return base::Uuid::MakeV7(at_ms, 7, number).ToString(); }

std::string Tap::buyer_ref() const {
  return std::string(31, 'r') + static_cast<char>('A' + buyer % 26);
}

PurchaseIntent Tap::Intent() const {
  PurchaseIntent intent;
  intent.set_intent_id(id());
  intent.set_buyer_ref(buyer_ref());
  intent.set_offer_id(offer);
  intent.set_quantity(1);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(kPriceMinor);
  intent.set_campaign_id(campaign);
  intent.set_marketplace_id(kMarketplace);
  intent.set_consent_given(true);
  intent.set_consent_version("1");
  intent.set_accepted_by("gateway-0");
  base::SetMs(at_ms + intent::kTtlMs, intent.mutable_deadline());
  intent.set_fingerprint(std::string(32, static_cast<char>('a' + number % 26)));
  return intent;
}

Outcome Tap::Ordered(int64_t intent_offset) const {
  Outcome outcome;
  outcome.set_intent_id(id());
  outcome.set_buyer_ref(buyer_ref());
  outcome.set_offer_id(offer);
  outcome.set_state(Outcome::STATE_ORDERED);
  outcome.set_order_id("T-" + std::to_string(number));
  outcome.set_continue_url("https://" + std::string(kHost) + "/o/" + std::to_string(number));
  outcome.mutable_price()->set_currency("IDR");
  outcome.mutable_price()->set_amount_minor(kPriceMinor);
  outcome.set_fingerprint(Intent().fingerprint());
  outcome.set_intent_offset(intent_offset);
  base::SetMs(at_ms, outcome.mutable_intent_append_time());
  base::SetMs(at_ms + 20, outcome.mutable_decided_at());
  outcome.set_policy_rule("consent");
  outcome.set_policy_version(policy::ConsentOnly()->version);
  outcome.set_route_mode(crossing::v1::ROUTE_MODE_BACKEND);
  return outcome;
}

House::House() : signer_(*ledger::NoteSigner::Generate("auditor.test")) {}

int64_t House::Put(const LogId& log, std::string key, std::string value, int64_t append_ms) {
  std::vector<Stored>& records = logs_[log];
  const auto offset = static_cast<int64_t>(records.size());
  records.push_back({offset, append_ms, std::move(key), std::move(value)});
  return offset;
}

int64_t House::Put(const PurchaseIntent& intent, int64_t append_ms, int32_t partition) {
  return Put({std::string(kIntents), partition}, intent.offer_id(), intent.SerializeAsString(),
             append_ms);
}

int64_t House::Put(const Outcome& outcome, int64_t append_ms, int32_t partition) {
  OutcomeRecord record;
  record.set_marketplace_id(kMarketplace);
  record.set_written_by("bridge-0");
  *record.mutable_outcome() = outcome;
  return Put({std::string(kOutcomes), partition}, outcome.offer_id(), record.SerializeAsString(),
             append_ms);
}

void House::Open(int64_t progress_ms, int64_t append_ms, int32_t partition) {
  OutcomeRecord record;
  record.set_marketplace_id(kMarketplace);
  base::SetMs(progress_ms, record.mutable_open()->mutable_progress());
  Put({std::string(kOutcomes), partition}, "", record.SerializeAsString(), append_ms);
}

void House::Buy(const Tap& tap, int64_t took_ms, int32_t partition) {
  const int64_t offset = Put(tap.Intent(), tap.at_ms, partition);
  Put(tap.Ordered(offset), tap.at_ms + took_ms, partition);
}

void House::Sell(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    Buy({.number = i + 1,
         .at_ms = kFromMs + 1'000 + static_cast<int64_t>(i) * 100,
         .campaign = i % 4 == 0 ? "beli-lokal" : "",
         .buyer = i % 10},
        30 + static_cast<int64_t>(i % 7));
  }
}

void House::Close() { Open(kToMs + kTailMs / 2, kToMs + kTailMs / 2 + 10); }

void House::Trade(uint64_t count) {
  Sell(count);
  Close();
}

std::vector<Hash> House::LeavesOf(const LogId& log) const {
  ledger::Hasher hasher;
  ledger::LeafMaker maker(log);
  std::vector<Hash> leaves;
  for (const Stored& stored : logs_.at(log)) {
    Record record{.offset = stored.offset,
                  .append_ms = stored.append_ms,
                  .key = stored.key,
                  .value = stored.value};
    leaves.push_back(LeafOf(hasher, maker, &record));
  }
  return leaves;
}

void House::Seal(int64_t time_ms) {
  ledger::Hasher hasher;
  ledger::Seal seal{.time_ms = time_ms};
  for (const auto& [log, records] : logs_) {
    const std::vector<Hash> leaves = LeavesOf(log);
    seal.heads.push_back({log, 0, static_cast<int64_t>(records.size()), leaves.size(),
                          *ledger::RootAt(hasher, leaves.size(), SourceOf(leaves))});
  }
  seals_.push_back(ledger::FormatSeal(seal));
  std::vector<Hash> leaves;
  for (const std::string& text : seals_) leaves.push_back(hasher.Leaf(text));
  checkpoints_.push_back(signer_.Sign(
      ledger::FormatCheckpoint({signer_.verifier().name(), leaves.size(),
                                *ledger::RootAt(hasher, leaves.size(), SourceOf(leaves))})));
}

Files House::Bare(const std::map<LogId, uint64_t>& first) const {
  Files files;
  for (const auto& [log, records] : logs_) {
    const auto at = first.find(log);
    const uint64_t begin = at == first.end() ? 0 : at->second;
    SegmentWriter writer(log, begin, PeaksOf(LeavesOf(log), begin));
    for (size_t i = begin; i < records.size(); ++i) {
      writer.Add({.offset = records[i].offset,
                  .append_ms = records[i].append_ms,
                  .key = records[i].key,
                  .value = records[i].value});
    }
    files[SegmentName(log)] = std::move(writer).Finish();
  }
  ledger::Hasher hasher;
  std::vector<Hash> leaves;
  for (const std::string& text : seals_) leaves.push_back(hasher.Leaf(text));
  const auto sealed = [&](size_t number) {
    const std::vector<Hash> until(leaves.begin(),
                                  leaves.begin() + static_cast<ptrdiff_t>(number) + 1);
    return Sealed{seals_[number], checkpoints_[number],
                  *ledger::InclusionProof(hasher, number, number + 1, SourceOf(until))};
  };
  Seals seals{.end = sealed(seals_.size() - 1)};
  if (seals_.size() > 1) {
    seals.begin = sealed(0);
    seals.consistency = *ledger::ConsistencyProof(hasher, 1, seals_.size(), SourceOf(leaves));
  }
  AddSeals(seals, &files);
  return files;
}

Scope House::TheScope() const {
  return {.from_ms = kFromMs, .to_ms = kToMs, .auditor = auditor().text(), .hosts = {kHost}};
}

Files House::Bundle() const {
  Files files = Bare();
  const absl::Status made = Complete(TheScope(), auditor(), &files);
  // Throws what is wrong with it.
  return made.ok() ? std::move(files) : absl::StatusOr<Files>(made).value();
}

std::vector<Hash> PeaksOf(const std::vector<Hash>& leaves, uint64_t size) {
  ledger::Hasher hasher;
  ledger::CompactRange range;
  for (uint64_t i = 0; i < size; ++i) {
    range.Append(hasher, leaves[i], [](int, uint64_t, const Hash&) {});
  }
  return range.peaks();
}

}  // namespace jembatan::evidence::testing
