#pragma once

// SealedWindow: what an auditor's ledger and the topics together hold of a time, as the files of a
// bundle: the ledger says what was sealed, the topics still have the records themselves. Main
// thread; blocks.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/evidence/archive.h"
#include "libs/evidence/manifest.h"
#include "libs/kafka/config.h"
#include "libs/ledger_store/reader.h"

namespace jembatan::ctl {

struct SealedSource {
  kafka::ClusterConfig cluster;
  int timeout_ms = 15'000;
  // The auditor's folder.
  std::string ledger;
};

// The first seal from which nothing of the window is missing any more, or else the last one.
// FAILED_PRECONDITION: the ledger is not sealed up to the window's end; the message says how far.
absl::StatusOr<ledger_store::SealRow> SealFor(ledger_store::Reader& ledger, int64_t to_ms);

// Segments and seals. FAILED_PRECONDITION: a topic does not hold any more what was sealed, or holds
// something else.
absl::Status CollectWindow(const SealedSource& source, const evidence::Scope& scope,
                           evidence::Files* files);

// The records that speak of the scope's subject, each with the proof that it was sealed, and the
// seal.
absl::Status CollectSubject(const SealedSource& source, const evidence::Scope& scope,
                            evidence::Files* files);

}  // namespace jembatan::ctl
