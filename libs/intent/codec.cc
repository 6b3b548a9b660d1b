#include "libs/intent/codec.h"

#include "libs/base/check.h"
#include "libs/intent/codec_json_in.h"
#include "libs/intent/codec_json_out.h"
#include "libs/intent/codec_proto_in.h"
#include "libs/intent/limits.h"

namespace jembatan::intent {
namespace {

using intake::v1::ClientFrame;
using intake::v1::GetOutcomesRequest;
using intake::v1::Intent;
using intake::v1::SubmitIntentRequest;

// The most that a text of valid messages comes to hold, growth by doubling included.
constexpr size_t kOrdinaryCapacity = 2 * kAttributionBytes;
static_assert(kOfferIdBytes <= kAttributionBytes && kShortTextBytes <= kAttributionBytes);

bool Ordinary(const std::string& text) { return text.capacity() <= kOrdinaryCapacity; }
bool Ordinary(const Intent& intent) {
  return Ordinary(intent.intent_id()) && Ordinary(intent.offer_id()) &&
         Ordinary(intent.price_seen().currency()) && Ordinary(intent.price_version()) &&
         Ordinary(intent.room_id()) && Ordinary(intent.campaign_id()) &&
         Ordinary(intent.attribution()) && Ordinary(intent.voucher_ref());
}
bool Ordinary(const GetOutcomesRequest::Query& query) {
  return Ordinary(query.intent_id()) && Ordinary(query.offer_id());
}
template <typename List>
bool AllOrdinary(const List& list) {
  for (const auto& element : list) {
    if (!Ordinary(element)) return false;
  }
  return true;
}
bool Ordinary(const ClientFrame& frame) {
  return AllOrdinary(frame.intents()) && AllOrdinary(frame.watch_intent_ids()) &&
         AllOrdinary(frame.watch_room_ids());
}
bool Ordinary(const SubmitIntentRequest& request) { return Ordinary(request.intent()); }
bool Ordinary(const GetOutcomesRequest& request) { return AllOrdinary(request.queries()); }

template <typename Message>
void Encode(Encoding encoding, const Message& message, std::string* out) {
  switch (encoding) {
    case Encoding::kProto:
      JEMB_CHECK(message.AppendToString(out));
      return;
    case Encoding::kJson:
      AppendJson(message, out);
      return;
  }
}

}  // namespace

class Decoder::Impl {
 public:
  template <typename Message>
  Refusal Decode(Encoding encoding, std::string_view bytes, size_t bound,
                 std::string_view bad_binary, Message* message) {
    Reuse(message);
    if (bytes.size() > bound) return {intake::v1::REASON_TOO_LARGE, "the message is too long"};
    if (encoding == Encoding::kJson) return FromJson(bytes, message);
    return FromProto(bytes, bad_binary, message);
  }

  uint64_t unknown_fields() const { return unknown_fields_; }

 private:
  // A cleared message keeps the longest capacity each of its texts ever had, so one client's odd
  // messages would cost memory for good: after such a one start from nothing.
  template <typename Message>
  static void Reuse(Message* message) {
    if (Ordinary(*message)) {
      message->Clear();
    } else {
      Message fresh;
      fresh.Swap(message);
    }
  }

  template <typename Message>
  Refusal FromJson(std::string_view bytes, Message* message) {
    JsonError error;
    if (json_.Read(bytes, message, &error)) return {};
    text_ = error.Text();
    return {error.reason(), text_};
  }

  template <typename Message>
  Refusal FromProto(std::string_view bytes, std::string_view bad_binary, Message* message) {
    if (Refusal refusal = CheckListBounds(*message, bytes); refusal.refused()) return refusal;
    if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return {intake::v1::REASON_MALFORMED, bad_binary};
    }
    unknown_fields_ += DropUnknownFields(message);
    return {};
  }

  JsonReader json_;
  std::string text_;
  uint64_t unknown_fields_ = 0;
};

Decoder::Decoder() : impl_(std::make_unique<Impl>()) {}
Decoder::~Decoder() = default;

Refusal Decoder::DecodeFrame(Encoding encoding, std::string_view bytes, ClientFrame* message) {
  return impl_->Decode(encoding, bytes, kFrameBytes,
                       "not a ClientFrame: bad encoding or text that is not UTF-8", message);
}

Refusal Decoder::DecodeSubmit(Encoding encoding, std::string_view bytes,
                              SubmitIntentRequest* message) {
  return impl_->Decode(encoding, bytes, kUnaryBytes,
                       "not a SubmitIntentRequest: bad encoding or text that is not UTF-8",
                       message);
}

Refusal Decoder::DecodeQuery(Encoding encoding, std::string_view bytes,
                             GetOutcomesRequest* message) {
  return impl_->Decode(encoding, bytes, kUnaryBytes,
                       "not a GetOutcomesRequest: bad encoding or text that is not UTF-8", message);
}

uint64_t Decoder::unknown_fields() const { return impl_->unknown_fields(); }

void EncodeFrame(Encoding encoding, const intake::v1::ServerFrame& message, std::string* out) {
  Encode(encoding, message, out);
}

void EncodeSubmit(Encoding encoding, const intake::v1::SubmitIntentResponse& message,
                  std::string* out) {
  Encode(encoding, message, out);
}

void EncodeAnswers(Encoding encoding, const intake::v1::GetOutcomesResponse& message,
                   std::string* out) {
  Encode(encoding, message, out);
}

}  // namespace jembatan::intent
