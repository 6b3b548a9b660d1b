#include "services/gateway/http_connection.h"

#include <utility>
#include <variant>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "libs/base/clock.h"
#include "libs/base/text.h"
#include "services/gateway/websocket_connection.h"

namespace jembatan::gateway {
namespace http = boost::beast::http;
namespace {

constexpr std::string_view kStreamPath = "/v1/stream";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// What is read and thrown away at once while lingering.
constexpr size_t kLingerBytes = 4096;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string_view HeaderOf(const HttpConnection::Request& request, http::field field) {
  return View(request[field]);
}

std::string_view HeaderOf(const HttpConnection::Request& request, const char* name) {
  return View(request[name]);
}

// Two of them would let a proxy and the gateway see different viewers.
std::string_view TokenOf(const HttpConnection::Request& request) {
  if (request.count(http::field::authorization) != 1) return {};
  return BearerOf(HeaderOf(request, http::field::authorization));
}

Response Unauthenticated(const absl::Status& status) {
  return Error(intake::v1::REASON_UNAUTHENTICATED, base::Std(status.message()));
}

}  // namespace

// The session of one unary call: its first receipt is the answer.
class HttpConnection::UnarySession final : public Session {
 public:
  UnarySession(PrincipalPtr principal, HttpConnection& owner, Admission admission)
      : Session(std::move(principal)), owner_(owner), admission_(admission) {}

  void OnOutbox() override {
    if (const auto frame = TakeOutbox(); frame && !answer_ && frame->receipts_size() > 0) {
      answer_.emplace();
      answer_->mutable_receipt()->Swap(frame->mutable_receipts(0));
      owner_.OnReceipt();
    }
  }
  void OnOverflow() override {}  // one receipt cannot overflow

  const Admission& admission() const { return admission_; }
  const std::optional<intake::v1::SubmitIntentResponse>& answer() const { return answer_; }

  Intake::SessionKey key = 0;
  int64_t since_ns = 0;

 private:
  HttpConnection& owner_;
  const Admission admission_;
  std::optional<intake::v1::SubmitIntentResponse> answer_;
};

void HttpConnection::Start(Edge& edge, Socket socket) {
  boost::intrusive_ptr<HttpConnection> connection(new HttpConnection(edge, std::move(socket)));
  edge.Add(*connection, Transport::kHttp);
  connection->AwaitRequest();
}

HttpConnection::HttpConnection(Edge& edge, Socket socket)
    : edge_(edge), socket_(std::move(socket)), buffer_(kHttpBufferBytes) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::Enter(Phase phase) {
  phase_ = phase;
  since_ms_ = edge_.coarse_ms();
}

// Waits without a buffer, so that an idle connection holds none, and so that the header's clock
// starts with its first byte.
void HttpConnection::AwaitRequest() {
  Enter(Phase::kIdle);
  if (draining_) return End();
  if (buffer_.size() > 0) return OnReadable({});
  buffer_ = boost::beast::flat_buffer(kHttpBufferBytes);
  socket_.async_wait(Socket::wait_read, Bind<&HttpConnection::OnReadable>(this));
}

void HttpConnection::OnReadable(const ErrorCode& error) {
  if (error || phase_ == Phase::kEnded) return End();
  const int64_t opened_ms = since_ms_;
  Enter(Phase::kHeader);
  // The first header's time began when the connection did.
  if (std::exchange(first_request_, false)) since_ms_ = opened_ms;
  parser_.emplace();
  parser_->header_limit(kHeaderBytes);
  parser_->body_limit(intent::kUnaryBytes);
  http::async_read_header(socket_, buffer_, *parser_, Bind<&HttpConnection::OnHeader>(this));
}

void HttpConnection::OnHeader(const ErrorCode& error, size_t /*bytes*/) {
  if (error) return OnUnreadable(error);
  if (phase_ == Phase::kEnded) return End();
  Enter(Phase::kBody);
  if (boost::beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
    return boost::asio::async_write(socket_, boost::asio::buffer(kContinue),
                                    Bind<&HttpConnection::OnContinueSent>(this));
  }
  ReadBody();
}

void HttpConnection::OnContinueSent(const ErrorCode& error, size_t /*bytes*/) {
  if (error || phase_ == Phase::kEnded) return End();
  ReadBody();
}

void HttpConnection::ReadBody() {
  http::async_read(socket_, buffer_, *parser_, Bind<&HttpConnection::OnBody>(this));
}

void HttpConnection::OnBody(const ErrorCode& error, size_t /*bytes*/) {
  if (error) return OnUnreadable(error);
  if (phase_ == Phase::kEnded) return End();
  Serve();
}

void HttpConnection::OnUnreadable(const ErrorCode& error) {
  keep_alive_ = false;
  if (error == http::error::body_limit) {
    edge_.probe().TurnedAway(Turned::kTooLarge);
    return Respond(Error(intake::v1::REASON_TOO_LARGE, "the body is over 64 KiB", 413));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    edge_.probe().TurnedAway(Turned::kTooLarge);
    return Respond(Error(intake::v1::REASON_TOO_LARGE, "the header is over 8 KiB", 431));
  }
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    edge_.probe().TurnedAway(Turned::kMalformed);
    return Respond(Error(intake::v1::REASON_MALFORMED, "this is not HTTP/1.1"));
  }
  End();  // the client has gone
}

