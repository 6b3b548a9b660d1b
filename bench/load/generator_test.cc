// The generator against a scripted gateway on a loopback socket: what is sent, resent and watched.

#include "bench/load/generator.h"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>

namespace jembatan::load {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using intake::v1::ClientFrame;
using intake::v1::Outcome;
using intake::v1::Receipt;
using intake::v1::ServerFrame;

// Answers each frame as its script says, one thread per connection; the connection's number counts
// from 0. No frame from the script: the connection is cut.
class ScriptedGateway {
 public:
  using Script = std::function<std::optional<ServerFrame>(int connection, const ClientFrame&)>;

  explicit ScriptedGateway(Script script)
      : script_(std::move(script)), thread_([this] { Accept(); }) {}

  ~ScriptedGateway() {
    stopping_ = true;
    // Wakes the blocking accept.
    asio::io_context context;
    tcp::socket waker(context);
    boost::system::error_code ignored;
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
  }

  WsConnection::Target target() const { return {acceptor_.local_endpoint(), "gateway"}; }
  // How often each intent came, and the ids watched.
  std::map<std::string, int> submitted() {
    std::scoped_lock lock(mutex_);
    return submitted_;
  }
  std::set<std::string> watched() {
    std::scoped_lock lock(mutex_);
    return watched_;
  }

 private:
  void Accept() {
    for (int number = 0;; ++number) {
      tcp::socket socket = acceptor_.accept();
      if (stopping_) return;
      connections_.emplace_back(
          [this, number, peer = std::move(socket)]() mutable { Serve(number, std::move(peer)); });
    }
  }

  void Serve(int number, tcp::socket socket) {
    boost::system::error_code error;
    websocket::stream<tcp::socket> ws(std::move(socket));
    ws.accept(error);
    ws.binary(true);
    while (!error) {
      boost::beast::flat_buffer buffer;
      ws.read(buffer, error);
      ClientFrame frame;
      if (error || !frame.ParseFromArray(buffer.data().data(), static_cast<int>(buffer.size()))) {
        return;
      }
      Note(frame);
      std::optional<ServerFrame> answer = script_(number, frame);
      if (!answer) return;
      if (answer->ByteSizeLong() > 0) ws.write(asio::buffer(answer->SerializeAsString()), error);
    }
  }

  void Note(const ClientFrame& frame) {
    std::scoped_lock lock(mutex_);
    for (const auto& intent : frame.intents()) ++submitted_[intent.intent_id()];
    watched_.insert(frame.watch_intent_ids().begin(), frame.watch_intent_ids().end());
  }

