#include "libs/ledger/seal.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ledger/numbers.h"

namespace jembatan::ledger {
namespace {

constexpr std::string_view kForm = "jembatan seal v1";

bool Before(const Head& a, const Head& b) { return a.log < b.log; }

// "topic partition begin_offset next_offset size root"
std::optional<Head> ParseHead(std::string_view line) {
  Head head;
  const auto topic = TakeUntil(&line, ' ');
  if (!topic || !IsTopicName(*topic)) return std::nullopt;
  head.log.topic = *topic;
  int64_t numbers[4];
  for (int64_t& number : numbers) {
    const auto text = TakeUntil(&line, ' ');
    const auto value = text ? ParseDecimal(*text) : std::nullopt;
    if (!value) return std::nullopt;
    number = *value;
  }
  const auto root = ParseHash(line);
  if (!root || numbers[0] > std::numeric_limits<int32_t>::max()) return std::nullopt;
  head.log.partition = static_cast<int32_t>(numbers[0]);
  head.begin_offset = numbers[1];
  head.next_offset = numbers[2];
  head.size = static_cast<uint64_t>(numbers[3]);
  head.root = *root;
  return head;
}

}  // namespace

std::string FormatSeal(const Seal& seal) {
  std::string text = std::string(kForm) + "\n" + std::to_string(seal.time_ms) + "\n";
  const Head* last = nullptr;
  for (const Head& head : seal.heads) {
    JEMB_CHECK(last == nullptr || Before(*last, head));
    last = &head;
    text += head.log.topic;
    for (const int64_t number : {int64_t{head.log.partition}, head.begin_offset, head.next_offset,
                                 static_cast<int64_t>(head.size)}) {
      text += ' ' + std::to_string(number);
    }
    text += ' ' + HashText(head.root) + '\n';
  }
  return text;
}

absl::StatusOr<Seal> ParseSeal(std::string_view text) {
  const auto form = TakeUntil(&text, '\n');
  if (form != kForm) return base::InvalidArgument("not a seal");
  const auto time_text = TakeUntil(&text, '\n');
  const auto time_ms = time_text ? ParseDecimal(*time_text) : std::nullopt;
  if (!time_ms) return base::InvalidArgument("a seal's time is malformed");
  Seal seal{*time_ms, {}};
  while (!text.empty()) {
    const auto line = TakeUntil(&text, '\n');
    auto head = line ? ParseHead(*line) : std::nullopt;
    if (!head || (!seal.heads.empty() && !Before(seal.heads.back(), *head))) {
      return base::InvalidArgument("line " + std::to_string(seal.heads.size() + 3) +
                                   " of a seal is malformed or out of order");
    }
    seal.heads.push_back(std::move(*head));
  }
  return seal;
}

const Head* HeadOf(const Seal& seal, const LogId& log) {
  const auto at = std::lower_bound(seal.heads.begin(), seal.heads.end(), Head{.log = log}, Before);
  return at != seal.heads.end() && at->log == log ? &*at : nullptr;
}

}  // namespace jembatan::ledger
