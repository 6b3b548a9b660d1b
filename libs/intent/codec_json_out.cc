#include "libs/intent/codec_json_out.h"

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "google/protobuf/repeated_ptr_field.h"

#include "libs/base/text.h"
#include "libs/intent/timestamp_text.h"

namespace jembatan::intent {
namespace {

using intake::v1::Drain;
using intake::v1::GetOutcomesResponse;
using intake::v1::Money;
using intake::v1::OfferHint;
using intake::v1::Outcome;
using intake::v1::Reason_Name;
using intake::v1::Receipt;
using intake::v1::RoomHint;
using intake::v1::ServerFrame;
using intake::v1::SubmitIntentResponse;

// A text that some caller took from outside without a check: every byte beyond ASCII is replaced.
std::string Mended(std::string_view text) {
  std::string mended;
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x80) {
      mended.push_back(c);
    } else {
      mended.append("\xef\xbf\xbd");
    }
  }
  return mended;
}

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  if (base::IsUtf8(text)) {
    base::AppendJsonEscaped(text, out);
  } else {
    base::AppendJsonEscaped(Mended(text), out);
  }
  out->push_back('"');
}

void AppendNumber(std::integral auto number, std::string* out) {
  char digits[24];
  auto [end, failure] = std::to_chars(digits, digits + sizeof digits, number);
  out->append(digits, end);
}

// One object under construction: each member leaves itself out if it has its default value. Names
// are plain and written as they are.
class Object {
 public:
  explicit Object(std::string* out) : out_(out) { out_->push_back('{'); }
  void Close() { out_->push_back('}'); }

  void Text(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    Name(name);
    AppendQuoted(value, out_);
  }
  void Bytes(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    Name(name);
    out_->push_back('"');
    out_->append(base::Base64Encode(value));
    out_->push_back('"');
  }
  void Number(std::string_view name, int64_t value) {
    if (value == 0) return;
    Name(name);
    AppendNumber(value, out_);
  }
  // proto3 JSON writes integers of 64 bits as strings: JavaScript's numbers cannot hold them.
  void Wide(std::string_view name, std::integral auto value) {
    if (value == 0) return;
    Name(name);
    out_->push_back('"');
    AppendNumber(value, out_);
    out_->push_back('"');
  }
  void True(std::string_view name, bool value) {
    if (!value) return;
    Name(name);
    out_->append("true");
  }
  // An enum value and its name, which is empty for a number this build does not know.
  void Enum(std::string_view name, int number, const std::string& value_name) {
    if (number == 0) return;
    Name(name);
    if (value_name.empty()) {
      AppendNumber(number, out_);
    } else {
      out_->push_back('"');
      out_->append(value_name);
      out_->push_back('"');
    }
  }
  void Time(std::string_view name, bool present, const google::protobuf::Timestamp& time) {
    if (!present || !IsValidTimestamp(time)) return;
    Name(name);
    out_->push_back('"');
    AppendTimestamp(time, out_);
    out_->push_back('"');
  }
  template <typename Message>
  void Nested(std::string_view name, bool present, const Message& message);
  template <typename Message>
  void List(std::string_view name, const google::protobuf::RepeatedPtrField<Message>& list);

 private:
  void Name(std::string_view name) {
    if (!first_) out_->push_back(',');
    first_ = false;
    out_->push_back('"');
    out_->append(name);
    out_->append("\":");
  }

  std::string* out_;
  bool first_ = true;
};

void Fill(const Money& money, Object& object) {
  object.Text("currency", money.currency());
  object.Wide("amountMinor", money.amount_minor());
}

void Fill(const Receipt& receipt, Object& object) {
  object.Text("intentId", receipt.intent_id());
  object.Enum("status", receipt.status(), Receipt::Status_Name(receipt.status()));
  object.Enum("reason", receipt.reason(), Reason_Name(receipt.reason()));
  object.Number("retryAfterMs", receipt.retry_after_ms());
  object.Text("message", receipt.message());
  object.Number("partition", receipt.partition());
  object.Wide("offset", receipt.offset());
  object.True("replayed", receipt.replayed());
  object.Number("index", receipt.index());
}

