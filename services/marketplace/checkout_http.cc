#include "services/marketplace/checkout_http.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/options.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";
constexpr std::chrono::milliseconds kTimeout(kCheckoutTimeoutMs);
constexpr std::chrono::milliseconds kAcceptPause(100);

// Which status answers a request that could not be read; 0: none, the peer is gone.
unsigned StatusOf(const error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream || error == beast::error::timeout) return 0;
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

// One connection: reads a request, answers it, reads the next.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const CheckoutHttp::Handler& handler, size_t& count)
      : stream_(std::move(socket)), handler_(handler), count_(count) {
    ++count_;
  }
  ~Connection() { --count_; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(kMaxBodyBytes);
    stream_.expires_after(kTimeout);
    http::async_read(stream_, buffer_, *parser_,
                     beast::bind_front_handler(&Connection::OnRead, shared_from_this()));
  }

 private:
  void OnRead(error_code error, size_t) {
    const bool last = ++requests_ >= kMaxRequestsPerConnection;
    if (error) {
      const unsigned status = StatusOf(error);
      if (status != 0) Write(ErrorResponse(status), false, false);
      return;
    }
    const auto& request = parser_->get();
    const std::string_view target(request.target().data(), request.target().size());
    const std::string method(request.method_string());
    WebResponse response =
        target.size() > kMaxTargetBytes ? ErrorResponse(414) : handler_(method, target);
    Write(std::move(response), method == "HEAD", request.keep_alive() && !last);
  }

  void Write(WebResponse response, bool head, bool keep_alive) {
    message_ = {};
    message_.version(11);
    message_.result(response.status);
    message_.set(http::field::content_type, response.content_type);
    message_.set("Content-Security-Policy", kContentSecurityPolicy);
    message_.set("X-Content-Type-Options", "nosniff");
    message_.set("Referrer-Policy", "no-referrer");
    message_.set(http::field::cache_control, "no-store");
    if (!response.location.empty()) message_.set(http::field::location, response.location);
    if (!response.allow.empty()) message_.set(http::field::allow, response.allow);
    if (response.status == 503) message_.set(http::field::retry_after, "2");
    message_.content_length(response.body.size());
    message_.keep_alive(keep_alive);
    if (!head) message_.body() = std::move(response.body);
    stream_.expires_after(kTimeout);
    http::async_write(stream_, message_,
                      beast::bind_front_handler(&Connection::OnWritten, shared_from_this()));
  }

  void OnWritten(error_code error, size_t) {
    if (error) return;
    if (message_.keep_alive()) {
      Read();
    } else {
      stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    }
  }

  beast::tcp_stream stream_;
  const CheckoutHttp::Handler& handler_;
  size_t& count_;
  beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> message_;
  int requests_ = 0;
};

}  // namespace

class CheckoutHttp::Impl {
 public:
  ~Impl() { Stop(); }

  absl::Status Listen(const std::string& listen) {
    runtime::HostPort address;
    JEMB_RETURN_IF_ERROR(runtime::ParseHostPort(listen, &address));
    const auto failed = [&listen](const error_code& error) {
      return base::Unavailable("cannot listen on " + listen + ": " + error.message());
    };
    error_code error;
    const auto found = tcp::resolver(context_).resolve(
        address.host, std::to_string(address.port),
        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error) return failed(error);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) return failed(error);
    port_ = acceptor_.local_endpoint(error).port();
    return error ? failed(error) : absl::OkStatus();
  }

  void Start(Handler handler) {
    handler_ = std::move(handler);
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  void Stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    error_code ignored;
    acceptor_.close(ignored);
  }

  int port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      OnAccept(error, std::move(socket));
    });
  }

  void OnAccept(const error_code& error, tcp::socket socket) {
    if (error) {
      // Out of descriptors, mostly: they come back as connections end.
      base::Log(base::Level::kWarn, "accept_failed", {{"cause", error.message()}});
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](const error_code& stopped) {
        if (!stopped) Accept();
      });
      return;
    }
    // Beyond the bound the socket just closes.
    if (connections_ < kMaxCheckoutConnections) {
      std::make_shared<Connection>(std::move(socket), handler_, connections_)->Read();
    }
    Accept();
  }

  Handler handler_;
  size_t connections_ = 0;
  int port_ = 0;
  // After what its handlers use: connections that are left end with it.
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  boost::asio::steady_timer pause_{context_};
  std::thread thread_;
};

CheckoutHttp::CheckoutHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CheckoutHttp::~CheckoutHttp() = default;

absl::StatusOr<std::unique_ptr<CheckoutHttp>> CheckoutHttp::Create(const std::string& listen) {
  auto impl = std::make_unique<Impl>();
  JEMB_RETURN_IF_ERROR(impl->Listen(listen));
  return std::unique_ptr<CheckoutHttp>(new CheckoutHttp(std::move(impl)));
}

void CheckoutHttp::Start(Handler handler) { impl_->Start(std::move(handler)); }

void CheckoutHttp::Stop() { impl_->Stop(); }

int CheckoutHttp::port() const { return impl_->port(); }

}  // namespace jembatan::marketplace
