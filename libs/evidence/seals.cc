#include "libs/evidence/seals.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/ledger/tree.h"

namespace jembatan::evidence {
namespace {

using ledger::Hash;

constexpr char kFolder[] = "seals/";
constexpr char kConsistency[] = "seals/consistency.proof";

// A hash a line.
std::string ProofText(const std::vector<Hash>& proof) {
  std::string text;
  for (const Hash& hash : proof) text += ledger::HashText(hash) + "\n";
  return text;
}

bool ParseProof(std::string_view text, std::vector<Hash>* proof) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto hash = ledger::ParseHash(text.substr(0, end));
    if (end == std::string_view::npos || !hash) return false;
    proof->push_back(*hash);
    text.remove_prefix(end + 1);
  }
  return true;
}

void AddSealed(const std::string& name, const Sealed& sealed, Files* files) {
  (*files)[kFolder + name + ".seal"] = sealed.seal;
  (*files)[kFolder + name + ".checkpoint"] = sealed.checkpoint;
  (*files)[kFolder + name + ".proof"] = ProofText(sealed.inclusion);
}

// One seal with its checkpoint, checked against each other and the key.
class SealedReader {
 public:
  SealedReader(const Files& files, std::string name, Faults* faults)
      : files_(files), name_(kFolder + std::move(name)), faults_(faults) {}

  bool Read(const ledger::NoteVerifier& auditor, ledger::Seal* seal,
            ledger::Checkpoint* checkpoint) {
    const std::string* text = Find(files_, name_ + ".seal", faults_);
    const std::string* note = Find(files_, name_ + ".checkpoint", faults_);
    const std::string* proof_text = Find(files_, name_ + ".proof", faults_);
    if (text == nullptr || note == nullptr || proof_text == nullptr) return false;
    absl::StatusOr<ledger::Seal> parsed = ledger::ParseSeal(*text);
    if (!parsed.ok()) return Fail(".seal", base::Std(parsed.status().message()));
    *seal = *std::move(parsed);
    if (!ReadCheckpoint(auditor, *note, checkpoint)) return false;
    std::vector<Hash> proof;
    if (!ParseProof(*proof_text, &proof)) return Fail(".proof", "it is malformed");
    ledger::Hasher hasher;
    if (ledger::VerifyInclusion(hasher, checkpoint->size - 1, checkpoint->size, hasher.Leaf(*text),
                                proof, checkpoint->root)) {
      return true;
    }
    return Fail(".seal", "the checkpoint does not cover it");
  }

 private:
  bool Fail(const std::string& file, std::string_view what) {
    faults_->push_back({name_ + file, std::string(what)});
    return false;
  }

  bool ReadCheckpoint(const ledger::NoteVerifier& auditor, const std::string& note,
                      ledger::Checkpoint* checkpoint) {
    const auto opened = auditor.Open(note);
    if (!opened.ok()) return Fail(".checkpoint", base::Std(opened.status().message()));
    absl::StatusOr<ledger::Checkpoint> parsed = ledger::ParseCheckpoint(*opened);
    if (!parsed.ok()) return Fail(".checkpoint", base::Std(parsed.status().message()));
    *checkpoint = *std::move(parsed);
    if (checkpoint->size == 0) return Fail(".checkpoint", "it covers no seal");
    return checkpoint->origin == auditor.name() ? true
                                                : Fail(".checkpoint", "it is of another auditor");
  }

  const Files& files_;
  const std::string name_;
  Faults* faults_;
};

}  // namespace

const std::string* Find(const Files& files, const std::string& name, Faults* faults) {
  const auto at = files.find(name);
  if (at != files.end()) return &at->second;
  faults->push_back({name, "it is missing"});
  return nullptr;
}

bool IsSealsName(std::string_view name) {
  if (name == kConsistency) return true;
  for (const char* one : {"begin", "end"}) {
    for (const char* part : {".seal", ".checkpoint", ".proof"}) {
      if (name == kFolder + std::string(one) + part) return true;
    }
  }
  return false;
}

void AddSeals(const Seals& seals, Files* files) {
  if (seals.begin) AddSealed("begin", *seals.begin, files);
  AddSealed("end", seals.end, files);
  if (seals.begin) (*files)[kConsistency] = ProofText(seals.consistency);
}

SealsRead ReadSeals(const Files& files, const ledger::NoteVerifier& auditor, Faults* faults) {
  SealsRead read;
  read.good = SealedReader(files, "end", faults).Read(auditor, &read.end, &read.checkpoint);
  if (!files.contains("seals/begin.seal") && !files.contains(kConsistency)) return read;
  ledger::Checkpoint before;
  read.begin.emplace();
  const bool begun = SealedReader(files, "begin", faults).Read(auditor, &*read.begin, &before);
  const std::string* text = Find(files, kConsistency, faults);
  read.good = read.good && begun && text != nullptr;
  if (!read.good) return read;
  std::vector<Hash> proof;
  ledger::Hasher hasher;
  read.good = ParseProof(*text, &proof) &&
              ledger::VerifyConsistency(hasher, before.size, read.checkpoint.size, before.root,
                                        read.checkpoint.root, proof);
  if (!read.good) {
    faults->push_back({kConsistency, "the later checkpoint takes back what the earlier one says"});
  }
  return read;
}

}  // namespace jembatan::evidence
