#include "libs/intent/codec_proto_in.h"

#include <array>
#include <span>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/wire_format_lite.h"

#include "libs/intent/limits.h"

namespace jembatan::intent {
namespace {

using google::protobuf::internal::WireFormatLite;
using intake::v1::ClientFrame;
using intake::v1::GetOutcomesRequest;
using intake::v1::Intent;
using intake::v1::SubmitIntentRequest;

struct ListBound {
  int field;
  size_t most;
  std::string_view too_many;
};

constexpr ListBound kFrameLists[] = {
    {ClientFrame::kIntentsFieldNumber, kIntentsPerFrame, "intents: more than 256 elements"},
    {ClientFrame::kWatchIntentIdsFieldNumber, kWatchesPerFrame,
     "watch_intent_ids: more than 256 elements"},
    {ClientFrame::kWatchRoomIdsFieldNumber, kRoomsPerFrame, "watch_room_ids: more than 8 elements"},
};
constexpr ListBound kQueryLists[] = {
    {GetOutcomesRequest::kQueriesFieldNumber, kQueriesPerRequest,
     "queries: more than 100 elements"},
};

Refusal CheckLists(std::span<const ListBound> bounds, std::string_view bytes) {
  std::array<size_t, 3> counts{};
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  while (uint32_t tag = input.ReadTag()) {
    for (size_t i = 0; i < bounds.size(); ++i) {
      if (WireFormatLite::GetTagFieldNumber(tag) != bounds[i].field) continue;
      if (++counts[i] > bounds[i].most) {
        return {intake::v1::REASON_TOO_LARGE, bounds[i].too_many};
      }
    }
    if (!WireFormatLite::SkipField(&input, tag)) break;
  }
  return {};
}

// Groups count as one field: what is inside was never looked at. Swapped out rather than cleared,
// which would keep the memory.
uint64_t DropOwn(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  int count = reflection->GetUnknownFields(*message).field_count();
  if (count == 0) return 0;
  google::protobuf::UnknownFieldSet dropped;
  reflection->MutableUnknownFields(message)->Swap(&dropped);
  return static_cast<uint64_t>(count);
}

uint64_t DropFrom(Intent* intent) {
  uint64_t count = DropOwn(intent);
  if (intent->has_price_seen()) count += DropOwn(intent->mutable_price_seen());
  if (intent->has_client_time()) count += DropOwn(intent->mutable_client_time());
  return count;
}

}  // namespace

Refusal CheckListBounds(const ClientFrame&, std::string_view bytes) {
  return CheckLists(kFrameLists, bytes);
}

Refusal CheckListBounds(const SubmitIntentRequest&, std::string_view) { return {}; }

Refusal CheckListBounds(const GetOutcomesRequest&, std::string_view bytes) {
  return CheckLists(kQueryLists, bytes);
}

uint64_t DropUnknownFields(ClientFrame* message) {
  uint64_t count = DropOwn(message);
  for (Intent& intent : *message->mutable_intents()) count += DropFrom(&intent);
  return count;
}

uint64_t DropUnknownFields(SubmitIntentRequest* message) {
  uint64_t count = DropOwn(message);
  if (message->has_intent()) count += DropFrom(message->mutable_intent());
  return count;
}

uint64_t DropUnknownFields(GetOutcomesRequest* message) {
  uint64_t count = DropOwn(message);
  for (GetOutcomesRequest::Query& query : *message->mutable_queries()) count += DropOwn(&query);
  return count;
}

}  // namespace jembatan::intent
