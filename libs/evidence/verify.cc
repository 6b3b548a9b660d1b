#include "libs/evidence/verify.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/evidence/archive.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/report.h"

namespace jembatan::evidence {
namespace {

void FailLedger(const Faults& faults, Judgements* judgements) {
  for (const Fault& fault : faults) judgements->Fail(Article::kLedger, fault);
}

std::string ReportOf(const Bundle& bundle, const Figures& figures, const Judgements& judgements) {
  return Report({.scope = bundle.scope,
                 .figures = figures,
                 .judgements = judgements,
                 .checkpoint_size = bundle.seals.checkpoint.size,
                 .sealed_ms = bundle.seals.end.time_ms});
}

uint64_t RecordsOf(const Bundle& bundle) {
  uint64_t records = 0;
  for (const auto& [log, segment] : bundle.segments) records += segment.records.size();
  for (const Trail& trail : bundle.trails) records += trail.records.size();
  return records;
}

// What is made of the records: of everybody's figures and a report, of one subject's a report.
Files MadeOf(const Bundle& bundle, Judgements* judgements, Figures* figures) {
  judgements->Count(Article::kLedger, RecordsOf(bundle));
  if (!bundle.scope.subject.empty()) {
    return {{std::string(kReportName), TrailReport(bundle)}};
  }
  *figures = Reckon(bundle, judgements);
  return {{std::string(kFiguresName), FormatFigures(*figures)},
          {std::string(kReportName), ReportOf(bundle, *figures, *judgements)}};
}
// The first line in which two texts differ.
size_t FirstDifference(std::string_view a, std::string_view b) {
  size_t line = 1;
  for (size_t i = 0; i < a.size() && i < b.size() && a[i] == b[i]; ++i) line += a[i] == '\n';
  return line;
}

void CheckMade(const Files& files, std::string_view name, const std::string& made,
               Judgements* judgements) {
  judgements->Count(Article::kReport);
  const auto at = files.find(name);
  if (at == files.end()) {
    judgements->Fail(Article::kReport, {std::string(name), "it is missing"});
  } else if (at->second != made) {
    judgements->Fail(
        Article::kReport,
        {std::string(name) + " line " + std::to_string(FirstDifference(at->second, made)),
         "it is not what the records give (or another version's words)"});
  }
}

}  // namespace

absl::StatusOr<Verified> Verify(std::string_view bytes,
                                const std::optional<ledger::NoteVerifier>& auditor) {
  Faults container;
  JEMB_ASSIGN_OR_RETURN(const Files files, Unpack(bytes, &container));
  Verified verified;
  absl::StatusOr<ledger::NoteVerifier> key =
      auditor ? absl::StatusOr<ledger::NoteVerifier>(*auditor) : AuditorOf(files);
  if (!key.ok()) {
    verified.judgements.Fail(Article::kLedger, {std::string(kManifestName),
                                                std::string(base::Std(key.status().message()))});
    FailLedger(container, &verified.judgements);
    return verified;
  }
  verified.auditor = key->text();
  Faults faults;
  const Bundle bundle = ReadBundle(files, *key, &faults);
  verified.scope = bundle.scope;
  verified.checkpoint_size = bundle.seals.checkpoint.size;
  verified.sealed_ms = bundle.seals.end.time_ms;
  verified.records = RecordsOf(bundle);
  Judgements& judgements = verified.judgements;
  FailLedger(faults, &judgements);
  // Last, because it only says that something is wrong, not what.
  FailLedger(container, &judgements);
  if (!judgements.held()) return verified;
  for (const auto& [name, made] : MadeOf(bundle, &judgements, &verified.figures)) {
    CheckMade(files, name, made, &judgements);
  }
  return verified;
}

absl::Status Complete(const Scope& scope, const ledger::NoteVerifier& auditor, Files* files) {
  (*files)[std::string(kManifestName)] = FormatManifest(ManifestOf(scope, *files));
  Faults faults;
  const Bundle bundle = ReadBundle(*files, auditor, &faults);
  if (!faults.empty()) {
    return base::FailedPrecondition(faults.front().place + ": " + faults.front().what);
  }
  Judgements judgements;
  Figures figures;
  Files made = MadeOf(bundle, &judgements, &figures);
  files->erase(std::string(kManifestName));
  files->merge(made);
  (*files)[std::string(kManifestName)] = FormatManifest(ManifestOf(scope, *files));
  return absl::OkStatus();
}

}  // namespace jembatan::evidence
