#include "services/ctl/sealed_window.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/status.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/seals.h"
#include "libs/evidence/segment.h"
#include "libs/evidence/subject.h"
#include "libs/ledger_store/limits.h"
#include "services/ctl/times.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

using ledger::Entry;
using ledger::Head;
using ledger::LogId;
using ledger_store::Reader;
using ledger_store::SealRow;

absl::StatusOr<evidence::Sealed> SealedOf(Reader& ledger, const SealRow& row) {
  JEMB_ASSIGN_OR_RETURN(std::vector<ledger::Hash> proof,
                        ledger.SealInclusion(row.number, row.number + 1));
  return evidence::Sealed{row.text, row.checkpoint, std::move(proof)};
}

absl::Status AddSeals(Reader& ledger, const std::optional<SealRow>& begin, const SealRow& end,
                      evidence::Files* files) {
  evidence::Seals seals;
  JEMB_ASSIGN_OR_RETURN(seals.end, SealedOf(ledger, end));
  if (begin) {
    JEMB_ASSIGN_OR_RETURN(seals.begin, SealedOf(ledger, *begin));
    JEMB_ASSIGN_OR_RETURN(seals.consistency,
                          ledger.SealConsistency(begin->number + 1, end.number + 1));
  }
  evidence::AddSeals(seals, files);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Entry>> EntriesOf(Reader& ledger, const LogId& log, uint64_t first,
                                             uint64_t size) {
  std::vector<Entry> entries;
  while (first < size) {
    const uint64_t count = std::min(size - first, ledger_store::kReadEntriesMax);
    JEMB_ASSIGN_OR_RETURN(const std::vector<Entry> some, ledger.Entries(log, first, count));
    entries.insert(entries.end(), some.begin(), some.end());
    first += count;
  }
  return entries;
}

// The records of one log on their way into a segment: the ledger's entries say which are wanted.
class LogCollector {
 public:
  LogCollector(const LogId& log, uint64_t first, const std::vector<ledger::Hash>& peaks,
               std::vector<Entry> entries)
      : log_(log),
        writer_(log, first, peaks),
        entries_(std::move(entries)),
        may_be_gone_(evidence::IsCompacted(log.topic)) {}

  bool complete() const { return next_ == entries_.size(); }
  int64_t begin_offset() const { return entries_.front().offset; }

  absl::Status Take(const kafka::Record& record) {
    JEMB_RETURN_IF_ERROR(SkipTo(record.offset));
    if (complete() || entries_[next_].offset != record.offset) return absl::OkStatus();
    const Entry& entry = entries_[next_++];
    if (ledger::DigestOf(hasher_, record.key, record.value) != entry.digest ||
        record.append_time_ms != entry.append_time_ms) {
      return Missing(record.offset, "is another record than the one that was sealed");
    }
    writer_.Add({.offset = entry.offset,
                 .append_ms = entry.append_time_ms,
                 .key = record.key,
                 .value = record.value});
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Finish() && {
    JEMB_RETURN_IF_ERROR(SkipTo(INT64_MAX));
    return std::move(writer_).Finish();
  }

 private:
  // What the topic no longer holds.
  absl::Status SkipTo(int64_t offset) {
    for (; !complete() && entries_[next_].offset < offset; ++next_) {
      const Entry& gone = entries_[next_];
      if (!may_be_gone_) return Missing(gone.offset, "is no longer in the topic");
      writer_.Add({.offset = gone.offset,
                   .append_ms = gone.append_time_ms,
                   .whole = false,
                   .digest = gone.digest});
    }
    return absl::OkStatus();
  }
  absl::Status Missing(int64_t offset, const std::string& what) const {
    return base::FailedPrecondition(ledger::NameOf(log_) + " offset " + std::to_string(offset) +
                                    " " + what);
  }

  const LogId log_;
  evidence::SegmentWriter writer_;
  const std::vector<Entry> entries_;
  const bool may_be_gone_;
  size_t next_ = 0;
  ledger::Hasher hasher_;
};

class WindowCollector {
 public:
  WindowCollector(const SealedSource& source, const evidence::Scope& scope, Reader& ledger,
                  evidence::Files* files)
      : source_(source), scope_(scope), ledger_(ledger), files_(files) {}

  absl::Status Run() {
    JEMB_ASSIGN_OR_RETURN(const SealRow end, SealFor(ledger_, scope_.to_ms));
    JEMB_ASSIGN_OR_RETURN(end_, ledger::ParseSeal(end.text));
    std::optional<SealRow> begin;
    if (auto before = ledger_.SealBefore(scope_.from_ms - evidence::kLeadMs);
        before.ok() && before->number < end.number) {
      begin = *std::move(before);
      JEMB_ASSIGN_OR_RETURN(begin_, ledger::ParseSeal(begin->text));
    }
    JEMB_RETURN_IF_ERROR(AddSeals(ledger_, begin, end, files_));
    std::map<std::string, std::map<int32_t, uint64_t>> firsts;
    for (const Head& head : end_.heads) {
      JEMB_ASSIGN_OR_RETURN(firsts[head.log.topic][head.log.partition], FirstOf(head));
    }
    JEMB_RETURN_IF_ERROR(ReachBackToTokens(&firsts[std::string(evidence::kOutcomes)]));
    for (const auto& [topic, first] : firsts) JEMB_RETURN_IF_ERROR(Collect(topic, first));
    return absl::OkStatus();
  }

 private:
  // Where a log's records begin: one before the lead, so that it shows that none is left out.
  absl::StatusOr<uint64_t> FirstOf(const Head& head) {
    if (evidence::IsCompacted(head.log.topic)) return 0;
    JEMB_ASSIGN_OR_RETURN(uint64_t first,
                          ledger_.IndexAt(head.log, scope_.from_ms - evidence::kLeadMs, head.size));
    first = first > 0 ? first - 1 : 0;
    const Head* before = HeadOf(begin_, head.log);
    return before == nullptr ? first : std::min(first, before->size);
  }

  // A reader can judge an outcome only if it has read from the outcome's token on (protocol rule
  // 2).
  absl::Status ReachBackToTokens(std::map<int32_t, uint64_t>* firsts) {
    TopicScan scan = ScanOf(std::string(evidence::kOutcomes));
    for (const auto& [partition, first] : *firsts) {
      JEMB_ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                            EntriesFrom({std::string(evidence::kOutcomes), partition}, first, 1));
      if (!entries.empty()) scan.from_offsets[partition] = entries.front().offset;
    }
    if (scan.from_offsets.empty()) return absl::OkStatus();
    std::map<int32_t, int64_t> tokens = scan.from_offsets;
    crossing::v1::OutcomeRecord outcome;
    JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
      if (record.append_time_ms < scope_.from_ms - evidence::kLeadMs) return;
      if (!outcome.ParseFromArray(record.value.data(), static_cast<int>(record.value.size())) ||
          outcome.has_claim()) {
        return;
      }
      int64_t& token = tokens[record.partition];
      token = std::min(token, static_cast<int64_t>(outcome.token()));
    }));
    for (const auto& [partition, token] : tokens) {
      if (token == scan.from_offsets[partition]) continue;
      const LogId log{std::string(evidence::kOutcomes), partition};
      JEMB_ASSIGN_OR_RETURN(const uint64_t index,
                            ledger_.IndexOf(log, token, HeadOf(end_, log)->size));
      (*firsts)[partition] = std::min((*firsts)[partition], index);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Entry>> EntriesFrom(const LogId& log, uint64_t first,
                                                 uint64_t count_max) {
    const uint64_t size = HeadOf(end_, log)->size;
    return EntriesOf(ledger_, log, first, std::min(size, first + count_max));
  }

  absl::Status Collect(const std::string& topic, const std::map<int32_t, uint64_t>& firsts) {
    std::map<int32_t, LogCollector> collectors;
    TopicScan scan = ScanOf(topic);
    for (const auto& [partition, first] : firsts) {
      const LogId log{topic, partition};
      JEMB_ASSIGN_OR_RETURN(std::vector<Entry> entries,
                            EntriesFrom(log, first, evidence::kRecordsMax));
      JEMB_ASSIGN_OR_RETURN(const std::vector<ledger::Hash> peaks, ledger_.Peaks(log, first));
      auto [at, added] = collectors.try_emplace(partition, log, first, peaks, std::move(entries));
      if (!at->second.complete()) scan.from_offsets[partition] = at->second.begin_offset();
    }
    if (!scan.from_offsets.empty()) {
      absl::Status taken;
      JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
        if (taken.ok()) taken = collectors.at(record.partition).Take(record);
      }));
      JEMB_RETURN_IF_ERROR(taken);
    }
    for (auto& [partition, collector] : collectors) {
      JEMB_ASSIGN_OR_RETURN((*files_)[evidence::SegmentName({topic, partition})],
                            std::move(collector).Finish());
    }
    return absl::OkStatus();
  }

  TopicScan ScanOf(const std::string& topic) const {
    return {.cluster = source_.cluster, .topic = topic, .timeout_ms = source_.timeout_ms};
  }

  const SealedSource& source_;
  const evidence::Scope& scope_;
  Reader& ledger_;
  evidence::Files* files_;
  ledger::Seal begin_;
  ledger::Seal end_;
};

