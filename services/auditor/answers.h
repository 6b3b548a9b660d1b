#pragma once

// Answers: what the auditor tells over HTTP: its checkpoint, seals, and proofs, so that anybody can
// hold a record, or a former checkpoint, against the present one. Nothing in them is secret, and
// nothing tells what a record says.
//
//   /checkpoint                                         the last checkpoint, a signed note
//   /verifier                                           the key to verify it with
//   /seal[?number=N]                                    a seal (the last), its checkpoint, and the
//                                                       proof that it is in the last checkpoint
//   /seals/consistency?from=N&to=N                      between the checkpoints of these sizes
//   /log/root?topic=T&partition=P&size=N                to compare auditors by
//   /log/inclusion?topic=T&partition=P&offset=N[&size=N]
//   /log/consistency?topic=T&partition=P&from=N&to=N    between these sizes
//
// Hashes are base64, the rest JSON. 400: the question makes no sense; 404: there is no such thing;
// 409: it is not sealed yet; 503: try again.
//
// Owned by the service; the admin port's thread only.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/ledger_store/reader.h"
#include "libs/runtime/admin.h"

namespace jembatan::auditor {

class Answers {
 public:
  // folder holds a ledger; verifier is the signer's public key as text.
  static absl::StatusOr<std::unique_ptr<Answers>> Open(const std::string& folder,
                                                       std::string verifier);

  // Before the server's start. The server must not outlive this.
  void AddTo(runtime::AdminServer* server);
  runtime::AdminResponse Answer(std::string_view target);

 private:
  Answers(std::unique_ptr<ledger_store::Reader> reader, std::string verifier)
      : reader_(std::move(reader)), verifier_(std::move(verifier)) {}

  class Question;
  absl::StatusOr<std::string> Checkpoint(const Question& question);
  absl::StatusOr<std::string> Verifier(const Question& question);
  absl::StatusOr<std::string> Seal(const Question& question);
  absl::StatusOr<std::string> SealsConsistency(const Question& question);
  absl::StatusOr<std::string> LogRoot(const Question& question);
  absl::StatusOr<std::string> LogInclusion(const Question& question);
  absl::StatusOr<std::string> LogConsistency(const Question& question);
  // Of the log in the last seal.
  absl::StatusOr<uint64_t> SealedSize(const ledger::LogId& log);

  struct Route;
  static const std::vector<Route>& Routes();

  const std::unique_ptr<ledger_store::Reader> reader_;
  const std::string verifier_;
};

}  // namespace jembatan::auditor
