#include "services/marketplace/rows.h"

#include <charconv>

#include "libs/base/check.h"

namespace jembatan::marketplace {
namespace {

constexpr std::string_view kOrderPrefix = "T-";
constexpr size_t kOrderDigits = 10;

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

std::array<char, 16> ToBytes(const base::Uuid& id) {
  std::array<char, 16> bytes;
  for (size_t i = 0; i < 8; ++i) {
    const unsigned shift = 56 - 8 * static_cast<unsigned>(i);
    bytes[i] = static_cast<char>(id.high >> shift);
    bytes[8 + i] = static_cast<char>(id.low >> shift);
  }
  return bytes;
}

base::Uuid FromBytes(std::string_view bytes) {
  JEMB_CHECK(bytes.size() == 16);
  base::Uuid id;
  id.high = ReadBigEndian(bytes.substr(0, 8));
  id.low = ReadBigEndian(bytes.substr(8));
  return id;
}

ResultRow ReadRow(const sqlite::Statement& statement) {
  ResultRow row;
  Result& result = row.result;
  result.seq = statement.Int(0);
  row.intent_id = FromBytes(statement.Bytes(1));
  row.buyer_ref = statement.Bytes(2);
  result.fingerprint = statement.Bytes(3);
  result.state = static_cast<State>(statement.Int(4));
  result.reason = static_cast<Reason>(statement.Int(5));
  result.offer_id = statement.Text(6);
  result.quantity = static_cast<uint32_t>(statement.Int(7));
  result.price.currency = statement.Text(8);
  result.price.amount_minor = statement.Int(9);
  result.decided_ms = statement.Int(10);
  result.hold_expires_ms = statement.Int(11);
  result.order_id = statement.Text(12);
  result.continue_url = statement.Text(13);
  result.payment = static_cast<Payment>(statement.Int(14));
  row.paid_ms = statement.Int(15);
  return row;
}

std::string OrderIdOf(int64_t seq) {
  std::string digits = std::to_string(seq);
  if (digits.size() < kOrderDigits) digits.insert(0, kOrderDigits - digits.size(), '0');
  return std::string(kOrderPrefix) + digits;
}

int64_t SeqOf(std::string_view order_id) {
  if (!order_id.starts_with(kOrderPrefix)) return 0;
  const std::string_view digits = order_id.substr(kOrderPrefix.size());
  int64_t seq = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  if (error != std::errc() || end != digits.data() + digits.size() || seq <= 0) return 0;
  // One spelling per order.
  return OrderIdOf(seq) == order_id ? seq : 0;
}

}  // namespace jembatan::marketplace