  const Script script_;
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::string, int> submitted_;
  std::set<std::string> watched_;
  std::vector<std::thread> connections_;
  std::thread thread_;
};

void Accept(const std::string& id, ServerFrame* answer) {
  Receipt* receipt = answer->add_receipts();
  receipt->set_intent_id(id);
  receipt->set_status(Receipt::STATUS_ACCEPTED);
}

void Order(const std::string& id, ServerFrame* answer) {
  Outcome* outcome = answer->add_outcomes();
  outcome->set_intent_id(id);
  outcome->set_state(Outcome::STATE_ORDERED);
  outcome->set_order_id("O-" + id);
}

ServerFrame AcceptAndOrder(const ClientFrame& frame) {
  ServerFrame answer;
  for (const auto& intent : frame.intents()) {
    Accept(intent.intent_id(), &answer);
    Order(intent.intent_id(), &answer);
  }
  for (const std::string& id : frame.watch_intent_ids()) Order(id, &answer);
  return answer;
}

// 40 taps of two viewers within 0.2 s.
GeneratorOptions Small(std::vector<WsConnection::Target> targets) {
  GeneratorOptions options;
  options.targets = std::move(targets);
  options.rate = 200;
  options.seconds = 0.2;
  options.settle_seconds = 10;
  options.plan.viewers = 2;
  options.offers = {{.offer_id = "kopi", .amount_minor = 5}};
  options.max_intents = 100;
  options.token = [](uint32_t viewer) { return "token-" + std::to_string(viewer); };
  return options;
}

TEST(Generator, SendsTheWholeScheduleOnce) {
  ScriptedGateway gateway([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  Generator generator(Small({gateway.target()}));
  ASSERT_TRUE(generator.Run().ok());
  const BookCounts& counts = generator.book().counts();
  EXPECT_EQ(counts.taps, 40u);
  EXPECT_EQ(counts.accepted, 40u);
  EXPECT_EQ(counts.finals[Outcome::STATE_ORDERED], 40u);
  EXPECT_EQ(counts.open, 0u);
  EXPECT_EQ(counts.resends, 0u);
  EXPECT_EQ(generator.report().lateness_ns.count(), 40u);
  EXPECT_EQ(generator.report().connects, 2u);
  std::map<std::string, int> submitted = gateway.submitted();
  EXPECT_EQ(submitted.size(), 40u);
  for (const auto& [id, times] : submitted) EXPECT_EQ(times, 1) << id;
}

TEST(Generator, WithholdsTapsOnWhatIsSoldOutUntilItIsNot) {
  ServerFrame hint;
  hint.add_rooms()->set_room_id("r");
  hint.add_offers()->set_offer_id("kopi");
  hint.mutable_offers(0)->set_stock(intake::v1::OfferHint::STOCK_CLOSED);
  for (const bool sold_out : {true, false}) {
    if (!sold_out) hint.mutable_offers(0)->set_stock(intake::v1::OfferHint::STOCK_LOW);
    ScriptedGateway gateway([&](int, const ClientFrame& frame) {
      return frame.watch_room_ids_size() > 0 ? hint : AcceptAndOrder(frame);
    });
    GeneratorOptions options = Small({gateway.target()});
    options.room = "r";
    options.hints = true;
    options.max_intents = 500;
    options.seconds = 2;
    Generator generator(options);
    ASSERT_TRUE(generator.Run().ok());
    const uint64_t taps = generator.book().counts().taps;
    const uint64_t withheld = generator.report().withheld;
    EXPECT_EQ(generator.report().hint_frames, 2u);
    EXPECT_EQ(taps + withheld, 400u);
    // Some come before the hint does.
    if (sold_out) {
      EXPECT_GT(withheld, taps);
    } else {
      EXPECT_EQ(withheld, 0u);
    }
  }
}

TEST(Generator, SilenceDoesNotSlowTheSchedule) {
  ScriptedGateway gateway([](int, const ClientFrame&) { return ServerFrame(); });
  GeneratorOptions options = Small({gateway.target()});
  options.settle_seconds = 0.1;
  Generator generator(std::move(options));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.book().counts().taps, 40u);
  EXPECT_EQ(generator.book().counts().open, 40u);
  EXPECT_EQ(gateway.submitted().size(), 40u);
}

TEST(Generator, ResendsUnansweredTapsUnderTheSameIdElsewhere) {
  // The first gateway takes frames and cuts the connection without a word.
  ScriptedGateway broken([](int, const ClientFrame&) { return std::nullopt; });
  ScriptedGateway good([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  GeneratorOptions options = Small({broken.target(), good.target()});
  Generator generator(std::move(options));
  ASSERT_TRUE(generator.Run().ok());
  const BookCounts& counts = generator.book().counts();
  EXPECT_EQ(counts.accepted, 40u);
  EXPECT_EQ(counts.open, 0u);
  EXPECT_GE(generator.report().disconnects, 1u);
  std::map<std::string, int> at_good = good.submitted();
  EXPECT_FALSE(broken.submitted().empty());
  for (const auto& [id, times] : broken.submitted()) EXPECT_EQ(at_good.count(id), 1u) << id;
  EXPECT_EQ(at_good.size(), 40u);
  EXPECT_EQ(counts.resends, broken.submitted().size());
}

TEST(Generator, WatchesAcceptedTapsOnTheNextConnection) {
  // Each viewer's first connection accepts one frame, then ends; outcomes come by watching only.
  std::mutex mutex;
  std::set<int> accepted_once;
  ScriptedGateway gateway([&](int number, const ClientFrame& frame) -> std::optional<ServerFrame> {
    if (number >= 2) return AcceptAndOrder(frame);
    std::scoped_lock lock(mutex);
    if (!accepted_once.insert(number).second) return std::nullopt;
    ServerFrame answer;
    for (const auto& intent : frame.intents()) Accept(intent.intent_id(), &answer);
    return answer;
  });
  Generator generator(Small({gateway.target()}));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.book().counts().finals[Outcome::STATE_ORDERED], 40u);
  EXPECT_GE(gateway.watched().size(), 2u);
}

TEST(Generator, LeavesADrainingGateway) {
  ScriptedGateway draining([](int, const ClientFrame& frame) {
    ServerFrame answer;
    answer.mutable_drain()->set_reconnect_after_ms(10);
    for (const auto& intent : frame.intents()) {
      Receipt* receipt = answer.add_receipts();
      receipt->set_intent_id(intent.intent_id());
      receipt->set_status(Receipt::STATUS_REFUSED);
      receipt->set_reason(intake::v1::REASON_SHUTTING_DOWN);
    }
    return answer;
  });
  ScriptedGateway next([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  Generator generator(Small({draining.target(), next.target()}));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.report().drains, 1u);
  EXPECT_EQ(generator.book().counts().refused, 0u);
  EXPECT_EQ(generator.book().counts().finals[Outcome::STATE_ORDERED], 40u);
  // A refusal of the draining gateway is certain: positions stay certain too.
  for (const IntentRecord& record : generator.book().records()) EXPECT_FALSE(record.unsure);
}

TEST(Generator, CutsEveryConnectionWhenAsked) {
  ScriptedGateway gateway([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  GeneratorOptions options = Small({gateway.target()});
  options.drop_at_s = 0.05;
  Generator generator(std::move(options));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.report().disconnects, 2u);
  EXPECT_EQ(generator.report().connects, 4u);
  EXPECT_EQ(generator.book().counts().finals[Outcome::STATE_ORDERED], 40u);
}

TEST(Generator, NobodyThereIsAnError) {
  asio::io_context context;
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  WsConnection::Target target{acceptor.local_endpoint(), "nobody"};
  acceptor.close();
  GeneratorOptions options = Small({target});
  options.connect_seconds = 0.3;
  Generator generator(std::move(options));
  EXPECT_EQ(generator.Run().code(), absl::StatusCode::kUnavailable);
}

TEST(Generator, CutsConnectionsInTurnAndTheyReturn) {
  ScriptedGateway gateway([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  GeneratorOptions options = Small({gateway.target()});
  options.seconds = 1;
  options.cuts_per_s = 5;
  options.max_intents = 300;
  Generator generator(std::move(options));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.book().counts().open, 0u) << "what was cut off is asked for again";
  EXPECT_GE(generator.report().endings.at("cut by --cuts_per_s"), 2u);
  EXPECT_GE(generator.report().connects, 4u);
}

TEST(Generator, KeepsToItsBound) {
  ScriptedGateway gateway([](int, const ClientFrame& frame) { return AcceptAndOrder(frame); });
  GeneratorOptions options = Small({gateway.target()});
  options.max_intents = 15;
  Generator generator(std::move(options));
  ASSERT_TRUE(generator.Run().ok());
  EXPECT_EQ(generator.book().counts().taps, 15u);
  EXPECT_EQ(generator.report().over_bound, 25u);
}

}  // namespace
}  // namespace jembatan::load
