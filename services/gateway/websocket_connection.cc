#include "services/gateway/websocket_connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"

namespace jembatan::gateway {
namespace websocket = boost::beast::websocket;
namespace {

constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kWrongKind = 1003;
constexpr uint16_t kBadPayload = 1007;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTokenExpired = 4401;

}  // namespace

void WebsocketConnection::Start(Edge& edge, Socket socket, const HttpConnection::Request& request,
                                PrincipalPtr principal, intent::Encoding encoding) {
  boost::intrusive_ptr<WebsocketConnection> connection(
      new WebsocketConnection(edge, std::move(socket), std::move(principal), encoding));
  edge.Add(*connection, Transport::kWebSocket);
  connection->ws_.set_option(
      websocket::stream_base::decorator([encoding](websocket::response_type& response) {
        const std::string_view name = ProtocolName(encoding);
        response.set(boost::beast::http::field::server, "jembatan");
        response.set(boost::beast::http::field::sec_websocket_protocol,
                     boost::beast::string_view(name.data(), name.size()));
      }));
  connection->ws_.async_accept(request, Bind<&WebsocketConnection::OnAccepted>(connection.get()));
}

WebsocketConnection::WebsocketConnection(Edge& edge, Socket socket, PrincipalPtr principal,
                                         intent::Encoding encoding)
    : Session(std::move(principal)),
      edge_(edge),
      ws_(std::move(socket)),
      heard_ms_(edge.coarse_ms()),
      encoding_(encoding) {
  // The edge's sweep watches over all waits.
  ws_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                 websocket::stream_base::none(), false});
  ws_.read_message_max(intent::kFrameBytes);
  ws_.auto_fragment(false);
  ws_.binary(encoding == intent::Encoding::kProto);
  ws_.control_callback(
      [this](websocket::frame_type, boost::beast::string_view) { heard_ms_ = edge_.coarse_ms(); });
}

WebsocketConnection::~WebsocketConnection() = default;

void WebsocketConnection::OnAccepted(const ErrorCode& error) {
  if (error || phase_ == Phase::kEnded) return End();
  phase_ = Phase::kOpen;
  heard_ms_ = edge_.coarse_ms();
  key_ = edge_.intake().Open(this, /*push_outcomes=*/true);
  base::SetMs(base::WallMs(), Outbox().mutable_server_time());
  if (edge_.draining()) OnDrain();
  Pump();
  Read();
}

void WebsocketConnection::Read() {
  const size_t limit = in_.size() == 0 ? kFirstReadBytes : std::min(2 * in_.size(), kNextReadBytes);
  ws_.async_read_some(in_, limit, Bind<&WebsocketConnection::OnRead>(this));
}

void WebsocketConnection::OnRead(const ErrorCode& error, size_t /*bytes*/) {
  if (error == websocket::error::message_too_big) edge_.probe().TurnedAway(Turned::kTooLarge);
  if (error || phase_ == Phase::kEnded) return End();
  heard_ms_ = edge_.coarse_ms();
  if (!ws_.is_message_done()) {
    if (message_since_ms_ == 0) message_since_ms_ = heard_ms_;
    return Read();
  }
  message_since_ms_ = 0;
  HandleMessage();
  in_.clear();
  if (in_.capacity() > kKeptBufferBytes) in_.shrink_to_fit();
  // While our close waits for the client's, the codec reads by itself.
  if (phase_ != Phase::kOpen || (close_code_ != 0 && !close_when_answered_)) return;
  if (edge_.intake().OverRate(key_)) {
    resting_ = this;
  } else {
    Read();
  }
}

void WebsocketConnection::HandleMessage() {
  if (close_code_ != 0 && !close_when_answered_) return;
  if (ws_.got_binary() != (encoding_ == intent::Encoding::kProto)) {
    return Refuse(intake::v1::REASON_MALFORMED,
                  encoding_ == intent::Encoding::kProto ? "this subprotocol takes binary messages"
                                                        : "this subprotocol takes text messages",
                  kWrongKind);
  }
  const auto data = in_.data();
  const std::string_view bytes(static_cast<const char*>(data.data()), data.size());
  intake::v1::ClientFrame& frame = edge_.frame();
  const intent::Refusal refusal = edge_.decoder().DecodeFrame(encoding_, bytes, &frame);
  if (refusal.refused()) {
    return Refuse(refusal.reason, refusal.message,
                  refusal.reason == intake::v1::REASON_TOO_LARGE ? kPolicy : kBadPayload);
  }
  sample_.Begin(frame);
  const absl::Status submitted = edge_.intake().Submit(key_, frame, base::WallMs());
  if (!submitted.ok()) {
    return Refuse(intake::v1::REASON_TOO_LARGE, base::Std(submitted.message()), kPolicy);
  }
  due_ += static_cast<uint32_t>(frame.intents_size());
}

void WebsocketConnection::Refuse(intake::v1::Reason reason, std::string_view message,
                                 uint16_t close_code) {
  edge_.probe().TurnedAway(reason == intake::v1::REASON_TOO_LARGE ? Turned::kTooLarge
                                                                  : Turned::kMalformed);
  Outbox().set_error(reason);
  Outbox().set_error_message(std::string(message));
  CloseWith(close_code, "see the last frame", /*answered_first=*/false);
}

void WebsocketConnection::OnOutbox() {
  if (overflowed_ || phase_ != Phase::kOpen) {
    TakeOutbox();
    return;
  }
  Pump();
}

void WebsocketConnection::OnOverflow() {
  overflowed_ = true;
  edge_.probe().TurnedAway(Turned::kSlowReader);
  TakeOutbox();
  CloseWith(kPolicy, "reads too slowly", /*answered_first=*/false);
}