void Fill(const Outcome& outcome, Object& object) {
  object.Text("intentId", outcome.intent_id());
  object.Enum("state", outcome.state(), Outcome::State_Name(outcome.state()));
  object.Bytes("fingerprint", outcome.fingerprint());
  object.Enum("reason", outcome.reason(), Reason_Name(outcome.reason()));
  object.Text("message", outcome.message());
  object.Text("orderId", outcome.order_id());
  object.Text("continueUrl", outcome.continue_url());
  object.Text("invoiceUrl", outcome.invoice_url());
  object.Nested("price", outcome.has_price(), outcome.price());
  object.Time("holdExpiresAt", outcome.has_hold_expires_at(), outcome.hold_expires_at());
  object.Text("offerId", outcome.offer_id());
  object.Enum("orderState", outcome.order_state(), Outcome::OrderState_Name(outcome.order_state()));
  object.Time("orderStateAt", outcome.has_order_state_at(), outcome.order_state_at());
}

void Fill(const OfferHint& offer, Object& object) {
  object.Text("offerId", offer.offer_id());
  object.Enum("stock", offer.stock(), OfferHint::Stock_Name(offer.stock()));
  object.Nested("price", offer.has_price(), offer.price());
  object.Text("priceVersion", offer.price_version());
  object.Text("title", offer.title());
  object.Wide("sold", offer.sold());
  object.Time("saleStartsAt", offer.has_sale_starts_at(), offer.sale_starts_at());
  object.Time("saleEndsAt", offer.has_sale_ends_at(), offer.sale_ends_at());
  object.True("local", offer.local());
  object.Text("roomId", offer.room_id());
  object.Time("pinnedAt", offer.has_pinned_at(), offer.pinned_at());
  object.True("unpinned", offer.unpinned());
}

void Fill(const RoomHint& room, Object& object) {
  object.Text("roomId", room.room_id());
  object.Enum("state", room.state(), RoomHint::State_Name(room.state()));
}

void Fill(const Drain& drain, Object& object) {
  object.Number("reconnectAfterMs", drain.reconnect_after_ms());
}

void Fill(const ServerFrame& frame, Object& object) {
  object.List("receipts", frame.receipts());
  object.List("outcomes", frame.outcomes());
  object.List("offers", frame.offers());
  object.Nested("drain", frame.has_drain(), frame.drain());
  object.Time("serverTime", frame.has_server_time(), frame.server_time());
  object.Enum("error", frame.error(), Reason_Name(frame.error()));
  object.Text("errorMessage", frame.error_message());
  object.List("rooms", frame.rooms());
}

void Fill(const SubmitIntentResponse& response, Object& object) {
  object.Nested("receipt", response.has_receipt(), response.receipt());
}

void Fill(const GetOutcomesResponse::Answer& answer, Object& object) {
  object.Text("intentId", answer.intent_id());
  object.Enum("verdict", answer.verdict(), GetOutcomesResponse::Verdict_Name(answer.verdict()));
  object.Nested("outcome", answer.has_outcome(), answer.outcome());
  object.Enum("reason", answer.reason(), Reason_Name(answer.reason()));
}

void Fill(const GetOutcomesResponse& response, Object& object) {
  object.List("answers", response.answers());
}

template <typename Message>
void AppendObject(const Message& message, std::string* out) {
  Object object(out);
  Fill(message, object);
  object.Close();
}

template <typename Message>
void Object::Nested(std::string_view name, bool present, const Message& message) {
  if (!present) return;
  Name(name);
  AppendObject(message, out_);
}

template <typename Message>
void Object::List(std::string_view name, const google::protobuf::RepeatedPtrField<Message>& list) {
  if (list.empty()) return;
  Name(name);
  char separator = '[';
  for (const Message& message : list) {
    out_->push_back(separator);
    AppendObject(message, out_);
    separator = ',';
  }
  out_->push_back(']');
}

}  // namespace

void AppendJson(const ServerFrame& message, std::string* out) { AppendObject(message, out); }

void AppendJson(const SubmitIntentResponse& message, std::string* out) {
  AppendObject(message, out);
}

void AppendJson(const GetOutcomesResponse& message, std::string* out) {
  AppendObject(message, out);
}

}  // namespace jembatan::intent
