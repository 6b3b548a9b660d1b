#include "services/gateway/rooms.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

using Kind = Rooms::Change::Kind;
using Standing = Rooms::Standing;
using ::testing::ElementsAre;

constexpr int64_t kNowMs = 1'800'000'000'000;

struct Record {
  std::string key;
  std::string value;
  int64_t append_ms = kNowMs;
};

Record Opened(const std::string& room, int64_t append_ms = kNowMs) {
  intake::v1::RoomRecord record;
  record.set_room_id(room);
  return {RoomKey(room), record.SerializeAsString(), append_ms};
}
Record Closed(const std::string& room, int64_t append_ms = kNowMs) {
  return {RoomKey(room), {}, append_ms};
}
Record Pinned(const std::string& room, const std::string& offer, int64_t append_ms = kNowMs) {
  intake::v1::RoomRecord record;
  record.set_room_id(room);
  record.set_offer_id(offer);
  return {RoomKey(room, offer), record.SerializeAsString(), append_ms};
}
Record Unpinned(const std::string& room, const std::string& offer) {
  return {RoomKey(room, offer), {}};
}

Kind Apply(Rooms& rooms, const Record& record) {
  return rooms.Apply(record.key, record.value, record.append_ms).kind;
}

std::vector<std::string> PinsOf(const Rooms& rooms, const std::string& room_id) {
  std::vector<std::string> offers;
  const Rooms::Room* room = rooms.Find(room_id);
  if (room == nullptr) return {"unknown"};
  if (!room->open) return {"closed"};
  for (const Rooms::Pin& pin : room->pins) offers.push_back(pin.offer_id);
  return offers;
}

TEST(Rooms, AnOfferStandsToARoomAsItWasSaidLast) {
  Rooms rooms;
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kUnknown);
  EXPECT_EQ(Apply(rooms, Pinned("r", "a")), Kind::kNothing) << "nobody has opened it";
  EXPECT_EQ(Apply(rooms, Opened("r")), Kind::kOpened);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kNotPinned);
  EXPECT_EQ(Apply(rooms, Pinned("r", "a")), Kind::kPinned);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kPinned);
  EXPECT_EQ(rooms.Of("r", "b"), Standing::kNotPinned);
  EXPECT_EQ(rooms.Of("other", "a"), Standing::kUnknown);
  EXPECT_EQ(Apply(rooms, Unpinned("r", "b")), Kind::kNothing);
  EXPECT_EQ(Apply(rooms, Unpinned("r", "a")), Kind::kUnpinned);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kNotPinned);
  EXPECT_EQ(Apply(rooms, Closed("r")), Kind::kClosed);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kClosed);
  EXPECT_EQ(Apply(rooms, Pinned("r", "a")), Kind::kNothing);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kClosed);
}

TEST(Rooms, WhatIsPinnedAgainIsTheLast) {
  Rooms rooms;
  for (const Record& record : {Opened("r"), Pinned("r", "a"), Pinned("r", "b"), Pinned("r", "a")}) {
    Apply(rooms, record);
  }
  EXPECT_THAT(PinsOf(rooms, "r"), ElementsAre("b", "a"));
}

TEST(Rooms, OpenedAnewItHasNoPins) {
  Rooms rooms;
  for (const Record& record : {Opened("r"), Pinned("r", "a"), Closed("r"), Opened("r")}) {
    Apply(rooms, record);
  }
  EXPECT_THAT(PinsOf(rooms, "r"), ElementsAre());
  Apply(rooms, Pinned("r", "a"));
  Apply(rooms, Opened("r"));
  EXPECT_THAT(PinsOf(rooms, "r"), ElementsAre()) << "also without having been closed";
  EXPECT_EQ(rooms.open(), 1u);
}

TEST(Rooms, UnreadableRecordsChangeNothing) {
  Rooms rooms;
  Apply(rooms, Opened("r"));
  Apply(rooms, Pinned("r", "a"));
  for (const Record& bad :
       {Record{"", "x"}, Record{"r", "\xff"}, Record{"r", Opened("s").value},
        Record{"r", Pinned("r", "a").value}, Record{RoomKey("r", "a"), Opened("r").value},
        Record{RoomKey("r", "b"), Pinned("r", "a").value}, Record{"r\nwith blank b", {}},
        Record{"r\n", {}}, Record{std::string(65, 'r'), {}}, Record{"\x01", {}}}) {
    EXPECT_EQ(Apply(rooms, bad), Kind::kUnreadable) << bad.key;
  }
  EXPECT_THAT(PinsOf(rooms, "r"), ElementsAre("a"));
}

