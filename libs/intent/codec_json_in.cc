#include "libs/intent/codec_json_in.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "libs/base/text.h"
#include "libs/intent/limits.h"
#include "libs/intent/timestamp_text.h"

namespace jembatan::intent {
namespace {

using google::protobuf::RepeatedPtrField;
using intake::v1::ClientFrame;
using intake::v1::GetOutcomesRequest;
using intake::v1::Intent;
using intake::v1::Money;
using intake::v1::SubmitIntentRequest;
using Query = GetOutcomesRequest::Query;
using Value = simdjson::ondemand::value;

// Readers of one value. null never gets here. Each consumes the whole value: what simdjson is not
// asked for on demand it does not check.

bool ReadText(JsonError* error, Value value, std::string* text) {
  std::string_view unescaped;
  if (value.get_string().get(unescaped)) return error->Malformed("not a string");
  // The document is UTF-8 by now, but an escape can still spell half a surrogate pair (ED A0..BF).
  if (unescaped.find('\xed') != std::string_view::npos && !base::IsUtf8(unescaped)) {
    return error->Malformed("half a surrogate pair");
  }
  text->assign(unescaped);
  return true;
}

// A decimal integer as JSON would write it, inside a string.
bool ParseInteger(std::string_view text, int64_t* number) {
  std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.size() > 1 && digits.front() == '0') return false;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return failure == std::errc() && end == text.data() + text.size();
}

// proto3 JSON takes 1.0 and 1e2 for integers too; they must be whole and exact.
bool WholeNumber(double number, int64_t* whole) {
  constexpr double kExact = 9'007'199'254'740'992.0;  // 2^53
  if (!(std::fabs(number) <= kExact) || number != std::trunc(number)) return false;
  *whole = static_cast<int64_t>(number);
  return true;
}

template <typename Integer>
bool ReadInteger(JsonError* error, Value value, Integer* integer) {
  simdjson::ondemand::json_type type;
  if (value.type().get(type)) return error->Malformed("not a whole number");
  int64_t number = 0;
  bool whole = false;
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    whole = !value.get_string().get(text) && ParseInteger(text, &number);
  } else if (type == simdjson::ondemand::json_type::number) {
    double real = 0;
    whole = !value.get_int64().get(number) ||
            (!value.get_double().get(real) && WholeNumber(real, &number));
  }
  if (!whole) return error->Malformed("not a whole number of 64 bits");
  if (!std::in_range<Integer>(number)) return error->Malformed("out of range");
  *integer = static_cast<Integer>(number);
  return true;
}

bool ReadTime(JsonError* error, Value value, google::protobuf::Timestamp* time) {
  std::string_view text;
  if (value.get_string().get(text) || !ParseTimestamp(text, time)) {
    return error->Malformed("not an RFC 3339 timestamp");
  }
  return true;
}

template <typename Message>
bool ReadMessage(JsonError* error, Value value, Message* message);

bool ReadElement(JsonError* error, Value value, std::string* text) {
  return ReadText(error, value, text);
}
template <typename Message>
bool ReadElement(JsonError* error, Value value, Message* message) {
  return ReadMessage(error, value, message);
}

template <typename Element>
bool ReadList(JsonError* error, Value value, size_t bound, RepeatedPtrField<Element>* list) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return error->Malformed("not a list");
  size_t index = 0;
  for (auto item : array) {
    Value element;
    if (item.get(element)) return error->Malformed("a broken list");
    if (index == bound) return error->TooLarge("more than " + std::to_string(bound) + " elements");
    if (!ReadElement(error, element, list->Add())) return error->WithinElement(index);
    ++index;
  }
  return true;
}

// A row of a message's table: both names that proto3 JSON allows, and how to read the value.
template <typename Message>
struct Field {
  std::string_view name;
  std::string_view proto_name;
  bool (*read)(JsonError*, Value, Message*);
};

template <typename Message, std::string* (Message::*kMutable)()>
constexpr Field<Message> Text(std::string_view name, std::string_view proto_name) {
  return {name, proto_name, [](JsonError* error, Value value, Message* message) {
            return ReadText(error, value, (message->*kMutable)());
          }};
}

template <typename Message, typename Integer, void (Message::*kSet)(Integer)>
constexpr Field<Message> Number(std::string_view name, std::string_view proto_name) {
  return {name, proto_name, [](JsonError* error, Value value, Message* message) {
            Integer number = 0;
            if (!ReadInteger(error, value, &number)) return false;
            (message->*kSet)(number);
            return true;
          }};
}

