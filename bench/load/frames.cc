#include "bench/load/frames.h"

#include <utility>

#include <google/protobuf/util/json_util.h>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/intent/limits.h"

namespace jembatan::load {
namespace {

constexpr char kIntentsTag = 0x0a;   // ClientFrame.intents = 1, length-delimited
constexpr char kWatchTag = 0x12;     // ClientFrame.watch_intent_ids = 2, length-delimited
constexpr char kRoomTag = 0x1a;      // ClientFrame.watch_room_ids = 3, length-delimited
constexpr char kIntentIdTag = 0x0a;  // Intent.intent_id = 1, length-delimited
constexpr size_t kIdBytes = 36;

static_assert(intake::v1::ClientFrame::kIntentsFieldNumber == 1);
static_assert(intake::v1::ClientFrame::kWatchIntentIdsFieldNumber == 2);
static_assert(intake::v1::ClientFrame::kWatchRoomIdsFieldNumber == 3);
static_assert(intake::v1::Intent::kIntentIdFieldNumber == 1);

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

}  // namespace

IntentTemplate::IntentTemplate(Encoding encoding, const OfferOnSale& offer, uint32_t quantity,
                               const std::string& room, const std::string& attribution)
    : encoding_(encoding) {
  intake::v1::Intent intent;
  intent.set_offer_id(offer.offer_id);
  intent.set_quantity(quantity);
  intent.mutable_price_seen()->set_currency(offer.currency);
  intent.mutable_price_seen()->set_amount_minor(offer.amount_minor);
  intent.set_price_version(offer.price_version);
  intent.set_room_id(room);
  intent.set_campaign_id(offer.campaign_id);
  intent.set_attribution(attribution);
  if (encoding_ == Encoding::kProto) {
    after_id_ = intent.SerializeAsString();
    before_id_.push_back(kIntentsTag);
    AppendVarint(2 + kIdBytes + after_id_.size(), &before_id_);
    before_id_.push_back(kIntentIdTag);
    before_id_.push_back(static_cast<char>(kIdBytes));
    return;
  }
  std::string json;
  JEMB_CHECK(google::protobuf::util::MessageToJsonString(intent, &json).ok());
  before_id_ = R"({"intentId":")";
  // The id goes in front of the rest of the object, whose opening brace goes.
  after_id_ = "\"," + json.substr(1);
}

void IntentTemplate::Append(const base::Uuid& id, std::string* out) const {
  if (encoding_ == Encoding::kJson && !out->empty()) out->push_back(',');
  out->append(before_id_);
  out->append(id.ToString());
  out->append(after_id_);
}

void FrameWriter::AddIntent(const IntentTemplate& shape, const base::Uuid& id) {
  if (count_ == intent::kIntentsPerFrame) Seal();
  shape.Append(id, &intents_);
  ++count_;
}

void FrameWriter::AddWatch(const base::Uuid& id) {
  if (count_ == intent::kWatchesPerFrame) Seal();
  if (encoding_ == Encoding::kProto) {
    watches_.push_back(kWatchTag);
    watches_.push_back(static_cast<char>(kIdBytes));
    watches_.append(id.ToString());
  } else {
    if (!watches_.empty()) watches_.push_back(',');
    watches_.append("\"" + id.ToString() + "\"");
  }
  ++count_;
}

void FrameWriter::AddRoom(const std::string& room) {
  if (encoding_ == Encoding::kProto) {
    rooms_.push_back(kRoomTag);
    AppendVarint(room.size(), &rooms_);
    rooms_.append(room);
  } else {
    rooms_.append(rooms_.empty() ? "\"" : ",\"");
    base::AppendJsonEscaped(room, &rooms_);
    rooms_.push_back('"');
  }
  ++count_;
}

void FrameWriter::Seal() {
  std::string frame;
  if (encoding_ == Encoding::kProto) {
    frame = std::move(intents_);
    frame.append(watches_).append(rooms_);
  } else {
    frame = R"({"intents":[)" + intents_ + R"(],"watchIntentIds":[)" + watches_ +
            R"(],"watchRoomIds":[)" + rooms_ + "]}";
  }
  intents_.clear();
  watches_.clear();
  rooms_.clear();
  count_ = 0;
  sealed_.push_back(std::move(frame));
}

std::string FrameWriter::Take() {
  if (sealed_.empty()) Seal();
  std::string frame = std::move(sealed_.front());
  sealed_.pop_front();
  return frame;
}

void FrameWriter::Clear() {
  sealed_.clear();
  intents_.clear();
  watches_.clear();
  rooms_.clear();
  count_ = 0;
}

absl::Status FrameReader::Read(std::string_view bytes, const intake::v1::ServerFrame** frame) {
  frame_.Clear();
  bool good = false;
  if (encoding_ == Encoding::kProto) {
    good = frame_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  } else {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    good =
        google::protobuf::util::JsonStringToMessage({bytes.data(), bytes.size()}, &frame_, options)
            .ok();
  }
  if (!good) return base::InvalidArgument("a frame that is no ServerFrame");
  *frame = &frame_;
  return absl::OkStatus();
}

}  // namespace jembatan::load
