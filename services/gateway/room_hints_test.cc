#include "services/gateway/room_hints.h"

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/gateway/limits.h"
#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::OfferHint;
using intake::v1::RoomHint;
using intake::v1::ServerFrame;
using ::testing::ElementsAre;

// A viewer's app: keeps what it is told, and reads only when it can.
class Viewer final : public Session {
 public:
  Viewer(RoomHints& hints, intent::Encoding encoding = intent::Encoding::kProto)
      : Session(PrincipalOf(1)), hints_(hints), encoding_(encoding) {}
  ~Viewer() override { hints_.Close(*this); }

  void Watch(const std::vector<std::string>& rooms) {
    intake::v1::ClientFrame frame;
    for (const std::string& room : rooms) frame.add_watch_room_ids(room);
    hints_.Watch(*this, frame.watch_room_ids());
  }
  void OnOutbox() override {}
  void OnOverflow() override {}
  void OnHints() override {
    if (reads) ReadAll();
  }
  void ReadAll() {
    while (RoomHints::Frame frame = hints_.Take(*this, encoding_)) {
      frames.push_back(frame);
      if (encoding_ == intent::Encoding::kProto) Keep(*frame);
    }
  }
  // The rule of the contract: a room's hint voids what was told of it.
  void Keep(const std::string& bytes) {
    ServerFrame frame;
    ASSERT_TRUE(frame.ParseFromString(bytes));
    for (const RoomHint& room : frame.rooms()) {
      states[room.room_id()] = room.state();
      offers[room.room_id()].clear();
    }
    for (const OfferHint& offer : frame.offers()) {
      auto& known = offers[offer.room_id()];
      if (offer.unpinned()) {
        known.erase(offer.offer_id());
      } else {
        known[offer.offer_id()] = offer;
      }
    }
  }
  std::vector<std::string> Shows(const std::string& room) {
    std::vector<std::string> shown;
    for (const auto& [offer_id, hint] : offers[room]) {
      shown.push_back(offer_id + ":" + std::to_string(hint.sold()));
    }
    return shown;
  }

  bool reads = true;
  std::vector<RoomHints::Frame> frames;
  std::map<std::string, RoomHint::State> states;
  std::map<std::string, std::map<std::string, OfferHint>> offers;

 private:
  RoomHints& hints_;
  const intent::Encoding encoding_;
};

struct World {
  World()
      : hints(&rooms, [this](const std::string& offer_id, OfferHint* hint) {
          hint->set_sold(sold[offer_id]);
        }) {}

  void Say(const std::string& room_id, const std::string& offer_id, bool there) {
    intake::v1::RoomRecord record;
    record.set_room_id(room_id);
    record.set_offer_id(offer_id);
    const std::string key = RoomKey(room_id, offer_id);
    hints.OnRoom(rooms.Apply(key, there ? record.SerializeAsString() : "", now_ms));
  }
  void Open(const std::string& room_id) { Say(room_id, "", true); }
  void Close(const std::string& room_id) { Say(room_id, "", false); }
  void Pin(const std::string& room_id, const std::string& offer_id) {
    Say(room_id, offer_id, true);
  }
  void Unpin(const std::string& room_id, const std::string& offer_id) {
    Say(room_id, offer_id, false);
  }
  void Sell(const std::string& offer_id) {
    ++sold[offer_id];
    hints.OnOffer(offer_id);
  }
  // Ticks until nothing is due; each HandOn's count.
  std::vector<size_t> Settle() {
    std::vector<size_t> told;
    for (int64_t due_ms = hints.NextDueMs(); due_ms >= 0; due_ms = hints.NextDueMs()) {
      now_ms = std::max(now_ms, due_ms);
      told.push_back(hints.HandOn(now_ms));
    }
    return told;
  }

  int64_t now_ms = kNowMs;
  Rooms rooms;
  std::map<std::string, uint64_t> sold;
  RoomHints hints;
};

