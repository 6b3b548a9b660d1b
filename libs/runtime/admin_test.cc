#include "libs/runtime/admin.h"

#include <atomic>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "libs/base/status.h"

namespace jembatan::runtime {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

std::unique_ptr<AdminServer> MakeServer(const AdminLimits& limits = {}) {
  auto server =
      AdminServer::Create("127.0.0.1:0", std::make_shared<prometheus::Registry>(), limits);
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

// A blocking client: one connection, many requests.
class Client {
 public:
  explicit Client(int port) : socket_(context_) {
    socket_.connect({asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
    // No test hangs on a server that says nothing.
    timeval limit{20, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }

  void Send(const std::string& text) {
    boost::system::error_code ignored;  // the server may have closed already
    asio::write(socket_, asio::buffer(text), ignored);
  }
  http::response<http::string_body> Read() {
    http::response<http::string_body> response;
    boost::system::error_code error;
    http::read(socket_, buffer_, response, error);
    EXPECT_FALSE(error) << error.message();
    return response;
  }
  http::response<http::string_body> Get(const std::string& target) {
    Send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return Read();
  }
  // Whether the server closed the connection.
  bool ReadsEnd() {
    char byte;
    boost::system::error_code error;
    asio::read(socket_, asio::buffer(&byte, 1), error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

TEST(AdminTest, HealthAndReadinessOverOneConnection) {
  auto server = MakeServer();
  std::atomic<int> broken{0};
  server->AddReadyCheck([&] { return broken >= 1 ? std::string("no broker") : std::string(); });
  server->AddReadyCheck([&] { return broken >= 2 ? std::string("draining") : std::string(); });
  server->AddHealthCheck([&] { return broken >= 3 ? std::string("stuck") : std::string(); });
  server->Start();
  Client client(server->port());
  EXPECT_EQ(client.Get("/healthz").result_int(), 200u);
  auto ready = client.Get("/readyz");
  EXPECT_EQ(ready.result_int(), 200u);
  EXPECT_EQ(ready.body(), "ready\n");
  broken = 2;
  ready = client.Get("/readyz");
  EXPECT_EQ(ready.result_int(), 503u);
  EXPECT_EQ(ready.body(), "no broker\ndraining\n");
  EXPECT_EQ(client.Get("/healthz").body(), "ok\n") << "a restart would mend nothing";
  broken = 3;
  auto health = client.Get("/healthz");
  EXPECT_EQ(health.result_int(), 503u);
  EXPECT_EQ(health.body(), "stuck\n");
  broken = 0;
  EXPECT_EQ(client.Get("/readyz").result_int(), 200u);
}

TEST(AdminTest, MetricsAreThePrometheusTextOfTheRegistry) {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& taps = prometheus::BuildCounter().Name("taps_total").Help("Taps.").Register(*registry);
  taps.Add({{"kind", "a\"b"}}).Increment(3);
  auto server = AdminServer::Create("127.0.0.1:0", registry);
  ASSERT_TRUE(server.ok());
  (*server)->Start();
  auto response = Client((*server)->port()).Get("/metrics");
  EXPECT_EQ(response[http::field::content_type], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body().find("taps_total{kind=\"a\\\"b\"} 3"), std::string::npos)
      << response.body();
}

TEST(AdminTest, RoutesMatchTheirPathExactlyAndSeeTheQuery) {
  auto server = MakeServer();
  server->AddRoute("/echo", [](std::string_view target) {
    return AdminResponse{
        .status = 202, .content_type = "application/json", .body = std::string(target)};
  });
  server->Start();
  Client client(server->port());
  auto response = client.Get("/echo?a=1?b");
  EXPECT_EQ(response.result_int(), 202u);
  EXPECT_EQ(response[http::field::content_type], "application/json");
  EXPECT_EQ(response.body(), "/echo?a=1?b");
  EXPECT_EQ(client.Get("/echo/").result_int(), 404u);
  EXPECT_EQ(client.Get("/ech").result_int(), 404u);
  EXPECT_EQ(client.Get("/").result_int(), 404u);
}

TEST(AdminTest, PipelinedRequestsAreAnsweredInOrder) {
  auto server = MakeServer();
  server->Start();
  Client client(server->port());
  client.Send(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Read().body(), "ok\n");
  EXPECT_EQ(client.Read().body(), "ready\n");
  EXPECT_EQ(client.Read().body(), "ok\n");
  EXPECT_TRUE(client.ReadsEnd());
}

TEST(AdminTest, OtherMethodsAreRefusedAndTheConnectionStays) {
  auto server = MakeServer();
  server->Start();
  Client client(server->port());
  client.Send("DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  auto response = client.Read();
  EXPECT_EQ(response.result_int(), 405u);
  EXPECT_EQ(response[http::field::allow], "GET");
  EXPECT_EQ(client.Get("/healthz").result_int(), 200u);
}

TEST(AdminTest, BadRequestsAreAnsweredAndClosed) {
  auto server = MakeServer();
  server->Start();
  const std::string kRequests[] = {
      "nonsense\r\n\r\n",
      "GET /healthz HTTP/9.9\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost x\r\n\r\n",
      "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
      "GET /healthz HTTP/1.1\r\nLong: " + std::string(10'000, 'x'),
      "GET /" + std::string(10'000, 'x'),
  };
  for (const std::string& request : kRequests) {
    Client client(server->port());
    client.Send(request);
    EXPECT_EQ(client.Read().result_int(), 400u) << request.substr(0, 60);
    EXPECT_TRUE(client.ReadsEnd()) << request.substr(0, 60);
  }
  EXPECT_EQ(Client(server->port()).Get("/healthz").result_int(), 200u);
}

TEST(AdminTest, TheConnectionAfterTheSixtyFourthIsClosed) {
  auto server = MakeServer();
  server->Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    ASSERT_EQ(clients.back()->Get("/healthz").result_int(), 200u);
  }
  EXPECT_TRUE(Client(server->port()).ReadsEnd());
  // The first one leaves, and when the server has seen it there is room again.
  clients.front()->Send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  clients.front()->Read();
  EXPECT_TRUE(clients.front()->ReadsEnd());
  for (;;) {
    Client next(server->port());
    next.Send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    if (!next.ReadsEnd()) break;
  }
}

TEST(AdminTest, ASilentConnectionIsClosedInTime) {
  auto server = MakeServer({.timeout_ms = 50});
  server->Start();
  Client silent(server->port());
  EXPECT_TRUE(silent.ReadsEnd());  // the client itself gives up after 20 s
  Client slow(server->port());
  slow.Send("GET /healthz HTTP/1.1\r\nHo");
  EXPECT_TRUE(slow.ReadsEnd());
}

TEST(AdminTest, StopEndsOpenConnectionsAndMayBeRepeated) {
  auto server = MakeServer();
  server->Start();
  Client client(server->port());
  EXPECT_EQ(client.Get("/healthz").result_int(), 200u);
  server->Stop();
  server->Stop();
  server.reset();
  EXPECT_TRUE(client.ReadsEnd());
}

TEST(AdminTest, ABusyPortAndABadAddressAreErrors) {
  auto server = MakeServer();
  auto registry = std::make_shared<prometheus::Registry>();
  std::string listen = "127.0.0.1:" + std::to_string(server->port());
  EXPECT_EQ(base::ToString(AdminServer::Create(listen, registry).status()),
            "UNAVAILABLE: cannot listen on " + listen + ": Address already in use");
  EXPECT_TRUE(absl::IsInvalidArgument(AdminServer::Create("nonsense", registry).status()));
  EXPECT_TRUE(absl::IsUnavailable(AdminServer::Create("192.0.2.1:0", registry).status()));
}

TEST(AdminTest, ScrapesFromManyThreadsWhileMetricsMove) {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& taps = prometheus::BuildCounter().Name("taps_total").Help("Taps.").Register(*registry);
  auto& counter = taps.Add({});
  auto server = AdminServer::Create("127.0.0.1:0", registry);
  ASSERT_TRUE(server.ok());
  (*server)->Start();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Client client((*server)->port());
      for (int n = 0; n < 50; ++n) {
        counter.Increment();
        if (client.Get("/metrics").result_int() == 200) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace jembatan::runtime