class SubjectCollector {
 public:
  SubjectCollector(const SealedSource& source, const evidence::Scope& scope, Reader& ledger,
                   evidence::Files* files)
      : source_(source), scope_(scope), ledger_(ledger), files_(files) {}

  absl::Status Run() {
    JEMB_ASSIGN_OR_RETURN(const SealRow end, SealFor(ledger_, scope_.to_ms));
    JEMB_ASSIGN_OR_RETURN(end_, ledger::ParseSeal(end.text));
    JEMB_RETURN_IF_ERROR(AddSeals(ledger_, std::nullopt, end, files_));
    for (const std::string_view topic : {evidence::kIntents, evidence::kOutcomes,
                                         evidence::kOrderStates, evidence::kDeadLetters}) {
      JEMB_RETURN_IF_ERROR(Collect(std::string(topic)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Collect(const std::string& topic) {
    TopicScan scan{.cluster = source_.cluster,
                   .topic = topic,
                   .partitions = 0,
                   .since_ms = scope_.from_ms > 0 ? scope_.from_ms : -1,
                   .timeout_ms = source_.timeout_ms};
    for (const Head& head : end_.heads) {
      if (head.log.topic != topic) continue;
      scan.partitions = std::max(scan.partitions, head.log.partition + 1);
    }
    absl::Status taken;
    JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
      if (taken.ok() && evidence::BuyerOf(topic, record.value) == scope_.subject) {
        taken = Take({topic, record.partition}, record);
      }
    }));
    return taken;
  }

  absl::Status Take(const LogId& log, const kafka::Record& record) {
    const Head* head = HeadOf(end_, log);
    // What came after the seal is not vouched for yet.
    if (head == nullptr || record.offset >= head->next_offset) return absl::OkStatus();
    JEMB_ASSIGN_OR_RETURN(const uint64_t index, ledger_.IndexOf(log, record.offset, head->size));
    if (index == head->size) return absl::OkStatus();
    evidence::Proven proven{.record = {.offset = record.offset,
                                       .append_ms = record.append_time_ms,
                                       .key = record.key,
                                       .value = record.value},
                            .index = index};
    JEMB_ASSIGN_OR_RETURN(proven.proof, ledger_.Inclusion(log, index, head->size));
    evidence::AppendProven(log, std::move(proven), &(*files_)[evidence::TrailName(log)]);
    return absl::OkStatus();
  }

  const SealedSource& source_;
  const evidence::Scope& scope_;
  Reader& ledger_;
  evidence::Files* files_;
  ledger::Seal end_;
};

}  // namespace

