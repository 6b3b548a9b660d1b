#include "libs/runtime/admin_client.h"

#include <charconv>
#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::runtime {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

// One request and its answer. Everything happens inside Run(), so that the steps may refer to the
// members without further thought of lifetimes.
class Exchange {
 public:
  Exchange(HttpUrl url, const HttpLimits& limits) : url_(std::move(url)), limits_(limits) {
    parser_.body_limit(limits_.body_bytes);
  }

  absl::StatusOr<HttpReply> Run(http::request<http::string_body> request) {
    request_ = std::move(request);
    request_.target(url_.target);
    request_.version(11);
    request_.set(http::field::host, url_.host + ":" + std::to_string(url_.port));
    request_.set(http::field::connection, "close");
    request_.prepare_payload();
    resolver_.async_resolve(url_.host, std::to_string(url_.port),
                            [this](error_code error, const Resolved& found) {
                              if (Failed(error)) return;
                              Connect(found);
                            });
    context_.run_for(std::chrono::milliseconds(limits_.timeout_ms));
    if (!done_) {
      return absl::DeadlineExceededError(base::Absl(Where() + " does not answer within " +
                                                    std::to_string(limits_.timeout_ms) + " ms"));
    }
    if (error_ == http::error::body_limit) {
      return base::ResourceExhausted(Where() + " answers with more than " +
                                     std::to_string(limits_.body_bytes) + " bytes");
    }
    if (error_) return base::Unavailable(Where() + ": " + error_.message());
    HttpReply reply;
    reply.status = parser_.get().result_int();
    reply.body = std::move(parser_.get().body());
    return reply;
  }

 private:
  using Resolved = asio::ip::tcp::resolver::results_type;

  std::string Where() const { return url_.host + ":" + std::to_string(url_.port); }

  bool Failed(error_code error) {
    if (!error) return false;
    error_ = error;
    done_ = true;
    return true;
  }

  void Connect(const Resolved& found) {
    stream_.async_connect(found, [this](error_code error, const asio::ip::tcp::endpoint&) {
      if (Failed(error)) return;
      Write();
    });
  }

  void Write() {
    http::async_write(stream_, request_, [this](error_code error, size_t) {
      if (Failed(error)) return;
      http::async_read(stream_, buffer_, parser_, [this](error_code read_error, size_t) {
        error_ = read_error;
        done_ = true;
      });
    });
  }

  const HttpUrl url_;
  const HttpLimits limits_;
  asio::io_context context_{1};
  asio::ip::tcp::resolver resolver_{context_};
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  error_code error_;
  bool done_ = false;
};

absl::StatusOr<HttpReply> Send(const std::string& url, http::request<http::string_body> request,
                               const HttpLimits& limits) {
  HttpUrl parsed;
  JEMB_RETURN_IF_ERROR(ParseHttpUrl(url, &parsed));
  try {
    return Exchange(std::move(parsed), limits).Run(std::move(request));
  } catch (const std::exception& error) {
    return base::Internal(error.what());
  }
}

}  // namespace

absl::Status ParseHttpUrl(std::string_view text, HttpUrl* url) {
  const std::string shown(text);
  if (text.starts_with("http://")) text.remove_prefix(7);
  if (text.find("://") != std::string_view::npos) {
    return base::InvalidArgument("only http:// is spoken here, not '" + shown + "'");
  }
  size_t slash = text.find('/');
  url->target = slash == std::string_view::npos ? "/" : std::string(text.substr(slash));
  std::string_view authority = text.substr(0, slash);
  size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return base::InvalidArgument("'" + shown + "' is not http://host:port/path");
  }
  std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::string_view port = authority.substr(colon + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url->port);
  if (error != std::errc() || end != port.data() + port.size() || url->port == 0) {
    return base::InvalidArgument("no port in '" + shown + "'");
  }
  if (url->target.find_first_of(" \r\n") != std::string::npos || host.empty()) {
    return base::InvalidArgument("'" + shown + "' is not http://host:port/path");
  }
  url->host = std::string(host);
  return absl::OkStatus();
}

absl::StatusOr<HttpReply> HttpGet(const std::string& url, const HttpLimits& limits) {
  http::request<http::string_body> request;
  request.method(http::verb::get);
  return Send(url, std::move(request), limits);
}

absl::StatusOr<HttpReply> HttpSend(const std::string& url, const HttpPost& post,
                                   const HttpLimits& limits) {
  http::request<http::string_body> request;
  request.method(http::verb::post);
  request.set(http::field::content_type, post.content_type);
  if (!post.bearer.empty()) request.set(http::field::authorization, "Bearer " + post.bearer);
  request.body() = post.body;
  return Send(url, std::move(request), limits);
}

}  // namespace jembatan::runtime
