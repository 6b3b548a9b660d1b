#include "libs/evidence/bundle.h"

#include <utility>

#include "jembatan/crossing/v1/controls.pb.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/evidence/limits.h"
#include "libs/ledger/tree.h"
#include "libs/policy/parse.h"

namespace jembatan::evidence {
namespace {

using ledger::Hash;
using ledger::Head;

class Reader {
 public:
  Reader(const Files& files, const ledger::NoteVerifier& auditor, Faults* faults)
      : files_(files), auditor_(auditor), faults_(faults) {}

  Bundle Read() && {
    const bool named = ReadManifest();
    // Before the whole files' digests, so that the first bad record is named before its file is.
    ReadSegments();
    bundle_.seals = ReadSeals(files_, auditor_, faults_);
    ReadTrails();
    ReadPolicies();
    ReadOrderedPolicies();
    ReadGoodsKeys();
    ReadOperators();
    if (named) CheckListed(manifest_, files_, faults_);
    if (!faults_->empty() || !bundle_.scope.subject.empty()) return std::move(bundle_);
    CheckHeads();
    CheckReach();
    return std::move(bundle_);
  }

 private:
  void Fail(std::string place, std::string what) {
    faults_->push_back({std::move(place), std::move(what)});
  }

  bool ReadManifest() {
    const std::string* text = Find(files_, std::string(kManifestName), faults_);
    if (text == nullptr) return false;
    absl::StatusOr<Manifest> manifest = ParseManifest(*text);
    if (!manifest.ok()) {
      Fail(std::string(kManifestName), std::string(base::Std(manifest.status().message())));
      return false;
    }
    manifest_ = *std::move(manifest);
    bundle_.scope = manifest_.scope;
    if (bundle_.scope.auditor != auditor_.text()) {
      Fail(std::string(kManifestName), "it names another auditor than the key given");
    }
    return true;
  }

  // A file that nothing here looks into could say anything.
  bool IsKnown(const std::string& name) const {
    return name == kManifestName || name == kOperatorsName || name == kGoodsKeysName ||
           name == kFiguresName || name == kReportName || name.starts_with(kPoliciesFolder) ||
           IsSealsName(name);
  }

  void ReadSegments() {
    for (const auto& [name, content] : files_) {
      ledger::LogId log;
      // Either everybody's records or one subject's.
      const bool trail = !bundle_.scope.subject.empty() && ParseTrailName(name, &log);
      if (trail || IsKnown(name)) continue;
      if (!bundle_.scope.subject.empty() || !ParseSegmentName(name, &log)) {
        Fail(name, "a bundle has no such file");
        continue;
      }
      bundle_.segments.emplace(log, ReadSegment(log, content, !IsCompacted(log.topic), faults_));
    }
  }

  void ReadTrails() {
    for (const auto& [name, content] : files_) {
      ledger::LogId log;
      if (bundle_.scope.subject.empty() || !ParseTrailName(name, &log)) continue;
      const Head* head = HeadOf(bundle_.seals.end, log);
      if (head == nullptr) {
        Fail(name, "no seal covers it");
        continue;
      }
      bundle_.trails.push_back(ReadTrail(*head, bundle_.scope.subject, content, faults_));
    }
  }

  void ReadPolicies() {
    const auto consent = policy::ConsentOnly();
    bundle_.policies[consent->version] = consent;
    for (const auto& [name, content] : files_) {
      if (!name.starts_with(kPoliciesFolder)) continue;
      absl::StatusOr<policy::Policy> parsed = policy::ParsePolicy(name, content);
      if (!parsed.ok()) {
        Fail(name, std::string(base::Std(parsed.status().message())));
        continue;
      }
      const std::string named = std::string(kPoliciesFolder) + base::Hex(parsed->version) + ".toml";
      if (name != named) Fail(name, "it holds the policy " + base::Hex(parsed->version));
      std::string version = parsed->version;
      bundle_.policies[std::move(version)] =
          std::make_shared<const policy::Policy>(*std::move(parsed));
    }
  }

  // One that does not parse was refused by every bridge too.
  void ReadOrderedPolicies() {
    const auto at = bundle_.segments.find({std::string(kControls), 0});
    if (at == bundle_.segments.end()) return;
    crossing::v1::Control control;
    for (const Record& record : at->second.records) {
      const auto size = static_cast<int>(record.value.size());
      if (!control.ParseFromArray(record.value.data(), size) || !control.has_policy()) continue;
      absl::StatusOr<policy::Policy> parsed =
          policy::ParsePolicy("controls", control.policy().text());
      if (!parsed.ok()) continue;
      std::string version = parsed->version;
      bundle_.policies[std::move(version)] =
          std::make_shared<const policy::Policy>(*std::move(parsed));
    }
  }