template <typename Message, typename Inner, Inner* (Message::*kMutable)()>
constexpr Field<Message> Nested(std::string_view name, std::string_view proto_name) {
  return {name, proto_name, [](JsonError* error, Value value, Message* message) {
            if constexpr (std::is_same_v<Inner, google::protobuf::Timestamp>) {
              return ReadTime(error, value, (message->*kMutable)());
            } else {
              return ReadMessage(error, value, (message->*kMutable)());
            }
          }};
}

template <typename Message, typename Element, RepeatedPtrField<Element>* (Message::*kMutable)(),
          size_t kBound>
constexpr Field<Message> List(std::string_view name, std::string_view proto_name) {
  return {name, proto_name, [](JsonError* error, Value value, Message* message) {
            return ReadList(error, value, kBound, (message->*kMutable)());
          }};
}

template <typename Message>
constexpr int kFields = 0;  // No table: a message that clients do not send.

template <>
constexpr std::array kFields<Money> = {
    Text<Money, &Money::mutable_currency>("currency", "currency"),
    Number<Money, int64_t, &Money::set_amount_minor>("amountMinor", "amount_minor"),
};

template <>
constexpr std::array kFields<Intent> = {
    Text<Intent, &Intent::mutable_intent_id>("intentId", "intent_id"),
    Text<Intent, &Intent::mutable_offer_id>("offerId", "offer_id"),
    Number<Intent, uint32_t, &Intent::set_quantity>("quantity", "quantity"),
    Nested<Intent, Money, &Intent::mutable_price_seen>("priceSeen", "price_seen"),
    Text<Intent, &Intent::mutable_price_version>("priceVersion", "price_version"),
    Text<Intent, &Intent::mutable_room_id>("roomId", "room_id"),
    Number<Intent, int64_t, &Intent::set_stream_position_ms>("streamPositionMs",
                                                             "stream_position_ms"),
    Text<Intent, &Intent::mutable_campaign_id>("campaignId", "campaign_id"),
    Text<Intent, &Intent::mutable_attribution>("attribution", "attribution"),
    Text<Intent, &Intent::mutable_voucher_ref>("voucherRef", "voucher_ref"),
    Nested<Intent, google::protobuf::Timestamp, &Intent::mutable_client_time>("clientTime",
                                                                              "client_time"),
};

template <>
constexpr std::array kFields<ClientFrame> = {
    List<ClientFrame, Intent, &ClientFrame::mutable_intents, kIntentsPerFrame>("intents",
                                                                               "intents"),
    List<ClientFrame, std::string, &ClientFrame::mutable_watch_intent_ids, kWatchesPerFrame>(
        "watchIntentIds", "watch_intent_ids"),
    List<ClientFrame, std::string, &ClientFrame::mutable_watch_room_ids, kRoomsPerFrame>(
        "watchRoomIds", "watch_room_ids"),
};

template <>
constexpr std::array kFields<SubmitIntentRequest> = {
    Nested<SubmitIntentRequest, Intent, &SubmitIntentRequest::mutable_intent>("intent", "intent"),
};

template <>
constexpr std::array kFields<Query> = {
    Text<Query, &Query::mutable_intent_id>("intentId", "intent_id"),
    Text<Query, &Query::mutable_offer_id>("offerId", "offer_id"),
};

template <>
constexpr std::array kFields<GetOutcomesRequest> = {
    List<GetOutcomesRequest, Query, &GetOutcomesRequest::mutable_queries, kQueriesPerRequest>(
        "queries", "queries"),
};

// Row of a key. Clients write fields in one order: the row after the last one found is tried first.
template <typename Message, typename Matches>
size_t FindField(size_t hint, Matches matches) {
  const auto& fields = kFields<Message>;
  for (size_t tried = 0; tried < fields.size(); ++tried) {
    size_t row = (hint + tried) % fields.size();
    if (matches(fields[row].name) || matches(fields[row].proto_name)) return row;
  }
  return fields.size();
}