// Whatever was said in whatever order: who reads the topic after a compaction, at whichever record
// it had come to, knows the same as who read it all.
TEST(Rooms, ACompactedTopicTellsTheSame) {
  std::mt19937 random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Record> log;
    for (int i = 0; i < 12; ++i) {
      const std::string room = random() % 2 == 0 ? "r" : "s";
      const std::string offer(1, static_cast<char>('a' + random() % 3));
      const Record said[] = {Opened(room),          Closed(room),        Pinned(room, offer),
                             Unpinned(room, offer), Pinned(room, offer), Pinned(room, offer)};
      log.push_back(said[random() % 6]);
    }
    const size_t cleaned = random() % (log.size() + 1);
    std::map<std::string, size_t> last;
    for (size_t i = 0; i < cleaned; ++i) last[log[i].key] = i;
    Rooms all;
    Rooms compacted;
    for (size_t i = 0; i < log.size(); ++i) {
      Apply(all, log[i]);
      if (i < cleaned && last[log[i].key] != i) continue;
      Apply(compacted, log[i]);
    }
    for (const char* room : {"r", "s"}) {
      EXPECT_EQ(PinsOf(all, room), PinsOf(compacted, room)) << "round " << round;
    }
    EXPECT_EQ(all.open(), compacted.open());
  }
}

TEST(Rooms, ClosedOnesAreForgottenAfterADay) {
  Rooms rooms;
  for (const char* room : {"old", "reopened"}) {
    Apply(rooms, Opened(room, kNowMs));
    Apply(rooms, Closed(room, kNowMs));
  }
  Apply(rooms, Opened("reopened", kNowMs + 1));
  Apply(rooms, Opened("r", kNowMs));
  Apply(rooms, Closed("r", kNowMs + kClosedRoomKeptMs));
  EXPECT_EQ(rooms.Of("old", "a"), Standing::kClosed);
  Apply(rooms, Opened("s", kNowMs));
  Apply(rooms, Closed("s", kNowMs + kClosedRoomKeptMs + 1));
  EXPECT_EQ(rooms.Of("old", "a"), Standing::kUnknown);
  EXPECT_EQ(rooms.Of("reopened", "a"), Standing::kNotPinned);
  EXPECT_EQ(rooms.Of("r", "a"), Standing::kClosed);
}

TEST(Rooms, HoldNoMoreThanTheirBounds) {
  Rooms rooms;
  for (size_t i = 0; i < 2 * kRoomsOpenMax + 10; ++i) Apply(rooms, Opened(std::to_string(i)));
  EXPECT_EQ(rooms.open(), 2 * kRoomsOpenMax);
  for (size_t i = 0; i < 2 * kPinsPerRoom + 10; ++i) {
    Apply(rooms, Pinned("0", "offer-" + std::to_string(i)));
  }
  EXPECT_EQ(PinsOf(rooms, "0").size(), 2 * kPinsPerRoom);
  for (size_t i = 0; i < kClosedRoomsKept + 10; ++i) Apply(rooms, Closed(std::to_string(i)));
  EXPECT_EQ(rooms.Of("0", "a"), Standing::kUnknown);
  EXPECT_EQ(rooms.Of("10", "a"), Standing::kClosed);
}

TEST(Rooms, AreListedInTheirOrderByPages) {
  Rooms rooms;
  for (const char* room : {"c", "a", "d", "b"}) Apply(rooms, Opened(room));
  Apply(rooms, Closed("d"));
  EXPECT_THAT(rooms.ListAfter("", 2), ElementsAre("a", "b"));
  EXPECT_THAT(rooms.ListAfter("b", 2), ElementsAre("c"));
  EXPECT_THAT(rooms.ListAfter("c", 2), ElementsAre());
}

}  // namespace
}  // namespace jembatan::gateway
