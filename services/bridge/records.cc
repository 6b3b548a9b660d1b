#include "services/bridge/records.h"

#include <cstring>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include "libs/base/timestamp.h"
#include "libs/base/unknown_fields.h"
#include "libs/intent/limits.h"

namespace jembatan::bridge {
namespace {

using google::protobuf::internal::WireFormatLite;

std::optional<IntentKey> MakeKey(std::string_view buyer_ref, std::string_view intent_id) {
  std::optional<base::Uuid> id = base::Uuid::ParseV7(intent_id);
  IntentKey key;
  if (!id || buyer_ref.size() != key.buyer.bytes.size()) return std::nullopt;
  std::memcpy(key.buyer.bytes.data(), buyer_ref.data(), buyer_ref.size());
  key.id = *id;
  return key;
}

crossing::v1::OutcomeRecord Envelope(const Writer& writer, uint64_t token) {
  crossing::v1::OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id(writer.marketplace_id);
  record.set_written_by(writer.instance);
  return record;
}

}  // namespace

std::string ClaimRecord(const Writer& writer) {
  crossing::v1::OutcomeRecord record = Envelope(writer, 0);
  record.mutable_claim();
  return record.SerializeAsString();
}

std::string OpenRecord(const Writer& writer, uint64_t token, int64_t progress_ms) {
  crossing::v1::OutcomeRecord record = Envelope(writer, token);
  crossing::v1::Open* open = record.mutable_open();
  if (progress_ms > 0) base::SetMs(progress_ms, open->mutable_progress());
  return record.SerializeAsString();
}

std::string FinalRecord(const Writer& writer, uint64_t token, std::string_view outcome) {
  std::string bytes = Envelope(writer, token).SerializeAsString();
  bytes.reserve(bytes.size() + outcome.size() + 6);
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.WriteTag(WireFormatLite::MakeTag(crossing::v1::OutcomeRecord::kOutcomeFieldNumber,
                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint32(static_cast<uint32_t>(outcome.size()));
  out.WriteRaw(outcome.data(), static_cast<int>(outcome.size()));
  out.Trim();
  return bytes;
}

std::string_view CheckIntent(const crossing::v1::PurchaseIntent& intent,
                             std::string_view record_key, std::optional<IntentKey>* key) {
  *key = MakeKey(intent.buyer_ref(), intent.intent_id());
  if (!*key) return "intent_id is not a UUIDv7 or buyer_ref not 32 bytes";
  if (intent.fingerprint().size() != 32) return "fingerprint is not 32 bytes";
  if (intent.offer_id().empty() || intent.offer_id().size() > intent::kOfferIdBytes) {
    return "offer_id is empty or too long";
  }
  if (intent.offer_id() != record_key) return "the record's key is not its offer_id";
  if (intent.quantity() == 0 || intent.quantity() > intent::kQuantityMax) {
    return "quantity is out of range";
  }
  // The deadline is the id's own; another one would revive an expired intent.
  if (base::ToMs(intent.deadline()) != (*key)->id.unix_ms() + intent::kTtlMs) {
    return "deadline is not the id's time plus the TTL";
  }
  return {};
}

uint64_t UnknownFieldsIn(const crossing::v1::PurchaseIntent& intent) {
  uint64_t count = base::OwnUnknownFields(intent);
  if (intent.has_price_seen()) count += base::OwnUnknownFields(intent.price_seen());
  if (intent.has_deadline()) count += base::OwnUnknownFields(intent.deadline());
  return count;
}

std::optional<IntentKey> KeyOf(const crossing::v1::Outcome& outcome) {
  return MakeKey(outcome.buyer_ref(), outcome.intent_id());
}

}  // namespace jembatan::bridge