// What is to be sent to this session alone goes first, at the tick's end.
void WebsocketConnection::OnHints() {
  if (!has_outbox()) Pump();
}

void WebsocketConnection::CloseWith(uint16_t code, std::string_view reason, bool answered_first) {
  if (phase_ == Phase::kClosing || phase_ == Phase::kEnded) return;
  if (close_code_ != 0 && !close_when_answered_) return;  // the first cause stands
  close_code_ = code;
  close_reason_ = reason;
  close_when_answered_ = answered_first;
  close_since_ms_ = edge_.coarse_ms();
  Pump();
}

void WebsocketConnection::Pump() {
  if (phase_ != Phase::kOpen || writing_) return;
  const bool closing = close_code_ != 0;
  if (const auto frame = TakeOutbox()) {
    sample_.Look(*frame, edge_.probe());
    for (const auto& receipt : frame->receipts()) {
      if (receipt.status() != intake::v1::Receipt::STATUS_PENDING && due_ > 0) --due_;
    }
    out_.clear();
    intent::EncodeFrame(encoding_, *frame, &out_);
    writing_ = true;
    write_since_ms_ = edge_.coarse_ms();
    ws_.async_write(boost::asio::buffer(out_), Bind<&WebsocketConnection::OnWritten>(this));
    return;
  }
  if (closing) {
    if (!close_when_answered_ || due_ == 0) BeginClose();
    return;
  }
  hint_ = edge_.hints().Take(*this, encoding_);
  if (hint_ == nullptr) return;
  writing_ = true;
  write_since_ms_ = edge_.coarse_ms();
  ws_.async_write(boost::asio::buffer(*hint_), Bind<&WebsocketConnection::OnWritten>(this));
}

void WebsocketConnection::OnWritten(const ErrorCode& error, size_t /*bytes*/) {
  writing_ = false;
  hint_ = nullptr;
  if (error || phase_ == Phase::kEnded) return End();
  Pump();
  if (!writing_) out_ = std::string();
}

void WebsocketConnection::BeginClose() {
  phase_ = Phase::kClosing;
  close_since_ms_ = edge_.coarse_ms();
  ws_.async_close(websocket::close_reason(
                      websocket::close_code(close_code_),
                      boost::beast::string_view(close_reason_.data(), close_reason_.size())),
                  Bind<&WebsocketConnection::OnClosed>(this));
}

void WebsocketConnection::OnClosed(const ErrorCode& /*error*/) { End(); }

// A failed ping needs no answer: the read under way tells.
void WebsocketConnection::OnPinged(const ErrorCode& /*error*/) { pinging_ = false; }

void WebsocketConnection::OnSweep(const SweepTime& now) {
  const Timeouts& timeouts = edge_.timeouts();
  const int64_t silent_ms = now.monotonic_ms - heard_ms_;
  const int64_t closing_ms = close_code_ == 0 ? 0 : now.monotonic_ms - close_since_ms_;
  if (phase_ == Phase::kHandshake) {
    if (silent_ms > timeouts.handshake_ms) Abort();
    return;
  }
  if (phase_ == Phase::kEnded) return;
  const auto rested = std::exchange(resting_, nullptr);
  if (rested && phase_ == Phase::kOpen && (close_code_ == 0 || close_when_answered_)) Read();
  if (writing_ && now.monotonic_ms - write_since_ms_ > timeouts.write_stall_ms) {
    edge_.probe().TurnedAway(Turned::kSlowReader);
    return Abort();
  }
  if (close_code_ != 0) {
    const bool waits_for_answers = close_when_answered_ && phase_ == Phase::kOpen;
    if (!waits_for_answers && closing_ms > timeouts.close_ms) return Abort();
    if (waits_for_answers && closing_ms > timeouts.drain_ms) {
      CloseWith(close_code_, close_reason_, /*answered_first=*/false);
    }
    return;
  }
  if (Expired(principal(), now.wall_ms)) {
    edge_.probe().TurnedAway(Turned::kExpired);
    Outbox().set_error(intake::v1::REASON_UNAUTHENTICATED);
    Outbox().set_error_message("the token has expired");
    return CloseWith(kTokenExpired, "the token has expired", /*answered_first=*/false);
  }
  if (silent_ms > timeouts.idle_ms) {
    edge_.probe().TurnedAway(Turned::kSilent);
    return CloseWith(kGoingAway, "nothing heard", /*answered_first=*/false);
  }
  if (message_since_ms_ != 0 && now.monotonic_ms - message_since_ms_ > timeouts.message_ms) {
    edge_.probe().TurnedAway(Turned::kSilent);
    return CloseWith(kPolicy, "the message comes too slowly", /*answered_first=*/false);
  }
  if (silent_ms > timeouts.ping_after_ms && !pinging_) {
    pinging_ = true;
    ws_.async_ping({}, Bind<&WebsocketConnection::OnPinged>(this));
  }
}

void WebsocketConnection::OnDrain() {
  if (phase_ != Phase::kOpen || close_code_ != 0) return;
  Outbox().mutable_drain()->set_reconnect_after_ms(edge_.ReconnectSpread());
  CloseWith(kGoingAway, "draining", /*answered_first=*/true);
}

void WebsocketConnection::Abort() {
  const boost::intrusive_ptr<WebsocketConnection> keep(this);
  End();
}

void WebsocketConnection::End() {
  if (phase_ == Phase::kEnded) return;
  if (phase_ != Phase::kHandshake) edge_.intake().Close(key_);
  phase_ = Phase::kEnded;
  resting_ = nullptr;
  ErrorCode ignored;
  boost::beast::get_lowest_layer(ws_).close(ignored);
  edge_.Remove(*this, Transport::kWebSocket);
}

}  // namespace jembatan::gateway