TEST(RoomHints, ARoomAtFirstThenItsChanges) {
  World world;
  world.Open("r");
  world.Pin("r", "a");
  Viewer viewer(world.hints);
  viewer.Watch({"r"});
  EXPECT_EQ(viewer.states["r"], RoomHint::STATE_LIVE);
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("a:0"));
  world.Pin("r", "b");
  world.Sell("a");
  world.Settle();
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("a:1", "b:0"));
  EXPECT_EQ(viewer.frames.size(), 2u) << "two changes, one frame";
  ServerFrame changes;
  ASSERT_TRUE(changes.ParseFromString(*viewer.frames.back()));
  EXPECT_EQ(changes.rooms_size(), 0);
  EXPECT_EQ(changes.offers_size(), 2);
  EXPECT_EQ(changes.offers(0).room_id(), "r");
  EXPECT_EQ(changes.offers(0).pinned_at().seconds(), kNowMs / 1000);
  world.Unpin("r", "a");
  world.Settle();
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("b:0"));
  world.Close("r");
  world.Settle();
  EXPECT_EQ(viewer.states["r"], RoomHint::STATE_CLOSED);
  EXPECT_THAT(viewer.Shows("r"), ElementsAre());
}

TEST(RoomHints, ARoomThatNobodyHasOpenedIsToldWhenSomebodyDoes) {
  World world;
  Viewer viewer(world.hints);
  viewer.Watch({"r"});
  EXPECT_EQ(viewer.states["r"], RoomHint::STATE_UNKNOWN);
  world.Open("r");
  world.Pin("r", "a");
  world.Settle();
  EXPECT_EQ(viewer.states["r"], RoomHint::STATE_LIVE);
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("a:0"));
}

// Whatever the audience, each encoding of a round is made once and shared.
TEST(RoomHints, ARoundIsEncodedOnceForAll) {
  World world;
  world.Open("r");
  world.Pin("r", "a");
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (int i = 0; i < 1'000; ++i) {
    viewers.push_back(std::make_unique<Viewer>(
        world.hints, i % 2 == 0 ? intent::Encoding::kProto : intent::Encoding::kJson));
    viewers.back()->Watch({"r"});
  }
  EXPECT_EQ(world.hints.counts().encoded, 2u);
  for (int i = 0; i < 50; ++i) world.Sell("a");
  world.Settle();
  EXPECT_EQ(world.hints.counts().rounds, 1u);
  EXPECT_EQ(world.hints.counts().encoded, 4u);
  for (const auto& viewer : viewers) {
    ASSERT_EQ(viewer->frames.size(), 2u);
  }
  EXPECT_EQ(viewers[0]->frames[1], viewers[2]->frames[1]);
  EXPECT_THAT(viewers[998]->Shows("r"), ElementsAre("a:50"));
}

TEST(RoomHints, ATickTellsABoundedNumberAndALargeRoomTakesItsTime) {
  World world;
  world.Open("r");
  world.Pin("r", "a");
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (int i = 0; i < 2'000; ++i) {
    viewers.push_back(std::make_unique<Viewer>(world.hints));
    viewers.back()->Watch({"r"});
  }
  world.Sell("a");
  size_t all = 0;
  for (size_t told : world.Settle()) {
    EXPECT_LE(told, kHintsPerTick);
    all += told;
  }
  EXPECT_EQ(all, 2'000u);
  world.Sell("a");
  EXPECT_EQ(world.hints.HandOn(world.now_ms), 0u) << "the gap";
  EXPECT_EQ(world.hints.NextDueMs(), kNowMs + 2'000 * kHintSendUs * kHintTimeShare / 1'000);
  // A clock that was set back does not silence the room.
  EXPECT_GT(world.hints.HandOn(kNowMs - 3'600'000), 0u);
}

// A small room's news does not wait for a large one's round.
TEST(RoomHints, ALargeRoomDoesNotHoldUpASmallOne) {
  World world;
  world.Open("large");
  world.Open("small");
  std::vector<std::unique_ptr<Viewer>> crowd;
  for (int i = 0; i < 1'000; ++i) {
    crowd.push_back(std::make_unique<Viewer>(world.hints));
    crowd.back()->Watch({"large"});
  }
  Viewer viewer(world.hints);
  viewer.Watch({"small"});
  world.Pin("large", "a");
  world.Pin("small", "a");
  world.hints.HandOn(world.now_ms);
  world.hints.HandOn(world.now_ms);
  EXPECT_THAT(viewer.Shows("small"), ElementsAre("a:0"));
}

TEST(RoomHints, ASlowReaderIsToldTheRoomAtOnce) {
  World world;
  world.Open("r");
  world.Pin("r", "a");
  Viewer viewer(world.hints);
  viewer.Watch({"r"});
  viewer.reads = false;
  world.Pin("r", "b");
  world.Settle();
  world.Unpin("r", "a");
  world.Settle();
  world.Sell("b");
  world.Settle();
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("a:0"));
  viewer.ReadAll();
  EXPECT_EQ(viewer.frames.size(), 2u);
  EXPECT_THAT(viewer.Shows("r"), ElementsAre("b:1"));
}

