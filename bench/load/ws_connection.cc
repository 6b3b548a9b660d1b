#include "bench/load/ws_connection.h"

#include <chrono>
#include <utility>

#include <boost/beast/http/field.hpp>
#include <boost/beast/version.hpp>

namespace jembatan::load {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

// A gateway's frame holds what it gathered for one viewer; this is far above that.
constexpr size_t kMessageBytes = size_t{8} << 20;

}  // namespace

WsConnection::WsConnection(asio::io_context& context, uint32_t viewer, intent::Encoding encoding,
                           Events* events)
    : viewer_(viewer), encoding_(encoding), events_(events), ws_(context) {}

void WsConnection::Start(const Target& target, const std::string& token) {
  ws_.next_layer().async_connect(target.endpoint,
                                 [self = shared_from_this(), target, token](error_code error) {
                                   if (error) return self->Fail("connect: " + error.message());
                                   self->Handshake(target, token);
                                 });
}

void WsConnection::Handshake(const Target& target, const std::string& token) {
  error_code ignored;
  ws_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
  ws_.read_message_max(kMessageBytes);
  websocket::stream_base::timeout timeout{};
  timeout.handshake_timeout = std::chrono::seconds(10);
  timeout.idle_timeout = websocket::stream_base::none();
  timeout.keep_alive_pings = false;
  ws_.set_option(timeout);
  const bool proto = encoding_ == intent::Encoding::kProto;
  ws_.binary(proto);
  ws_.set_option(
      websocket::stream_base::decorator([token, proto](websocket::request_type& request) {
        request.set(boost::beast::http::field::authorization, "Bearer " + token);
        request.set(boost::beast::http::field::sec_websocket_protocol,
                    proto ? "jembatan.v1.proto" : "jembatan.v1.json");
      }));
  ws_.async_handshake(target.authority, "/v1/stream",
                      [self = shared_from_this()](error_code error) {
                        if (error) return self->Fail("handshake: " + error.message());
                        if (self->events_ == nullptr) return;
                        self->open_ = true;
                        self->events_->OnOpen(self->viewer_);
                        self->Read();
                        self->Flush();
                      });
}

void WsConnection::Read() {
  if (events_ == nullptr) return;
  ws_.async_read(in_, [self = shared_from_this()](error_code error, size_t) {
    if (error == websocket::error::closed) {
      return self->Fail("closed by the gateway with " + std::to_string(self->ws_.reason().code));
    }
    if (error) return self->Fail("read: " + error.message());
    if (self->events_ == nullptr) return;
    auto bytes = self->in_.cdata();
    self->events_->OnMessage(self->viewer_, {static_cast<const char*>(bytes.data()), bytes.size()});
    self->in_.consume(self->in_.size());
    self->Read();
  });
}

void WsConnection::Flush() {
  if (open_ && !writing_ && events_ != nullptr) Write();
}

void WsConnection::Write() {
  out_ = events_->NextFrame(viewer_);
  if (out_.empty()) return;
  writing_ = true;
  ws_.async_write(asio::buffer(out_), [self = shared_from_this()](error_code error, size_t) {
    self->writing_ = false;
    if (error) return self->Fail("write: " + error.message());
    self->Flush();
  });
}

void WsConnection::Fail(const std::string& why) {
  if (events_ == nullptr) return;
  Events* events = std::exchange(events_, nullptr);
  Drop();
  events->OnClosed(viewer_, why);
}

void WsConnection::Drop() {
  events_ = nullptr;
  open_ = false;
  error_code ignored;
  ws_.next_layer().close(ignored);
}

}  // namespace jembatan::load
