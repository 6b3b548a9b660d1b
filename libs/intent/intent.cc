#include "libs/intent/intent.h"

#include <array>
#include <memory>
#include <optional>

#include <openssl/evp.h>

#include "libs/base/check.h"
#include "libs/base/text.h"
#include "libs/intent/timestamp_text.h"

namespace jembatan::intent {
namespace {

using intake::v1::Intent;

constexpr Refusal Malformed(std::string_view message) {
  return {intake::v1::REASON_MALFORMED, message};
}
constexpr Refusal TooLarge(std::string_view message) {
  return {intake::v1::REASON_TOO_LARGE, message};
}

constexpr std::array<bool, 256> kOfferIdCharacter = [] {
  std::array<bool, 256> table{};
  for (uint8_t c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (uint8_t c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (uint8_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (uint8_t c : {'.', '_', ':', '-'}) table[c] = true;
  return table;
}();

Refusal CheckPrice(const Intent& intent) {
  if (!intent.has_price_seen()) return Malformed("price_seen: required");
  const std::string& currency = intent.price_seen().currency();
  bool three_letters = currency.size() == 3;
  for (char c : currency) three_letters &= c >= 'A' && c <= 'Z';
  if (!three_letters) return Malformed("price_seen.currency: three upper-case letters");
  int64_t amount = intent.price_seen().amount_minor();
  if (amount < 0 || amount > kAmountMinorMax) {
    return Malformed("price_seen.amount_minor: not within 0 to 10^15");
  }
  return {};
}

// Well-formed UTF-8 without control characters.
bool IsPlainText(std::string_view text) {
  bool ascii = true;
  bool control = false;
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    control |= byte < 0x20 || byte == 0x7f;
    ascii &= byte < 0x80;
  }
  return !control && (ascii || base::IsUtf8(text));
}

struct TextRule {
  const std::string& (Intent::*field)() const;
  size_t bound;
  std::string_view too_long;
  std::string_view not_plain;
};

constexpr TextRule kTextRules[] = {
    {&Intent::price_version, kShortTextBytes, "price_version: longer than 64 bytes",
     "price_version: control characters or not UTF-8"},
    {&Intent::room_id, kShortTextBytes, "room_id: longer than 64 bytes",
     "room_id: control characters or not UTF-8"},
    {&Intent::campaign_id, kShortTextBytes, "campaign_id: longer than 64 bytes",
     "campaign_id: control characters or not UTF-8"},
    {&Intent::attribution, kAttributionBytes, "attribution: longer than 128 bytes",
     "attribution: control characters or not UTF-8"},
    {&Intent::voucher_ref, kShortTextBytes, "voucher_ref: longer than 64 bytes",
     "voucher_ref: control characters or not UTF-8"},
};

Refusal CheckTexts(const Intent& intent) {
  for (const TextRule& rule : kTextRules) {
    const std::string& text = (intent.*rule.field)();
    if (text.size() > rule.bound) return TooLarge(rule.too_long);
    if (!IsPlainText(text)) return Malformed(rule.not_plain);
  }
  return {};
}

Refusal CheckNumbers(const Intent& intent) {
  if (intent.stream_position_ms() < 0 || intent.stream_position_ms() > kStreamPositionMsMax) {
    return Malformed("stream_position_ms: not within 0 to 10 days");
  }
  if (intent.has_client_time() && !IsValidTimestamp(intent.client_time())) {
    return Malformed("client_time: not within the years 0001 to 9999");
  }
  return {};
}

Refusal CheckTime(const base::Uuid& id, int64_t now_ms) {
  if (id.unix_ms() > now_ms + kFutureMs) {
    return {intake::v1::REASON_CLOCK_SKEW, "intent_id: its time lies in the future"};
  }
  if (now_ms > DeadlineMs(id)) {
    return {intake::v1::REASON_DEADLINE_PASSED, "intent_id: its deadline has passed"};
  }
  return {};
}

void AppendLittleEndian(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void AppendText(std::string_view text, std::string* out) {
  AppendLittleEndian(text.size(), 4, out);
  out->append(text);
}

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetching an algorithm takes a lock and a lookup by name: once per process, never per intent.
const EVP_MD* Sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  JEMB_CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Refusal CheckOfferId(std::string_view offer_id) {
  if (offer_id.empty()) return Malformed("offer_id: required");
  if (offer_id.size() > kOfferIdBytes) return TooLarge("offer_id: longer than 64 bytes");
  for (char c : offer_id) {
    if (!kOfferIdCharacter[static_cast<uint8_t>(c)]) {
      return Malformed("offer_id: only [A-Za-z0-9._:-] is allowed");
    }
  }
  return {};
}

Refusal CheckRoomId(std::string_view room_id) {
  if (room_id.empty()) return Malformed("room_id: required");
  if (room_id.size() > kShortTextBytes) return TooLarge("room_id: longer than 64 bytes");
  if (!IsPlainText(room_id)) return Malformed("room_id: control characters or not UTF-8");
  return {};
}

Refusal Validate(const Intent& intent, int64_t now_ms, base::Uuid* id) {
  std::optional<base::Uuid> parsed = base::Uuid::ParseV7(intent.intent_id());
  if (!parsed) {
    return {intake::v1::REASON_ID_INVALID, "intent_id: not a UUIDv7 in canonical text"};
  }
  if (Refusal refusal = CheckOfferId(intent.offer_id()); refusal.refused()) return refusal;
  if (intent.quantity() == 0) return Malformed("quantity: required");
  if (intent.quantity() > kQuantityMax) {
    return {intake::v1::REASON_QUANTITY_EXCEEDED, "quantity: more than 99"};
  }
  if (Refusal refusal = CheckPrice(intent); refusal.refused()) return refusal;
  if (Refusal refusal = CheckTexts(intent); refusal.refused()) return refusal;
  if (Refusal refusal = CheckNumbers(intent); refusal.refused()) return refusal;
  if (Refusal refusal = CheckTime(*parsed, now_ms); refusal.refused()) return refusal;
  *id = *parsed;
  return {};
}

std::string Fingerprint(const Intent& intent) {
  thread_local std::string body;
  thread_local std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
  body.clear();
  AppendText(intent.intent_id(), &body);
  AppendText(intent.offer_id(), &body);
  AppendText(intent.price_seen().currency(), &body);
  AppendText(intent.price_version(), &body);
  AppendText(intent.campaign_id(), &body);
  AppendText(intent.attribution(), &body);
  AppendText(intent.voucher_ref(), &body);
  AppendLittleEndian(intent.quantity(), 8, &body);
  AppendLittleEndian(static_cast<uint64_t>(intent.price_seen().amount_minor()), 8, &body);

  std::string digest(32, '\0');
  unsigned size = 0;
  bool done =
      EVP_DigestInit_ex2(context.get(), Sha256(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), body.data(), body.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<uint8_t*>(digest.data()), &size) == 1;
  JEMB_CHECK(done && size == digest.size());
  return digest;
}

}  // namespace jembatan::intent
