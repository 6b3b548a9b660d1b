#include "libs/runtime/admin.h"

#include <chrono>
#include <exception>
#include <map>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "libs/base/check.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/options.h"

namespace jembatan::runtime {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr uint32_t kRequestBytesMax = 8 * 1024;
// After a failed accept: without descriptors it would fail again at once, and for ever.
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A task that ends by an exception is a bug.
void ReportTask(std::exception_ptr error) { JEMB_CHECK(error == nullptr); }

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

class AdminServer::Impl {
 public:
  Impl(std::shared_ptr<prometheus::Registry> registry, const AdminLimits& limits);
  ~Impl() { Stop(); }

  absl::Status Listen(const std::string& listen);
  void Start();
  void Stop();

  void AddHealthCheck(HealthCheck check);
  void AddReadyCheck(ReadyCheck check);
  void AddRoute(const std::string& path, Handler handler);
  int port() const { return port_; }

 private:
  // 200 with the word when no check says otherwise.
  static AdminResponse Ask(const std::vector<std::function<std::string()>>& checks,
                           const char* word);
  AdminResponse Metrics() const;
  AdminResponse Answer(http::verb method, std::string_view target) const;
  http::response<http::string_body> Respond(const http::request<http::empty_body>& request) const;

  asio::awaitable<void> Accept();
  asio::awaitable<void> Serve(tcp::socket socket);
  // Whether the connection stays open.
  asio::awaitable<bool> Exchange(beast::tcp_stream* stream, beast::flat_buffer* buffer) const;

  const AdminLimits limits_;
  std::shared_ptr<prometheus::Registry> registry_;
  std::vector<HealthCheck> health_checks_;
  std::vector<ReadyCheck> ready_checks_;
  std::map<std::string, Handler, std::less<>> routes_;
  int connections_ = 0;
  int port_ = 0;
  // Declared after all that the coroutines touch: its destructor ends those that still wait.
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  std::thread thread_;
};

AdminServer::Impl::Impl(std::shared_ptr<prometheus::Registry> registry, const AdminLimits& limits)
    : limits_(limits), registry_(std::move(registry)) {
  routes_["/healthz"] = [this](std::string_view) { return Ask(health_checks_, "ok\n"); };
  routes_["/readyz"] = [this](std::string_view) { return Ask(ready_checks_, "ready\n"); };
  routes_["/metrics"] = [this](std::string_view) { return Metrics(); };
}

absl::Status AdminServer::Impl::Listen(const std::string& listen) {
  HostPort address;
  JEMB_RETURN_IF_ERROR(ParseHostPort(listen, &address));
  error_code error;
  tcp::resolver resolver(context_);
  auto found = resolver.resolve(address.host, std::to_string(address.port),
                                tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (!error) {
    tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(limits_.connections, error);
  }
  if (error) return base::Unavailable("cannot listen on " + listen + ": " + error.message());
  port_ = acceptor_.local_endpoint().port();
  return absl::OkStatus();
}

void AdminServer::Impl::Start() {
  JEMB_CHECK(!thread_.joinable());
  asio::co_spawn(context_, Accept(), ReportTask);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "admin");
    context_.run();
  });
}

void AdminServer::Impl::Stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void AdminServer::Impl::AddHealthCheck(HealthCheck check) {
  JEMB_CHECK(!thread_.joinable());
  health_checks_.push_back(std::move(check));
}

void AdminServer::Impl::AddReadyCheck(ReadyCheck check) {
  JEMB_CHECK(!thread_.joinable());
  ready_checks_.push_back(std::move(check));
}

void AdminServer::Impl::AddRoute(const std::string& path, Handler handler) {
  JEMB_CHECK(!thread_.joinable());
  JEMB_CHECK(routes_.try_emplace(path, std::move(handler)).second);
}

