// What tools/librdkafka.patch mends, on a broker that says what a real one says for a moment only,
// and on librdkafka's own, asked what a slow machine's client asks.

#include <atomic>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "libs/kafka/admin.h"
#include "libs/kafka/client.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::kafka {
namespace {

constexpr int kMetadata = 3;
constexpr int kJoinGroup = 11;
constexpr int kApiVersions = 18;
constexpr int kCorrelation = 7;
constexpr int kUnsupportedVersion = 35;
constexpr int kLeaderNotAvailable = 5;
constexpr int kItself = 1;
constexpr int kOther = 2;
// Forgotten brokers may be remembered in time: it is a race.
constexpr int kTimes = 100;

// Kafka's wire format, as far as two answers and a request need it.
class Writer {
 public:
  Writer& Int(int64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      text_ += static_cast<char>(static_cast<uint64_t>(value) >> shift & 0xff);
    }
    return *this;
  }
  Writer& Text(std::string_view text) {
    Int(static_cast<int64_t>(text.size()), 2);
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

int64_t ReadInt(std::string_view bytes, size_t at, int count) {
  int64_t value = 0;
  for (int i = 0; i < count; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)]);
  }
  return value;
}

// Listens on a port of its own and hands each connection to a thread.
class Listener {
 public:
  explicit Listener(std::function<void(int connection)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, raw, sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  // Once all clients are gone.
  ~Listener() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

 private:
  void Accept() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      connections_.emplace_back([this, connection] { serve_(connection); });
    }
  }

  const std::function<void(int connection)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

// A broker that answers which protocol it speaks, and which brokers there are: itself, or none, and
// perhaps another, which then leads the only partition.
class LoneBroker {
 public:
  explicit LoneBroker(int other_port = 0) : other_port_(other_port) {}

  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(listener_.port()); }
  void SetFenced(bool fenced) { fenced_ = fenced; }

 private:
  void Serve(int connection) {
    std::string size(4, '\0');
    while (::recv(connection, size.data(), size.size(), MSG_WAITALL) == 4) {
      std::string request(static_cast<size_t>(ReadInt(size, 0, 4)), '\0');
      if (::recv(connection, request.data(), request.size(), MSG_WAITALL) <= 0) break;
      const std::string body = Answer(ReadInt(request, 0, 2), ReadInt(request, 2, 2));
      Writer answer;
      answer.Int(static_cast<int64_t>(body.size()) + 4, 4).Int(ReadInt(request, 4, 4), 4);
      const std::string bytes = answer.text() + body;
      if (::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::close(connection);
  }

  std::string Answer(int64_t api, int64_t version) const {
    Writer body;
    if (api == kApiVersions) {
      body.Int(version == 0 ? 0 : kUnsupportedVersion, 2).Int(2, 4);
      body.Int(kMetadata, 2).Int(0, 2).Int(4, 2);
      body.Int(kApiVersions, 2).Int(0, 2).Int(0, 2);
      return body.text();
    }
    EXPECT_EQ(api, kMetadata);
    EXPECT_EQ(version, 4);
    const bool other = other_port_ != 0;
    std::vector<std::pair<int, int>> brokers;  // ids and ports
    if (!fenced_) brokers.emplace_back(kItself, listener_.port());
    if (other) brokers.emplace_back(kOther, other_port_);
    body.Int(0, 4).Int(static_cast<int64_t>(brokers.size()), 4);
    for (const auto& [id, port] : brokers) {
      body.Int(id, 4).Text("127.0.0.1").Int(port, 4).Int(-1, 2);
    }
    body.Text("cluster").Int(-1, 4);
    // Of one partition: an answer without any topic is taken for none.
    body.Int(1, 4).Int(0, 2).Text("topic").Int(0, 1).Int(1, 4);
    body.Int(other ? 0 : kLeaderNotAvailable, 2).Int(0, 4).Int(other ? kOther : -1, 4);
    return body.Int(0, 4).Int(0, 4).text();
  }

  const int other_port_;
  std::atomic<bool> fenced_ = false;
  // The last member: its threads use the others.
  Listener listener_{[this](int connection) { Serve(connection); }};
};

// How many brokers the cluster names; -1: nobody answers within two seconds.
int BrokersOf(rd_kafka_t* client) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client, 1, nullptr, &metadata, 2'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return -1;
  }
  const int count = metadata->broker_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

