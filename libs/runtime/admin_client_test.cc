#include "libs/runtime/admin_client.h"

#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jembatan::runtime {
namespace {

namespace asio = boost::asio;

TEST(ParseHttpUrl, TakesHostPortAndTarget) {
  struct Case {
    const char* text;
    bool good;
    const char* host;
    int port;
    const char* target;
  };
  const Case cases[] = {
      {"http://127.0.0.1:8090/readyz", true, "127.0.0.1", 8090, "/readyz"},
      {"localhost:1", true, "localhost", 1, "/"},
      {"http://[::1]:80/a?b=c", true, "::1", 80, "/a?b=c"},
      {"https://a:1/", false, "", 0, ""},
      {"http://host/", false, "", 0, ""},
      {"host:0", false, "", 0, ""},
      {"host:70000", false, "", 0, ""},
      {"host:80x/", false, "", 0, ""},
      {":80", false, "", 0, ""},
      {"a:1/x y", false, "", 0, ""},
      {"", false, "", 0, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    HttpUrl url;
    ASSERT_EQ(ParseHttpUrl(c.text, &url).ok(), c.good);
    if (!c.good) continue;
    EXPECT_EQ(url.host, c.host);
    EXPECT_EQ(url.port, c.port);
    EXPECT_EQ(url.target, c.target);
  }
}

// A server for one request: keeps what it was asked, answers with the given bytes.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : answer_(std::move(answer)), thread_([this] { Serve(); }) {}
  ~OneAnswer() { Join(); }
  std::string Url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  std::string Asked() {
    Join();
    return asked_;
  }

 private:
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  void Serve() {
    asio::ip::tcp::socket socket = acceptor_.accept();
    asio::streambuf head;
    asio::read_until(socket, head, "\r\n\r\n");
    asked_.assign(asio::buffers_begin(head.data()), asio::buffers_end(head.data()));
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(answer_), ignored);
    // Without an answer the connection stays open until the client gives up.
    if (answer_.empty()) socket.read_some(asio::buffer(answer_.data(), 0), ignored);
    char byte;
    if (answer_.empty()) socket.read_some(asio::buffer(&byte, 1), ignored);
  }

  std::string answer_;
  std::string asked_;
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

TEST(AdminClient, ReturnsStatusAndBodyOfAnyAnswer) {
  OneAnswer server("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nlater");
  absl::StatusOr<HttpReply> reply = HttpGet(server.Url("/readyz"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "later");
  EXPECT_THAT(server.Asked(), testing::StartsWith("GET /readyz HTTP/1.1\r\n"));
}

TEST(AdminClient, PostCarriesTokenTypeAndBody) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  HttpPost post;
  post.bearer = "abc";
  post.body = "{}";
  absl::StatusOr<HttpReply> reply = HttpSend(server.Url("/x"), post);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(server.Asked(), testing::AllOf(testing::StartsWith("POST /x "),
                                             testing::HasSubstr("Authorization: Bearer abc\r\n"),
                                             testing::HasSubstr("Content-Length: 2\r\n")));
}

TEST(AdminClient, BoundsTheAnswer) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901");
  HttpLimits limits;
  limits.body_bytes = 10;
  EXPECT_EQ(HttpGet(server.Url("/"), limits).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(AdminClient, GivesUpInTime) {
  OneAnswer server("");
  HttpLimits limits;
  limits.timeout_ms = 30;
  EXPECT_EQ(HttpGet(server.Url("/"), limits).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(AdminClient, NobodyThereIsUnavailable) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::string url = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  acceptor.close();
  EXPECT_EQ(HttpGet(url).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace jembatan::runtime
