#include "libs/evidence/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/evidence/limits.h"

namespace jembatan::evidence {
namespace {

constexpr std::string_view kForm = "jembatan evidence v1";
constexpr size_t kBuyerRefBytes = 32;

template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && stop == text.data() + text.size();
}

std::optional<std::string> ParseHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    uint8_t byte = 0;
    const auto [stop, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || stop != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return base::Hex(bytes) == text ? std::optional(bytes) : std::nullopt;
}

std::string_view TakeWord(std::string_view* line) {
  const std::string_view word = line->substr(0, line->find(' '));
  line->remove_prefix(std::min(word.size() + 1, line->size()));
  return word;
}

bool ParseFile(std::string_view line, ListedFile* file) {
  file->name = TakeWord(&line);
  const bool sized = ParseNumber(TakeWord(&line), &file->bytes);
  const auto digest = ledger::ParseHash(line);
  if (digest) file->digest = *digest;
  return sized && digest && !file->name.empty();
}

// One line; false: it is none of a manifest. Whether it stands in its place is seen by writing the
// whole again.
bool ParseLine(std::string_view line, Manifest* manifest) {
  Scope& scope = manifest->scope;
  const std::string_view key = TakeWord(&line);
  if (key == "from") return ParseNumber(line, &scope.from_ms);
  if (key == "to") return ParseNumber(line, &scope.to_ms);
  if (key == "operators") return ParseNumber(line, &scope.operators_needed);
  if (key == "auditor") {
    scope.auditor = line;
    return true;
  }
  if (key == "host") {
    scope.hosts.emplace_back(line);
    return !line.empty();
  }
  if (key == "subject") {
    const auto subject = ParseBuyerRef(line);
    if (subject.ok()) scope.subject = *subject;
    return subject.ok();
  }
  if (key != "file" || manifest->files.size() >= kFilesMax) return false;
  manifest->files.emplace_back();
  return ParseFile(line, &manifest->files.back());
}

}  // namespace

std::string FormatManifest(const Manifest& manifest) {
  const Scope& scope = manifest.scope;
  std::string text = std::string(kForm) + "\n";
  const auto add = [&text](std::string_view key, std::string_view value) {
    text.append(key).append(" ").append(value).append("\n");
  };
  add("from", std::to_string(scope.from_ms));
  add("to", std::to_string(scope.to_ms));
  add("auditor", scope.auditor);
  add("operators", std::to_string(scope.operators_needed));
  for (const std::string& host : scope.hosts) add("host", host);
  if (!scope.subject.empty()) add("subject", base::Hex(scope.subject));
  for (const ListedFile& file : manifest.files) {
    add("file", file.name + " " + std::to_string(file.bytes) + " " + ledger::HashText(file.digest));
  }
  return text;
}

absl::StatusOr<Manifest> ParseManifest(std::string_view text) {
  Manifest manifest;
  std::string_view rest = text;
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const bool read =
        end != std::string_view::npos && (number == 1 ? line == kForm : ParseLine(line, &manifest));
    if (!read) {
      return base::InvalidArgument("line " + std::to_string(number) + " is malformed");
    }
    rest.remove_prefix(end + 1);
  }
  if (FormatManifest(manifest) == text) return manifest;
  return base::InvalidArgument("its lines are not as a manifest's stand");
}

absl::StatusOr<std::string> ParseBuyerRef(std::string_view hex) {
  const auto bytes = ParseHex(hex);
  if (bytes && bytes->size() == kBuyerRefBytes) return *bytes;
  return base::InvalidArgument("a buyer's pseudonym is 64 lower-case hexadecimal digits");
}

Manifest ManifestOf(Scope scope, const Files& files) {
  ledger::Hasher hasher;
  Manifest manifest{std::move(scope), {}};
  for (const auto& [name, content] : files) {
    manifest.files.push_back({name, content.size(), hasher.Sha256({content})});
  }
  return manifest;
}

void CheckListed(const Manifest& manifest, const Files& files, Faults* faults) {
  ledger::Hasher hasher;
  Files::const_iterator at = files.begin();
  const auto unlisted = [&](std::string_view until) {
    for (; at != files.end() && at->first < until; ++at) {
      if (at->first != kManifestName)
        faults->push_back({at->first, "the manifest does not list it"});
    }
  };
  for (const ListedFile& file : manifest.files) {
    unlisted(file.name);
    if (at == files.end() || at->first != file.name) {
      faults->push_back({file.name, "it is missing"});
      continue;
    }
    if (hasher.Sha256({at->second}) != file.digest || at->second.size() != file.bytes) {
      faults->push_back({file.name, "its content is not the one that the manifest lists"});
    }
    ++at;
  }
  unlisted("\x7f");
}

}  // namespace jembatan::evidence
