// The client on a connection that stands and answers nothing.

#include "services/bridge/orders_grpc.h"

#include <atomic>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include "libs/rpc/server.h"

namespace jembatan::bridge {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Passes bytes between a client and a server, and can make all that the server says from then on
// the body of a frame that means nothing, as bytes that were doubled on the way do.
class Relay {
 public:
  explicit Relay(int server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = Loopback(0);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, raw, sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
    threads_.emplace_back([this] { Accept(); });
  }
  ~Relay() {
    ::shutdown(listener_, SHUT_RDWR);
    threads_.front().join();
    for (const int end : ends_) ::shutdown(end, SHUT_RDWR);
    for (size_t i = 1; i < threads_.size(); ++i) threads_[i].join();
    for (const int end : ends_) ::close(end);
    ::close(listener_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  // On the connections that there are.
  void SwallowAnswers() {
    // The header of a frame of 16,000 bytes, of a type that nobody knows.
    const char header[] = {0x00, 0x3e, static_cast<char>(0x80), static_cast<char>(0xee), 0, 0, 0,
                           0,    0};
    const std::scoped_lock lock(mutex_);
    for (const int client : clients_) ::send(client, header, sizeof header, MSG_NOSIGNAL);
  }

 private:
  void Accept() {
    while (true) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address = Loopback(server_port_);
      EXPECT_EQ(::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
      ++connections_;
      const std::scoped_lock lock(mutex_);
      ends_.insert(ends_.end(), {client, server});
      clients_.push_back(client);
      threads_.emplace_back([client, server] { Pass(client, server); });
      threads_.emplace_back([client, server] { Pass(server, client); });
    }
  }
  static void Pass(int from, int to) {
    char bytes[4096];
    while (true) {
      const ssize_t size = ::recv(from, bytes, sizeof bytes, 0);
      if (size <= 0 || ::send(to, bytes, static_cast<size_t>(size), MSG_NOSIGNAL) < 0) break;
    }
    ::shutdown(to, SHUT_WR);
  }

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> ends_;
  std::vector<int> clients_;
  std::vector<std::thread> threads_;
};

// Fences whatever it is asked to, and lets streams stand.
class Marketplace final : public orders::v1::OrderService::Service {
 public:
  grpc::Status Fence(grpc::ServerContext*, const orders::v1::FenceRequest* request,
                     orders::v1::FenceResponse* response) override {
    response->set_token(request->fencing().token());
    return grpc::Status::OK;
  }
  grpc::Status PlaceOrders(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse, orders::v1::PlaceOrdersRequest>*
          stream) override {
    orders::v1::PlaceOrdersRequest request;
    while (stream->Read(&request)) continue;
    return grpc::Status::OK;
  }
};

class OrdersClientTest : public ::testing::Test, public OrdersHandler {
 protected:
  OrdersClientTest() {
    server_.Register(&marketplace_);
    EXPECT_TRUE(server_.Start().ok());
    relay_ = std::make_unique<Relay>(server_.port());
    queue_.Start();
    OrdersClient::Options options;
    options.topic_version = "jembatan.intents.v1";
    options.call_timeout_ms = 200;
    options.unanswered_ms = 600;
    client_ = std::make_unique<OrdersClient>(
        options,
        [this] { return rpc::Connect(relay_->target(), grpc::InsecureChannelCredentials()); },
        &queue_, context_, this);
    client_->Start();
  }
  ~OrdersClientTest() override {
    client_->Stop();
    queue_.Stop();
    context_.restart();
    context_.poll();
    client_.reset();
    server_.Stop(std::chrono::milliseconds(100));
    relay_.reset();
  }

  void OnStreamUp() override { ++ups_; }
  void OnStreamDown() override { ++downs_; }
  void OnFenced(const event::Fenced& fenced) override {
    fencing_ = false;
    fenced_ = fenced.highest.has_value();
  }
  void OnAnswered(const event::Answered&) override {}
  void OnFound(const event::Found&) override {}

  template <typename Condition>
  bool RunUntil(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= until) return false;
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  // Asks again and again, as a scope does, until it is answered.
  bool Fenced() {
    fenced_ = false;
    return RunUntil([this] {
      if (fenced_) return true;
      if (!std::exchange(fencing_, true)) client_->Fence({.partition = 0, .token = 1});
      return false;
    });
  }

  Marketplace marketplace_;
  rpc::Server server_{{.listen = "127.0.0.1:0"}};
  std::unique_ptr<Relay> relay_;
  boost::asio::io_context context_{1};
  rpc::CompletionQueue queue_{context_};
  std::unique_ptr<OrdersClient> client_;
  int ups_ = 0;
  int downs_ = 0;
  bool fencing_ = false;
  bool fenced_ = false;
};

// Bytes that were doubled on the way made a frame that swallowed all answers; the stream looked up,
// every fence timed out, and three partitions stood for minutes.
TEST_F(OrdersClientTest, AConnectionThatSwallowsAllAnswersIsReplaced) {
  ASSERT_TRUE(RunUntil([this] { return ups_ == 1; }));
  ASSERT_TRUE(Fenced());
  EXPECT_EQ(relay_->connections(), 1);
  relay_->SwallowAnswers();
  ASSERT_TRUE(Fenced());
  EXPECT_EQ(relay_->connections(), 2);
  EXPECT_TRUE(RunUntil([this] { return ups_ == 2; }));
  EXPECT_EQ(downs_, 1);
}

TEST_F(OrdersClientTest, AResetTakesAnotherConnection) {
  ASSERT_TRUE(RunUntil([this] { return ups_ == 1; }));
  client_->Reset();
  EXPECT_EQ(downs_, 1);
  EXPECT_TRUE(RunUntil([this] { return ups_ == 2; }));
  EXPECT_TRUE(Fenced());
  EXPECT_EQ(relay_->connections(), 2);
}

}  // namespace
}  // namespace jembatan::bridge