absl::StatusOr<SealRow> SealFor(Reader& ledger, int64_t to_ms) {
  JEMB_ASSIGN_OR_RETURN(SealRow last, ledger.LastSeal());
  if (last.time_ms < to_ms) {
    return base::FailedPrecondition("the ledger is sealed only up to " + InstantText(last.time_ms));
  }
  const int64_t enough_ms = to_ms + evidence::kTailMs;
  if (last.time_ms <= enough_ms) return last;
  const absl::StatusOr<SealRow> before = ledger.SealBefore(enough_ms - 1);
  return ledger.SealOf(before.ok() ? before->number + 1 : 0);
}

absl::Status CollectWindow(const SealedSource& source, const evidence::Scope& scope,
                           evidence::Files* files) {
  JEMB_ASSIGN_OR_RETURN(const std::unique_ptr<Reader> ledger, Reader::Open(source.ledger));
  return WindowCollector(source, scope, *ledger, files).Run();
}

absl::Status CollectSubject(const SealedSource& source, const evidence::Scope& scope,
                            evidence::Files* files) {
  JEMB_ASSIGN_OR_RETURN(const std::unique_ptr<Reader> ledger, Reader::Open(source.ledger));
  return SubjectCollector(source, scope, *ledger, files).Run();
}

}  // namespace jembatan::ctl