// A cluster that names no brokers for a moment, as one does whose brokers are all fenced because
// their controllers have not heard of them. librdkafka 2.15.1 then forgot all brokers, the
// configured ones too, and never asked anybody again (confluentinc/librdkafka issue 5301): bridges
// stood until they were restarted.
TEST(LoneBroker, AClientOutlivesAClusterThatNamesNoBrokers) {
  LoneBroker broker;
  ClusterConfig cluster;
  cluster.brokers = broker.bootstrap();
  auto client = NewClient(RD_KAFKA_PRODUCER, cluster, {}, 0);
  ASSERT_TRUE(client.ok()) << client.status();
  for (int i = 0; i < kTimes; ++i) {
    broker.SetFenced(false);
    ASSERT_EQ(BrokersOf(client->get()), 1) << i;
    broker.SetFenced(true);
    ASSERT_EQ(BrokersOf(client->get()), 0) << i;
  }
  client->reset();
}

// librdkafka 2.15.1 reconnected to a leader that was down without any pause while many offsets were
// asked of it: 25 to 190 connections a second here, 80,000 in a minute in a gateway of a house
// whose broker had died, and the same in every process.
TEST(LoneBroker, ALeaderThatIsDownIsNotConnectedToWithoutPause) {
  // The pause begins at 50 ms and doubles.
  constexpr int kConnectsMost = 15;
  // Each looks whenever the broker's state changes; one of many meets the moment that matters.
  constexpr int kAsked = 200;
  std::atomic<int> connects = 0;
  Listener leader([&](int connection) {
    ++connects;
    ::close(connection);
  });
  LoneBroker broker(leader.port());
  ClusterConfig cluster;
  cluster.brokers = broker.bootstrap();
  boost::asio::io_context context{1};
  auto admin = Admin::Create(cluster, context);
  ASSERT_TRUE(admin.ok()) << admin.status();
  for (int i = 0; i < kAsked; ++i) {
    (*admin)->EndOffset("topic", 0, [](const absl::StatusOr<int64_t>&) {});
  }
  ASSERT_TRUE(testing::RunUntil(context, [&] { return connects > 0; }));
  testing::RunFor(context, std::chrono::seconds(1));
  EXPECT_LE(connects, kConnectsMost);
  admin->reset();
}

// A member named "slow" asks over this connection to join the group.
void SendJoin(int connection) {
  Writer request;
  request.Int(kJoinGroup, 2).Int(0, 2).Int(kCorrelation, 4).Text("client");
  request.Text("group").Int(/*session_timeout_ms=*/2'000, 4).Text("slow").Text("consumer");
  request.Int(/*protocols=*/1, 4).Text("range").Int(/*metadata=*/0, 4);
  Writer framed;
  framed.Int(static_cast<int64_t>(request.text().size()), 4);
  const std::string bytes = framed.text() + request.text();
  ASSERT_EQ(::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

int Connect(const std::string& bootstrap) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<uint16_t>(std::stoi(bootstrap.substr(bootstrap.find(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return connection;
}

// librdkafka's broker in memory ended its process when a member gave up waiting for its join and
// asked again before the end of the first connection was seen: a group that changes hands on a slow
// machine does.
TEST(MockGroup, AMemberThatJoinsAgainIsAnsweredWhereItAskedLast) {
  auto cluster = testing::MockCluster::Create(1, {{"topic", 1, {}}});
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  const std::string bootstrap = (*cluster)->bootstrap();
  const int first = Connect(bootstrap);
  const int second = Connect(bootstrap);
  // Size, correlation, error.
  std::string answer(10, '\0');
  // The first join of a group is answered at once, a later one when the others have had their time.
  SendJoin(first);
  ASSERT_EQ(::recv(first, answer.data(), answer.size(), MSG_WAITALL), 10);
  ASSERT_EQ(ReadInt(answer, 8, 2), 0);
  SendJoin(first);
  SendJoin(second);
  ASSERT_EQ(::recv(second, answer.data(), answer.size(), MSG_WAITALL), 10);
  EXPECT_EQ(ReadInt(answer, 4, 4), kCorrelation);
  EXPECT_EQ(ReadInt(answer, 8, 2), 0);
  ::close(first);
  ::close(second);
}

}  // namespace
}  // namespace jembatan::kafka
