#include "libs/goods/note_keys.h"

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/limits.h"
#include "libs/goods/words.h"

namespace jembatan::goods {
namespace {

std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return line;
}

absl::Status Wrong(size_t number, std::string_view why) {
  return base::InvalidArgument("line " + std::to_string(number) + ": " + std::string(why));
}

}  // namespace

absl::StatusOr<NoteKeys> NoteKeys::Parse(std::string_view text) {
  NoteKeys keys;
  size_t count = 0;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(&text);
    if (line.empty() || line.starts_with('#')) continue;
    absl::StatusOr<ledger::NoteVerifier> key = ledger::NoteVerifier::Parse(line);
    if (!key.ok()) return Wrong(number, base::Std(key.status().message()));
    if (!IsId(key->name())) return Wrong(number, "the key's name is no marketplace's id");
    if (++count > kKeysMax) return Wrong(number, "too many keys");
    keys.keys_[key->name()].push_back(*std::move(key));
  }
  return keys;
}

void NoteKeys::Add(const NoteKeys& other) {
  for (const auto& [name, keys] : other.keys_) {
    std::vector<ledger::NoteVerifier>& known = keys_[name];
    known.insert(known.end(), keys.begin(), keys.end());
  }
}

absl::StatusOr<Attestation> NoteKeys::Open(std::string_view note, const std::string& marketplace_id,
                                           std::string_view offer_id) const {
  if (note.size() > kNoteBytes) return base::InvalidArgument("the note is too long");
  const auto keys = keys_.find(marketplace_id);
  if (keys == keys_.end())
    return base::Unauthenticated("no key of " + marketplace_id + " is known");
  absl::StatusOr<std::string_view> text = base::Unauthenticated("not signed");
  for (const ledger::NoteVerifier& key : keys->second) {
    text = key.Open(note);
    if (text.ok()) break;
  }
  if (!text.ok()) return text.status();
  JEMB_ASSIGN_OR_RETURN(Attestation attestation, ParseAttestation(*text));
  if (attestation.marketplace_id != marketplace_id || attestation.offer_id != offer_id) {
    return base::InvalidArgument("the note speaks of another offer");
  }
  return attestation;
}

}  // namespace jembatan::goods