TEST(RoomHints, WatchedRoomsAreThoseOfTheLastFrame) {
  World world;
  for (const char* room : {"r", "s", "t"}) world.Open(room);
  Viewer viewer(world.hints);
  viewer.Watch({"r", "s", "r"});
  EXPECT_EQ(viewer.frames.size(), 2u);
  viewer.Watch({"s", "t"});
  EXPECT_EQ(viewer.frames.size(), 3u) << "s is not told anew";
  EXPECT_EQ(world.hints.audiences(), 2u);
  world.Pin("r", "a");
  world.Pin("s", "a");
  world.Settle();
  EXPECT_THAT(viewer.Shows("r"), ElementsAre());
  EXPECT_THAT(viewer.Shows("s"), ElementsAre("a:0"));
  world.hints.Close(viewer);
  EXPECT_EQ(world.hints.audiences(), 0u);
  world.Sell("a");
  EXPECT_EQ(world.hints.NextDueMs(), -1);
}

TEST(RoomHints, RoomsReadAnewAreTold) {
  World world;
  world.Open("r");
  world.Pin("r", "a");
  Viewer viewer(world.hints);
  viewer.Watch({"r"});
  world.rooms = Rooms();
  world.hints.OnRoomsAnew();
  world.Open("r");
  world.Settle();
  EXPECT_EQ(viewer.states["r"], RoomHint::STATE_LIVE);
  EXPECT_THAT(viewer.Shows("r"), ElementsAre());
}

// Viewers come, go, change rooms and read at random: in the end each knows its rooms as they are.
TEST(RoomHints, InTheEndEveryViewerKnowsItsRooms) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](std::vector<std::string> of) { return of[random() % of.size()]; };
    World world;
    std::vector<std::unique_ptr<Viewer>> viewers;
    std::map<Viewer*, std::string> watched;
    for (int step = 0; step < 600; ++step) {
      const std::string room = pick({"r", "s", "t"});
      const std::string offer = pick({"a", "b", "c", "d"});
      switch (random() % 10) {
        case 0:
          viewers.push_back(std::make_unique<Viewer>(world.hints));
          break;
        case 1:
          if (!viewers.empty()) {
            const size_t gone = random() % viewers.size();
            watched.erase(viewers[gone].get());
            viewers.erase(viewers.begin() + static_cast<ptrdiff_t>(gone));
          }
          break;
        case 2:
        case 3:
          if (!viewers.empty()) {
            Viewer* viewer = viewers[random() % viewers.size()].get();
            if (watched[viewer] != room) viewer->offers[room].clear();
            watched[viewer] = room;
            viewer->Watch({room});
          }
          break;
        case 4:
          if (!viewers.empty()) {
            Viewer* viewer = viewers[random() % viewers.size()].get();
            viewer->reads = !viewer->reads;
            if (viewer->reads) viewer->ReadAll();
          }
          break;
        case 5:
          random() % 2 == 0 ? world.Open(room) : world.Close(room);
          break;
        case 6:
          random() % 3 > 0 ? world.Pin(room, offer) : world.Unpin(room, offer);
          break;
        case 7:
          world.Sell(offer);
          break;
        default:
          world.now_ms += static_cast<int64_t>(random() % 200);
          world.hints.HandOn(world.now_ms);
      }
    }
    world.Settle();
    for (const auto& [viewer, room_id] : watched) {
      viewer->reads = true;
      viewer->ReadAll();
      std::vector<std::string> pinned;
      if (const Rooms::Room* room = world.rooms.Find(room_id)) {
        for (const auto& pin : room->pins) {
          pinned.push_back(pin.offer_id + ":" + std::to_string(world.sold[pin.offer_id]));
        }
      }
      EXPECT_THAT(viewer->Shows(room_id), ::testing::UnorderedElementsAreArray(pinned))
          << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace jembatan::gateway::testing
