#include "services/gateway/room_desk.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "libs/base/status.h"
#include "services/gateway/limits.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway::testing {
namespace {

using absl::StatusCode;
using intake::v1::Room;
using ::testing::ElementsAre;

constexpr uint64_t kBits = uint64_t{0x81} << 56;
// Of another gateway: deliveries come to the producer that wrote, which opaques stand for here.
constexpr uint64_t kOtherBits = uint64_t{0x82} << 56;

// One topic of rooms, read by several gateways, each at its own pace.
class FakeRoomLog final : public RoomLog {
 public:
  struct Record {
    std::string key;
    std::string value;
    uint64_t opaque;
  };
  void AskEnd(uint64_t opaque) override { asked.push_back(opaque); }
  absl::Status Produce(std::string_view key, std::string_view value, uint64_t opaque) override {
    if (!answer.ok()) return answer;
    records.push_back({std::string(key), std::string(value), opaque});
    return absl::OkStatus();
  }

  std::vector<uint64_t> asked;
  std::vector<Record> records;
  absl::Status answer;
};

std::shared_ptr<const Principal> Backend() {
  auto principal = std::make_shared<Principal>();
  principal->viewer.id = "back end";
  principal->viewer.manages_rooms = true;
  return principal;
}

// A gateway's desk and rooms on a log that others may share.
struct Gateway {
  explicit Gateway(FakeRoomLog* shared, uint64_t bits = kBits)
      : log(shared), desk(&rooms, shared, bits) {}

  // Answers the questions after the log's end.
  void TellEnd() {
    for (uint64_t opaque : std::exchange(log->asked, {})) {
      desk.OnEnd(opaque, static_cast<int64_t>(log->records.size()));
    }
  }
  void TellDelivery() {
    for (size_t i = 0; i < log->records.size(); ++i) {
      desk.OnDelivery(log->records[i].opaque, static_cast<int64_t>(i));
    }
  }
  void ReadAll() {
    for (; read < log->records.size(); ++read) {
      rooms.Apply(log->records[read].key, log->records[read].value, kNowMs);
    }
    rooms.SetKnown();
    desk.OnApplied(static_cast<int64_t>(read));
  }

  std::optional<absl::StatusOr<std::string>> Begin(RoomMethod method,
                                                   const google::protobuf::Message& request) {
    result.reset();
    desk.Serve(method, *principal, intent::Encoding::kProto, request.SerializeAsString(), kNowMs,
               [this](absl::StatusOr<std::string> answer) { result = std::move(answer); });
    return result;
  }
  // The whole way.
  absl::StatusOr<std::string> Call(RoomMethod method, const google::protobuf::Message& request) {
    Begin(method, request);
    TellEnd();
    ReadAll();
    TellDelivery();
    ReadAll();
    return result.value_or(base::Internal("no answer"));
  }
  absl::StatusOr<Room> Open(const std::string& room_id) {
    intake::v1::OpenRoomRequest request;
    request.set_room_id(room_id);
    return RoomIn<intake::v1::OpenRoomResponse>(Call(RoomMethod::kOpenRoom, request));
  }
  absl::StatusOr<Room> Pin(const std::string& room_id, const std::string& offer_id) {
    intake::v1::PinOfferRequest request;
    request.set_room_id(room_id);
    request.set_offer_id(offer_id);
    return RoomIn<intake::v1::PinOfferResponse>(Call(RoomMethod::kPinOffer, request));
  }
  absl::StatusOr<Room> Unpin(const std::string& room_id, const std::string& offer_id) {
    intake::v1::UnpinOfferRequest request;
    request.set_room_id(room_id);
    request.set_offer_id(offer_id);
    return RoomIn<intake::v1::UnpinOfferResponse>(Call(RoomMethod::kUnpinOffer, request));
  }
  absl::StatusOr<Room> Close(const std::string& room_id) {
    intake::v1::CloseRoomRequest request;
    request.set_room_id(room_id);
    return RoomIn<intake::v1::CloseRoomResponse>(Call(RoomMethod::kCloseRoom, request));
  }
  absl::StatusOr<Room> Get(const std::string& room_id) {
    intake::v1::GetRoomRequest request;
    request.set_room_id(room_id);
    return RoomIn<intake::v1::GetRoomResponse>(Call(RoomMethod::kGetRoom, request));
  }

  template <typename Response>
  static absl::StatusOr<Room> RoomIn(const absl::StatusOr<std::string>& answer) {
    if (!answer.ok()) return answer.status();
    Response response;
    EXPECT_TRUE(response.ParseFromString(*answer));
    return response.room();
  }