  void ReadGoodsKeys() {
    const auto at = files_.find(kGoodsKeysName);
    if (at == files_.end()) return;
    absl::StatusOr<goods::NoteKeys> keys = goods::NoteKeys::Parse(at->second);
    if (keys.ok()) {
      bundle_.goods_keys = *std::move(keys);
    } else {
      Fail(at->first, std::string(base::Std(keys.status().message())));
    }
  }

  void ReadOperators() {
    const auto at = files_.find(kOperatorsName);
    if (at == files_.end()) {
      if (bundle_.scope.operators_needed > 0) {
        Fail(std::string(kOperatorsName), "operators must sign, and their keys are missing");
      }
      return;
    }
    absl::StatusOr<identity::KeySet> keys = identity::KeySet::FromJwks(at->second);
    if (keys.ok()) {
      bundle_.operators = std::make_shared<const identity::KeySet>(*std::move(keys));
    } else {
      Fail(at->first, std::string(base::Std(keys.status().message())));
    }
  }

  // Every log that the seal vouches for is there, with just the leaves that it vouches for.
  void CheckHeads() {
    for (const Head& head : bundle_.seals.end.heads) {
      const auto at = bundle_.segments.find(head.log);
      if (at == bundle_.segments.end()) {
        Fail(SegmentName(head.log), "the seal covers it, and it is missing");
        continue;
      }
      CheckRoots(at->second, head);
    }
    for (const auto& [log, segment] : bundle_.segments) {
      if (HeadOf(bundle_.seals.end, log) == nullptr) {
        Fail(SegmentName(log), "no seal covers it");
      }
    }
  }

  void CheckRoots(const Segment& segment, const Head& head) {
    const Head* before = bundle_.seals.begin ? HeadOf(*bundle_.seals.begin, head.log) : nullptr;
    const std::string name = SegmentName(head.log);
    if (segment.size() != head.size) {
      return Fail(name, "it holds " + std::to_string(segment.size()) + " records of the " +
                            std::to_string(head.size) + " that are sealed");
    }
    if (before != nullptr && (before->size < segment.first || before->size > head.size)) {
      return Fail(name, "it does not reach back to the seal before");
    }
    ledger::CompactRange tree = *ledger::CompactRange::FromPeaks(segment.first, segment.peaks);
    bool good =
        before == nullptr || before->size != tree.size() || tree.Root(hasher_) == before->root;
    for (const Hash& leaf : segment.leaves) {
      tree.Append(hasher_, leaf, [](int, uint64_t, const Hash&) {});
      if (before != nullptr && before->size == tree.size()) {
        good = good && tree.Root(hasher_) == before->root;
      }
    }
    if (!good) return Fail(name, "the seal before has another root for it");
    if (tree.Root(hasher_) != head.root) Fail(name, "the seal has another root for it");
    if (!segment.records.empty() && segment.records.back().offset >= head.next_offset) {
      Fail(name, "its last offset lies behind what was sealed");
    }
  }

  // Whether the records reach over the whole of the window.
  void CheckReach() {
    if (bundle_.seals.end.time_ms < bundle_.scope.to_ms) {
      Fail("seals/end.seal", "it was made before the window's end");
    }
    for (const auto& [log, segment] : bundle_.segments) {
      const std::string name = SegmentName(log);
      if (IsCompacted(log.topic)) {
        if (segment.first != 0) Fail(name, "the log's beginning is missing");
        continue;
      }
      for (const Record& record : segment.records) {
        if (record.whole) continue;
        Fail(name, "offset " + std::to_string(record.offset) + " is there by its digest only");
        break;
      }
      const bool reaches = segment.first == 0 ||
                           (!segment.records.empty() &&
                            segment.records.front().append_ms < bundle_.scope.from_ms - kLeadMs);
      if (!reaches) Fail(name, "it does not reach back to before the window");
    }
  }

  const Files& files_;
  const ledger::NoteVerifier& auditor_;
  Faults* faults_;
  ledger::Hasher hasher_;
  Manifest manifest_;
  Bundle bundle_;
};

}  // namespace

bool IsCompacted(std::string_view topic) { return topic == kOffers || topic == kControls; }

Bundle ReadBundle(const Files& files, const ledger::NoteVerifier& auditor, Faults* faults) {
  return Reader(files, auditor, faults).Read();
}

absl::StatusOr<ledger::NoteVerifier> AuditorOf(const Files& files) {
  const auto at = files.find(kManifestName);
  if (at == files.end()) return base::InvalidArgument("there is no manifest");
  JEMB_ASSIGN_OR_RETURN(const Manifest manifest, ParseManifest(at->second));
  return ledger::NoteVerifier::Parse(manifest.scope.auditor);
}

}  // namespace jembatan::evidence