void HttpConnection::Serve() {
  const Request& request = parser_->get();
  keep_alive_ = request.keep_alive() && !draining_;
  if (boost::beast::websocket::is_upgrade(request)) return Upgrade();
  const std::string_view origin = HeaderOf(request, http::field::origin);
  if (request.method() == http::verb::options) {
    return Respond(Preflight(!origin.empty() && edge_.origins().Allows(origin)));
  }
  RequestHead head;
  head.method = View(request.method_string());
  head.target = View(request.target());
  head.content_type = HeaderOf(request, http::field::content_type);
  head.content_encoding = HeaderOf(request, http::field::content_encoding);
  head.connect_version = HeaderOf(request, "Connect-Protocol-Version");
  head.connect_timeout = HeaderOf(request, "Connect-Timeout-Ms");
  if (PathOf(head.target) == kStreamPath) {
    Response wrong = Error(absl::StatusCode::kUnimplemented, "WebSocket upgrade expected", 426);
    wrong.headers = "Upgrade: websocket\r\n";
    return Respond(wrong);
  }
  const auto admitted = Admit(head);
  if (const auto* wrong = std::get_if<Response>(&admitted)) return Respond(*wrong);
  auto principal = edge_.authenticator().Authenticate(TokenOf(request), base::WallMs());
  if (!principal.ok()) {
    edge_.probe().TurnedAway(Turned::kUnauthenticated);
    return Respond(Unauthenticated(principal.status()));
  }
  ServeCall(std::get<Admission>(admitted), *std::move(principal));
}

void HttpConnection::Upgrade() {
  const Request& request = parser_->get();
  if (PathOf(View(request.target())) != kStreamPath) {
    return Respond(Error(absl::StatusCode::kNotFound, "no such path", 404));
  }
  if (!edge_.origins().Allows(HeaderOf(request, http::field::origin))) {
    edge_.probe().TurnedAway(Turned::kOrigin);
    return Respond(Error(absl::StatusCode::kPermissionDenied, "this origin is not served", 403));
  }
  if (request.count(http::field::sec_websocket_protocol) > 1 || buffer_.size() > 0 ||
      !request.body().empty()) {
    keep_alive_ = false;
    return Respond(Error(intake::v1::REASON_MALFORMED,
                         "one Sec-WebSocket-Protocol header and nothing behind the request"));
  }
  const OfferedProtocols offered =
      ParseProtocols(HeaderOf(request, http::field::sec_websocket_protocol));
  if (!offered.encoding) {
    return Respond(Error(intake::v1::REASON_SCHEMA_UNSUPPORTED,
                         "subprotocol jembatan.v1.proto or jembatan.v1.json expected", 400));
  }
  const std::string_view token = offered.token.empty() ? TokenOf(request) : offered.token;
  auto principal = edge_.authenticator().Authenticate(token, base::WallMs());
  if (!principal.ok()) {
    edge_.probe().TurnedAway(Turned::kUnauthenticated);
    return Respond(Unauthenticated(principal.status()));
  }
  edge_.Remove(*this, Transport::kHttp);
  phase_ = Phase::kEnded;
  WebsocketConnection::Start(edge_, std::move(socket_), request, *std::move(principal),
                             *offered.encoding);
}

void HttpConnection::ServeCall(const Admission& admission, PrincipalPtr principal) {
  if (admission.timeout_ms == 0) {
    return Respond(Error(absl::StatusCode::kDeadlineExceeded, "no time was left", 504));
  }
  if (admission.call == Call::kSubmitIntent) return Submit(admission, std::move(principal));
  if (admission.call == Call::kRoom) return ServeRoom(admission, *principal);
  intake::v1::GetOutcomesRequest query;
  const intent::Refusal refusal =
      edge_.decoder().DecodeQuery(admission.encoding, parser_->get().body(), &query);
  if (refusal.refused()) {
    edge_.probe().TurnedAway(Turned::kMalformed);
    return Respond(Error(refusal.reason, refusal.message));
  }
  intake::v1::GetOutcomesResponse answers;
  edge_.intake().Answer(*principal, query, &answers);
  std::string body;
  intent::EncodeAnswers(admission.encoding, answers, &body);
  Respond(Answer(admission.encoding, std::move(body)));
}