  FakeRoomLog* const log;
  Rooms rooms;
  RoomDesk desk;
  std::shared_ptr<const Principal> principal = Backend();
  size_t read = 0;
  std::optional<absl::StatusOr<std::string>> result;
};

std::vector<std::string> PinsOf(const absl::StatusOr<Room>& room) {
  if (!room.ok()) return {base::ToString(room.status())};
  std::vector<std::string> pins;
  for (const auto& pinned : room->pinned()) pins.push_back(pinned.offer_id());
  return pins;
}

TEST(RoomDesk, ARoomFromItsOpeningToItsEnd) {
  FakeRoomLog log;
  Gateway gateway(&log);
  auto room = gateway.Open("r");
  ASSERT_TRUE(room.ok()) << room.status();
  EXPECT_EQ(room->state(), Room::STATE_OPEN);
  EXPECT_EQ(room->opened_at().seconds(), kNowMs / 1000);
  EXPECT_THAT(PinsOf(gateway.Pin("r", "a")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(gateway.Pin("r", "b")), ElementsAre("a", "b"));
  EXPECT_THAT(PinsOf(gateway.Pin("r", "a")), ElementsAre("b", "a"));
  EXPECT_THAT(PinsOf(gateway.Unpin("r", "b")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(gateway.Get("r")), ElementsAre("a"));
  room = gateway.Close("r");
  ASSERT_TRUE(room.ok()) << room.status();
  EXPECT_EQ(room->state(), Room::STATE_CLOSED);
  EXPECT_EQ(room->closed_at().seconds(), kNowMs / 1000);
  EXPECT_EQ(gateway.Get("r")->state(), Room::STATE_CLOSED);
  intake::v1::RoomRecord opened;
  ASSERT_TRUE(opened.ParseFromString(log.records.front().value));
  EXPECT_EQ(opened.written_by(), "back end");
}

// What is there already is not written, for a repeated call must not change what viewers see.
TEST(RoomDesk, RepeatedCallsWriteNothing) {
  FakeRoomLog log;
  Gateway gateway(&log);
  EXPECT_TRUE(gateway.Close("r").ok()) << "never opened";
  EXPECT_TRUE(log.records.empty());
  ASSERT_TRUE(gateway.Open("r").ok() && gateway.Pin("r", "a").ok());
  const size_t written = log.records.size();
  EXPECT_THAT(PinsOf(gateway.Open("r")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(gateway.Pin("r", "a")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(gateway.Unpin("r", "b")), ElementsAre("a"));
  EXPECT_EQ(log.records.size(), written);
}

// The room and its pins lose their records, so that the topic can forget them.
TEST(RoomDesk, AClosedRoomLeavesNoRecords) {
  FakeRoomLog log;
  Gateway gateway(&log);
  ASSERT_TRUE(gateway.Open("r").ok() && gateway.Pin("r", "a").ok() && gateway.Pin("r", "b").ok());
  ASSERT_TRUE(gateway.Close("r").ok());
  std::map<std::string, std::string> last;
  for (const auto& record : log.records) last[record.key] = record.value;
  EXPECT_EQ(last.size(), 3u);
  for (const auto& [key, value] : last) EXPECT_EQ(value, "") << key;
}

TEST(RoomDesk, RefusesWhatCannotBe) {
  FakeRoomLog log;
  Gateway gateway(&log);
  EXPECT_EQ(gateway.Pin("r", "a").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(gateway.Unpin("r", "a").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(gateway.Get("r").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(gateway.Open("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway.Open("a\nb").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway.Open(std::string(65, 'r')).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway.Pin("r", "a b").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway.Pin("r", "").status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(log.records.empty());
  gateway.principal = PrincipalOf(1);
  EXPECT_EQ(gateway.Open("r").status().code(), StatusCode::kPermissionDenied) << "a viewer";
}

TEST(RoomDesk, APinTooMany) {
  FakeRoomLog log;
  Gateway gateway(&log);
  ASSERT_TRUE(gateway.Open("r").ok());
  for (size_t i = 0; i < kPinsPerRoom; ++i) {
    ASSERT_TRUE(gateway.Pin("r", std::to_string(i)).ok());
  }
  EXPECT_EQ(gateway.Pin("r", "one more").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gateway.Pin("r", "more").status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(gateway.Pin("r", "0").ok()) << "pinned already";
}

// Otherwise a pin right after the opening, at another gateway, would be refused, and an opening
// right after another would wipe its pins out.
TEST(RoomDesk, SeesWhatAnotherGatewayAnsweredBefore) {
  FakeRoomLog log;
  Gateway one(&log);
  Gateway other(&log, kOtherBits);
  ASSERT_TRUE(one.Open("r").ok());
  EXPECT_THAT(PinsOf(other.Pin("r", "a")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(one.Open("r")), ElementsAre("a"));
  EXPECT_THAT(PinsOf(one.Get("r")), ElementsAre("a"));
}

TEST(RoomDesk, TellsThatAnotherCallCameBetween) {
  FakeRoomLog log;
  Gateway one(&log);
  Gateway other(&log, kOtherBits);
  ASSERT_TRUE(one.Open("r").ok());
  intake::v1::PinOfferRequest pin;
  pin.set_room_id("r");
  pin.set_offer_id("a");
  one.Begin(RoomMethod::kPinOffer, pin);
  one.TellEnd();
  ASSERT_TRUE(other.Close("r").ok()) << "behind the pin";
  one.TellDelivery();
  one.ReadAll();
  ASSERT_TRUE(one.result.has_value());
  EXPECT_EQ(one.result->status().code(), StatusCode::kAborted);
}

TEST(RoomDesk, IsAnsweredOnlyByItsRecordReadBack) {
  FakeRoomLog log;
  Gateway gateway(&log);
  intake::v1::OpenRoomRequest open;
  open.set_room_id("r");
  EXPECT_FALSE(gateway.Begin(RoomMethod::kOpenRoom, open).has_value());
  gateway.ReadAll();
  EXPECT_TRUE(log.records.empty()) << "it is not known yet what the log holds";
  gateway.TellEnd();
  EXPECT_EQ(log.records.size(), 1u);
  gateway.TellDelivery();
  EXPECT_FALSE(gateway.result.has_value());
  gateway.ReadAll();
  ASSERT_TRUE(gateway.result.has_value());
  EXPECT_TRUE(gateway.result->ok());
  EXPECT_EQ(gateway.desk.calls(), 0u);
}

TEST(RoomDesk, ALogThatFailsIsUnavailable) {
  intake::v1::OpenRoomRequest open;
  open.set_room_id("r");
  const auto expect_unavailable = [&](const char* what, const auto& then) {
    FakeRoomLog log;
    Gateway gateway(&log);
    gateway.rooms.SetKnown();
    gateway.Begin(RoomMethod::kOpenRoom, open);
    then(gateway);
    ASSERT_TRUE(gateway.result.has_value()) << what;
    EXPECT_EQ(gateway.result->status().code(), StatusCode::kUnavailable) << what;
    EXPECT_EQ(gateway.desk.calls(), 0u) << what;
  };
  expect_unavailable("its end is unknown", [](Gateway& gateway) {
    gateway.desk.OnEnd(gateway.log->asked.front(), base::Unavailable("x"));
  });
  expect_unavailable("it does not take it", [](Gateway& gateway) {
    gateway.log->answer = base::ResourceExhausted("x");
    gateway.TellEnd();
  });
  expect_unavailable("it does not deliver it", [](Gateway& gateway) {
    gateway.TellEnd();
    gateway.desk.OnDelivery(gateway.log->records.front().opaque, base::Unavailable("x"));
  });
  expect_unavailable("it is silent", [](Gateway& gateway) {
    gateway.desk.Sweep(kNowMs + kRoomCallMs - 1);
    ASSERT_FALSE(gateway.result.has_value());
    gateway.desk.Sweep(kNowMs + kRoomCallMs);
  });
  expect_unavailable("the gateway drains", [](Gateway& gateway) { gateway.desk.Stop(); });
}

TEST(RoomDesk, HoldsABoundedNumberOfCalls) {
  FakeRoomLog log;
  Gateway gateway(&log);
  intake::v1::GetRoomRequest get;
  get.set_room_id("r");
  for (size_t i = 0; i < kRoomCallsMax; ++i) {
    ASSERT_FALSE(gateway.Begin(RoomMethod::kGetRoom, get).has_value());
  }
  const auto refused = gateway.Begin(RoomMethod::kGetRoom, get);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status().code(), StatusCode::kResourceExhausted);
}

TEST(RoomDesk, ListsOpenRoomsByPages) {
  FakeRoomLog log;
  Gateway gateway(&log);
  for (const char* room : {"b", "c", "a"}) ASSERT_TRUE(gateway.Open(room).ok());
  intake::v1::ListRoomsRequest request;
  request.set_page_size(2);
  intake::v1::ListRoomsResponse page;
  ASSERT_TRUE(page.ParseFromString(*gateway.Call(RoomMethod::kListRooms, request)));
  ASSERT_EQ(page.rooms_size(), 2);
  EXPECT_EQ(page.rooms(1).room_id(), "b");
  EXPECT_TRUE(page.more());
  request.set_after_room_id("b");
  ASSERT_TRUE(page.ParseFromString(*gateway.Call(RoomMethod::kListRooms, request)));
  ASSERT_EQ(page.rooms_size(), 1);
  EXPECT_EQ(page.rooms(0).room_id(), "c");
  EXPECT_FALSE(page.more());
  request.set_page_size(kRoomsPerPage + 1);
  EXPECT_EQ(gateway.Call(RoomMethod::kListRooms, request).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(RoomDesk, SpeaksJson) {
  FakeRoomLog log;
  Gateway gateway(&log);
  std::optional<absl::StatusOr<std::string>> result;
  const auto serve = [&](std::string_view json) {
    result.reset();
    gateway.desk.Serve(RoomMethod::kOpenRoom, *gateway.principal, intent::Encoding::kJson, json,
                       kNowMs, [&](absl::StatusOr<std::string> answer) { result = answer; });
    gateway.TellEnd();
    gateway.ReadAll();
    gateway.TellDelivery();
    gateway.ReadAll();
  };
  serve(R"({"roomId":"r"})");
  ASSERT_TRUE(result.has_value() && result->ok());
  EXPECT_THAT(**result, ::testing::HasSubstr(R"("state":"STATE_OPEN")"));
  for (const char* bad : {"", "[]", R"({"room":"r"})", R"({"roomId":1})"}) {
    serve(bad);
    ASSERT_TRUE(result.has_value()) << bad;
    EXPECT_EQ(result->status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace jembatan::gateway::testing
