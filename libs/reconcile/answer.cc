#include "libs/reconcile/answer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <simdjson.h>

#include "libs/base/json_line.h"
#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::reconcile {
namespace {

using simdjson::dom::object;

constexpr std::string_view kDigits = "0123456789abcdef";

std::string HexOf(const ledger::Hash& hash) { return base::Hex(ledger::BytesOf(hash)); }

std::optional<ledger::Hash> HashOfHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const size_t high = kDigits.find(hex[i]);
    const size_t low = kDigits.find(hex[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return hex.size() % 2 == 0 ? ledger::HashOf(bytes) : std::nullopt;
}

// Of a line; false: a field is missing or malformed.
class Fields {
 public:
  explicit Fields(const object& fields) : fields_(fields) {}

  bool Has(std::string_view key) const { return !fields_[key].error(); }
  bool Get(std::string_view key, std::string* text) const {
    std::string_view view;
    if (fields_[key].get(view) != simdjson::SUCCESS) return false;
    *text = view;
    return true;
  }
  bool Get(std::string_view key, int64_t* number) const {
    return fields_[key].get(*number) == simdjson::SUCCESS;
  }
  bool Get(std::string_view key, ledger::Hash* hash) const {
    std::string hex;
    const auto parsed = Get(key, &hex) ? HashOfHex(hex) : std::nullopt;
    if (parsed) *hash = *parsed;
    return parsed.has_value();
  }
  bool Get(Digest* digest) const {
    int64_t orders = -1;
    if (!Get("orders", &orders) || orders < 0) return false;
    digest->orders = static_cast<uint64_t>(orders);
    return Get("digest", &digest->hash);
  }

 private:
  const object& fields_;
};

bool TakeLine(const Fields& fields, bool first, Answer* answer) {
  if (first) {
    return fields.Get("hour", &answer->hour) && fields.Get("prefix", &answer->prefix) &&
           IsPrefix(answer->prefix) && fields.Get(&answer->digest);
  }
  if (fields.Has("order")) {
    Commitment& told = answer->commitments.emplace_back();
    return fields.Get("order", &told.order) && fields.Get("intent", &told.intent);
  }
  std::string prefix;
  if (!fields.Get("prefix", &prefix) || answer->parts.size() == kDigits.size() ||
      prefix != answer->prefix + kDigits[answer->parts.size()]) {
    return false;
  }
  return fields.Get(&answer->parts.emplace_back());
}

// Whether the parts or commitments can be those of the digest.
bool AddsUp(const Answer& answer) {
  uint64_t orders = answer.commitments.size();
  for (const Digest& part : answer.parts) orders += part.orders;
  const bool whole = answer.parts.empty() || answer.parts.size() == kDigits.size();
  const bool one_kind = answer.parts.empty() || answer.commitments.empty();
  return whole && one_kind && orders == answer.digest.orders;
}

void AddDigest(const Digest& digest, base::JsonLine* line) {
  line->Add("orders", static_cast<int64_t>(digest.orders));
  line->Add("digest", HexOf(digest.hash));
}

class Search {
 public:
  Search(OrderSet* ours, const Ask& ask) : ours_(ours), ask_(ask) {}

  absl::Status Look(const std::string& prefix) {
    JEMB_ASSIGN_OR_RETURN(const Answer theirs, ask_(prefix));
    if (theirs.prefix != prefix) {
      return base::InvalidArgument("the answer is about another prefix than was asked");
    }
    if (ours_->DigestOf(prefix) == theirs.digest) return absl::OkStatus();
    if (theirs.parts.empty()) return Tell(prefix, theirs.commitments);
    for (size_t digit = 0; digit < theirs.parts.size(); ++digit) {
      const std::string longer = prefix + kDigits[digit];
      const Digest own = ours_->DigestOf(longer);
      if (own == theirs.parts[digit]) continue;
      // Nobody need be asked about what the other side has none of.
      JEMB_RETURN_IF_ERROR(theirs.parts[digit].orders == 0 ? Tell(longer, {}) : Look(longer));
    }
    return absl::OkStatus();
  }

  Difference Take() && { return std::move(difference_); }

 private:
  absl::Status Tell(const std::string& prefix, std::vector<Commitment> theirs) {
    std::sort(theirs.begin(), theirs.end());
    const std::vector<Commitment> ours = ours_->WithPrefix(prefix);
    std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                        std::back_inserter(difference_.ours));
    std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(),
                        std::back_inserter(difference_.theirs));
    if (difference_.ours.size() + difference_.theirs.size() <= kDifferencesMax) {
      return absl::OkStatus();
    }
    return base::ResourceExhausted("more than " + std::to_string(kDifferencesMax) +
                                   " orders differ");
  }

  OrderSet* ours_;
  const Ask& ask_;
  Difference difference_;
};

}  // namespace

std::string FormatAnswer(int64_t hour, std::string_view prefix, OrderSet* set) {
  const Digest digest = set->DigestOf(prefix);
  base::JsonLine head;
  head.Add("hour", hour);
  head.Add("prefix", prefix);
  AddDigest(digest, &head);
  std::string text = std::move(head).Finish();
  if (digest.orders <= kToldMax || prefix.size() == kPrefixDigitsMax) {
    for (const Commitment& one : set->WithPrefix(prefix)) {
      base::JsonLine line;
      line.Add("order", HexOf(one.order));
      line.Add("intent", HexOf(one.intent));
      text += std::move(line).Finish();
    }
    return text;
  }
  for (const char digit : kDigits) {
    const std::string longer = std::string(prefix) + digit;
    base::JsonLine line;
    line.Add("prefix", longer);
    AddDigest(set->DigestOf(longer), &line);
    text += std::move(line).Finish();
  }
  return text;
}

absl::StatusOr<Answer> ParseAnswer(std::string_view text) {
  Answer answer;
  simdjson::dom::parser parser;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    object fields;
    if (end == std::string_view::npos ||
        parser.parse(line.data(), line.size()).get(fields) != simdjson::SUCCESS ||
        !TakeLine(Fields(fields), number == 1, &answer)) {
      return base::InvalidArgument("line " + std::to_string(number) +
                                   " of the digests is malformed");
    }
    text.remove_prefix(end + 1);
  }
  if (AddsUp(answer)) return answer;
  return base::InvalidArgument("the digests do not add up");
}

absl::StatusOr<Difference> Compare(OrderSet* ours, const Ask& ask) {
  Search search(ours, ask);
  JEMB_RETURN_IF_ERROR(search.Look(""));
  return std::move(search).Take();
}

}  // namespace jembatan::reconcile