void HttpConnection::Submit(const Admission& admission, PrincipalPtr principal) {
  intake::v1::SubmitIntentRequest submit;
  const intent::Refusal refusal =
      edge_.decoder().DecodeSubmit(admission.encoding, parser_->get().body(), &submit);
  if (refusal.refused()) {
    edge_.probe().TurnedAway(Turned::kMalformed);
    return Respond(Error(refusal.reason, refusal.message));
  }
  intake::v1::ClientFrame& frame = edge_.frame();
  frame.Clear();
  frame.add_intents()->Swap(submit.mutable_intent());

  Enter(Phase::kCall);
  self_ = this;
  call_until_ms_ = since_ms_ + admission.timeout_ms;
  unary_ = std::make_unique<UnarySession>(std::move(principal), *this, admission);
  unary_->since_ns = base::MonotonicNs();
  unary_->key = edge_.intake().Open(unary_.get(), /*push_outcomes=*/false);
  const absl::Status submitted = edge_.intake().Submit(unary_->key, frame, base::WallMs());
  if (!submitted.ok()) {
    Respond(Error(intake::v1::REASON_TOO_LARGE, base::Std(submitted.message())));
  }
}

void HttpConnection::ServeRoom(const Admission& admission, const Principal& principal) {
  Enter(Phase::kCall);
  self_ = this;
  call_until_ms_ = since_ms_ + admission.timeout_ms;
  const auto answer = [self = boost::intrusive_ptr<HttpConnection>(this), call = ++room_call_,
                       encoding = admission.encoding](absl::StatusOr<std::string> answered) {
    if (self->phase_ != Phase::kCall || self->room_call_ != call) return;
    if (answered.ok()) return self->Respond(Answer(encoding, *std::move(answered)));
    const absl::Status& status = answered.status();
    self->Respond(Error(status.code(), base::Std(status.message()), HttpStatus(status.code())));
  };
  edge_.desk().Serve(admission.room_method, principal, admission.encoding, parser_->get().body(),
                     base::WallMs(), answer);
}

void HttpConnection::OnReceipt() {
  if (phase_ != Phase::kCall) return;
  edge_.probe().ReceiptTook(base::MonotonicNs() - unary_->since_ns);
  const intent::Encoding encoding = unary_->admission().encoding;
  std::string body;
  intent::EncodeSubmit(encoding, *unary_->answer(), &body);
  Respond(Answer(encoding, std::move(body)));
}

void HttpConnection::Respond(const Response& response) {
  const auto* request = parser_ ? &parser_->get() : nullptr;
  std::string_view origin;
  if (request != nullptr) origin = HeaderOf(*request, http::field::origin);
  if (!edge_.origins().Allows(origin)) origin = {};
  keep_alive_ = keep_alive_ && !draining_;
  out_ = Serialize(response, keep_alive_, origin, base::WallMs());
  parser_.reset();
  Enter(Phase::kWrite);
  boost::asio::async_write(socket_, boost::asio::buffer(out_),
                           Bind<&HttpConnection::OnWritten>(this));
  self_.reset();
}

void HttpConnection::OnWritten(const ErrorCode& error, size_t /*bytes*/) {
  if (unary_) {
    edge_.intake().Close(unary_->key);
    unary_.reset();
  }
  out_ = std::string();
  if (error || phase_ == Phase::kEnded) return End();
  if (keep_alive_) return AwaitRequest();
  // Closing with unread bytes would reset the connection and could take the answer with it.
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  Enter(Phase::kLinger);
  OnLingered({}, 0);
}

void HttpConnection::OnLingered(const ErrorCode& error, size_t /*bytes*/) {
  if (error || phase_ == Phase::kEnded) return End();
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kLingerBytes), Bind<&HttpConnection::OnLingered>(this));
}

void HttpConnection::OnSweep(const SweepTime& now) {
  const int64_t waited_ms = now.monotonic_ms - since_ms_;
  const Timeouts& timeouts = edge_.timeouts();
  switch (phase_) {
    case Phase::kIdle:
      if (waited_ms > (first_request_ ? timeouts.handshake_ms : timeouts.idle_ms)) Abort();
      break;
    case Phase::kHeader:
      if (waited_ms > timeouts.handshake_ms) Abort();
      break;
    case Phase::kBody:
      if (waited_ms > timeouts.body_ms) Abort();
      break;
    case Phase::kCall:
      if (now.monotonic_ms >= call_until_ms_) {
        Respond(Error(absl::StatusCode::kDeadlineExceeded,
                      unary_ ? "no receipt within connect-timeout-ms: ask GetOutcomes or resend"
                             : "no answer within connect-timeout-ms: repeat the call",
                      504));
      }
      break;
    case Phase::kWrite:
      if (waited_ms > timeouts.write_stall_ms) {
        edge_.probe().TurnedAway(Turned::kSlowReader);
        Abort();
      }
      break;
    case Phase::kLinger:
      if (waited_ms > timeouts.close_ms) Abort();
      break;
    case Phase::kEnded:
      break;
  }
}

void HttpConnection::OnDrain() {
  draining_ = true;
  if (phase_ == Phase::kIdle) Abort();
}

void HttpConnection::Abort() {
  // Kept until here: without it the last reference could go while closing.
  const boost::intrusive_ptr<HttpConnection> keep(this);
  End();
}

void HttpConnection::End() {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kEnded;
  if (unary_) {
    edge_.intake().Close(unary_->key);
    unary_.reset();
  }
  ErrorCode ignored;
  socket_.close(ignored);
  self_.reset();
  edge_.Remove(*this, Transport::kHttp);
}

}  // namespace jembatan::gateway