// Row of a key as it stands in the document, in front of its closing quote; one with escapes is not
// found. The padding behind the document is longer than any name.
template <typename Message>
size_t FindRawField(const char* key, size_t hint) {
  return FindField<Message>(hint, [key](std::string_view name) {
    static_assert(simdjson::SIMDJSON_PADDING >= 64);
    return std::memcmp(key, name.data(), name.size()) == 0 && key[name.size()] == '"';
  });
}

// Repeats the key only if it is short and plain: it comes from outside.
bool UnknownField(JsonError* error, std::string_view key) {
  constexpr size_t kLongestRepeated = 40;
  bool plain = !key.empty() && key.size() <= kLongestRepeated;
  for (char c : key) plain &= c > ' ' && c < 0x7f && c != '"' && c != '\\';
  if (!plain) return error->Malformed("an unknown field");
  return error->Malformed("unknown field \"" + std::string(key) + "\"");
}

template <typename Message>
bool ReadFields(JsonError* error, simdjson::ondemand::object object, Message* message) {
  const auto& fields = kFields<Message>;
  static_assert(fields.size() <= 32);
  uint32_t seen = 0;
  size_t hint = 0;
  for (auto item : object) {
    simdjson::ondemand::field field;
    if (std::move(item).get(field)) return error->Malformed("a broken object");
    size_t row = FindRawField<Message>(field.key().raw(), hint);
    if (row == fields.size()) {
      std::string_view key;
      if (field.unescaped_key().get(key)) return error->Malformed("a broken object");
      row = FindField<Message>(hint, [key](std::string_view name) { return key == name; });
      if (row == fields.size()) return UnknownField(error, key);
    }
    std::string_view name = fields[row].name;
    if ((seen >> row & 1) != 0) {
      error->Malformed("given twice");
      return error->Within(name);
    }
    seen |= uint32_t{1} << row;
    hint = row + 1;
    bool is_null = false;
    if (field.value().is_null().get(is_null)) return error->Malformed("a broken object");
    if (!is_null && !fields[row].read(error, field.value(), message)) return error->Within(name);
  }
  return true;
}

template <typename Message>
bool ReadMessage(JsonError* error, Value value, Message* message) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return error->Malformed("not an object");
  return ReadFields(error, object, message);
}

}  // namespace

bool JsonError::Malformed(std::string_view what) {
  reason_ = intake::v1::REASON_MALFORMED;
  what_ = what;
  return false;
}

bool JsonError::TooLarge(std::string_view what) {
  reason_ = intake::v1::REASON_TOO_LARGE;
  what_ = what;
  return false;
}

bool JsonError::Within(std::string_view field) {
  bool inner = !path_.empty() && path_.front() != '[';
  path_ = std::string(field) + (inner ? "." : "") + path_;
  return false;
}

bool JsonError::WithinElement(size_t index) {
  path_ = "[" + std::to_string(index) + "]" + (path_.empty() ? "" : ".") + path_;
  return false;
}

std::string JsonError::Text() const { return path_.empty() ? what_ : path_ + ": " + what_; }

template <typename Message>
bool JsonReader::ReadDocument(std::string_view bytes, Message* message, JsonError* error) {
  size_t padded = bytes.size() + simdjson::SIMDJSON_PADDING;
  if (scratch_.size() < padded) scratch_.resize(padded);
  std::memcpy(scratch_.data(), bytes.data(), bytes.size());
  std::memset(scratch_.data() + bytes.size(), ' ', simdjson::SIMDJSON_PADDING);

  simdjson::ondemand::document document;
  auto failure = parser_.iterate(scratch_.data(), bytes.size(), scratch_.size()).get(document);
  if (failure == simdjson::UTF8_ERROR) return error->Malformed("text that is not UTF-8");
  if (failure) return error->Malformed("not JSON");
  simdjson::ondemand::object object;
  if (document.get_object().get(object)) return error->Malformed("not one JSON object");
  if (!ReadFields(error, object, message)) return false;
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return error->Malformed("something follows the JSON object");
  }
  return true;
}

bool JsonReader::Read(std::string_view bytes, ClientFrame* message, JsonError* error) {
  return ReadDocument(bytes, message, error);
}

bool JsonReader::Read(std::string_view bytes, SubmitIntentRequest* message, JsonError* error) {
  return ReadDocument(bytes, message, error);
}

bool JsonReader::Read(std::string_view bytes, GetOutcomesRequest* message, JsonError* error) {
  return ReadDocument(bytes, message, error);
}

}  // namespace jembatan::intent
