#include "libs/reconcile/order_set.h"

#include <algorithm>
#include <array>

#include "libs/base/text.h"

namespace jembatan::reconcile {
namespace {

using ledger::Hash;

constexpr std::string_view kOrderForm = "jembatan order v1\n";
constexpr std::string_view kIntentForm = "jembatan intent v1\n";
constexpr std::string_view kSetForm = "jembatan orders v1\n";

std::string BigEndian(uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

uint8_t Digit(const Hash& hash, size_t place) {
  const uint8_t byte = hash[place / 2];
  return place % 2 == 0 ? byte >> 4 : byte & 0xf;
}

// As the hexadecimal texts compare.
int Compare(const Hash& hash, std::string_view prefix) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (size_t i = 0; i < prefix.size(); ++i) {
    const char digit = kDigits[Digit(hash, i)];
    if (digit != prefix[i]) return digit < prefix[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace

Commitment CommitmentOf(ledger::Hasher& hasher, const Order& order) {
  const std::string id = order.intent_id.ToString();
  // Everything before the order's number has a fixed length.
  return {hasher.Sha256({kOrderForm, id, order.buyer_ref, order.fingerprint, order.order_id}),
          hasher.Sha256({kIntentForm, id, order.buyer_ref, order.fingerprint})};
}

void OrderSet::Settle() {
  if (settled_ == commitments_.size()) return;
  std::sort(commitments_.begin(), commitments_.end());
  commitments_.erase(std::unique(commitments_.begin(), commitments_.end()), commitments_.end());
  settled_ = commitments_.size();
}

std::vector<Commitment> OrderSet::WithPrefix(std::string_view prefix) {
  Settle();
  const auto [first, last] = std::pair(
      std::partition_point(commitments_.begin(), commitments_.end(),
                           [&](const Commitment& one) { return Compare(one.order, prefix) < 0; }),
      std::partition_point(commitments_.begin(), commitments_.end(),
                           [&](const Commitment& one) { return Compare(one.order, prefix) <= 0; }));
  return {first, last};
}

Digest OrderSet::DigestOf(std::string_view prefix) {
  const std::vector<Commitment> chosen = WithPrefix(prefix);
  std::string bytes;
  bytes.reserve(chosen.size() * ledger::kHashBytes);
  for (const Commitment& one : chosen) bytes += ledger::BytesOf(one.order);
  ledger::Hasher hasher;
  return {chosen.size(), hasher.Sha256({kSetForm, BigEndian(chosen.size()), bytes})};
}

bool IsPrefix(std::string_view text) {
  return text.size() <= kPrefixDigitsMax && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace jembatan::reconcile