AdminResponse AdminServer::Impl::Ask(const std::vector<std::function<std::string()>>& checks,
                                     const char* word) {
  AdminResponse response;
  for (const auto& check : checks) {
    std::string reason = check();
    if (!reason.empty()) response.body += reason + "\n";
  }
  if (response.body.empty()) {
    response.body = word;
  } else {
    response.status = 503;
  }
  return response;
}

AdminResponse AdminServer::Impl::Metrics() const {
  AdminResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = prometheus::TextSerializer().Serialize(registry_->Collect());
  return response;
}

AdminResponse AdminServer::Impl::Answer(http::verb method, std::string_view target) const {
  if (method != http::verb::get) return {.status = 405, .body = "only GET\n"};
  auto route = routes_.find(PathOf(target));
  if (route == routes_.end()) return {.status = 404, .body = "no such path\n"};
  return route->second(target);
}

http::response<http::string_body> AdminServer::Impl::Respond(
    const http::request<http::empty_body>& request) const {
  std::string_view target(request.target().data(), request.target().size());
  AdminResponse answer = Answer(request.method(), target);
  http::response<http::string_body> response(static_cast<http::status>(answer.status),
                                             request.version());
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  if (answer.status == 405) response.set(http::field::allow, "GET");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

asio::awaitable<void> AdminServer::Impl::Accept() {
  asio::steady_timer pause(context_);
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error) {
      base::Log(base::Level::kWarn, "admin_accept_failed", {{"error", error.message()}});
      pause.expires_after(kAcceptRetry);
      co_await pause.async_wait(kAwait);
      continue;
    }
    // The one too many goes: those that are in answer or time out.
    if (connections_ >= limits_.connections) continue;
    ++connections_;
    asio::co_spawn(context_, Serve(std::move(socket)), ReportTask);
  }
}

asio::awaitable<void> AdminServer::Impl::Serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(kRequestBytesMax);
  bool open = true;
  while (open) open = co_await Exchange(&stream, &buffer);
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
  --connections_;
}

asio::awaitable<bool> AdminServer::Impl::Exchange(beast::tcp_stream* stream,
                                                  beast::flat_buffer* buffer) const {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kRequestBytesMax);
  stream->expires_after(std::chrono::milliseconds(limits_.timeout_ms));
  auto [read_error, read] = co_await http::async_read(*stream, *buffer, parser, kAwait);
  // Gone, or silent for too long. Parser errors have a category of their own.
  bool malformed = read_error && read_error != http::error::end_of_stream &&
                   read_error.category() == make_error_code(http::error::bad_method).category();
  if (read_error && !malformed) co_return false;
  http::response<http::string_body> response;
  if (malformed) {
    // A body counts as malformed too: no request of this port has one.
    response.result(http::status::bad_request);
    response.body() = read_error.message() + "\n";
    response.keep_alive(false);
    response.prepare_payload();
  } else {
    response = Respond(parser.get());
  }
  stream->expires_after(std::chrono::milliseconds(limits_.timeout_ms));
  auto [write_error, written] = co_await http::async_write(*stream, response, kAwait);
  co_return !write_error && response.keep_alive();
}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Create(
    const std::string& listen, std::shared_ptr<prometheus::Registry> registry,
    const AdminLimits& limits) {
  auto impl = std::make_unique<Impl>(std::move(registry), limits);
  JEMB_RETURN_IF_ERROR(impl->Listen(listen));
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

void AdminServer::AddHealthCheck(HealthCheck check) { impl_->AddHealthCheck(std::move(check)); }
void AdminServer::AddReadyCheck(ReadyCheck check) { impl_->AddReadyCheck(std::move(check)); }
void AdminServer::AddRoute(const std::string& path, Handler handler) {
  impl_->AddRoute(path, std::move(handler));
}
void AdminServer::Start() { impl_->Start(); }
void AdminServer::Stop() { impl_->Stop(); }
int AdminServer::port() const { return impl_->port(); }

}  // namespace jembatan::runtime
