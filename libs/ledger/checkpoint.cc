#include "libs/ledger/checkpoint.h"

#include <optional>

#include "libs/base/status.h"
#include "libs/ledger/numbers.h"

namespace jembatan::ledger {

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     HashText(checkpoint.root) + "\n";
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  const auto origin = TakeUntil(&text, '\n');
  const auto size_text = TakeUntil(&text, '\n');
  const auto root_text = TakeUntil(&text, '\n');
  if (!origin || origin->empty() || !size_text || !root_text) {
    return base::InvalidArgument("a checkpoint has a line each of origin, size and root");
  }
  const auto size = ParseDecimal(*size_text);
  const auto root = ParseHash(*root_text);
  if (!size || !root) return base::InvalidArgument("a checkpoint's size or root is malformed");
  Checkpoint checkpoint{std::string(*origin), static_cast<uint64_t>(*size), *root};
  while (!text.empty()) {
    const auto line = TakeUntil(&text, '\n');
    if (!line || line->empty()) {
      return base::InvalidArgument("a checkpoint's extension is empty or has no line end");
    }
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

}  // namespace jembatan::ledger
