#pragma once

// WebsocketConnection: one client on /v1/stream. Every message is one ClientFrame, every answer one
// ServerFrame; the first tells the server's time. Reads go on while a send is under way; at most
// one send is, and the outbox gathers meanwhile.
//
// How it ends:
//   client closes                                   its own code, repeated
//   text where binary is due, or the reverse        ServerFrame.error MALFORMED, close 1003
//   a message that is no ClientFrame                ServerFrame.error MALFORMED, close 1007
//   a list of the frame over its bound              ServerFrame.error TOO_LARGE, close 1008
//   a text message that is not UTF-8                close 1007 (by the codec, no frame before it)
//   a message over kFrameBytes                      close 1009 (by the codec, no frame before it)
//   a breach of RFC 6455                            close 1002 (by the codec)
//   the client reads too slowly (outbox overflow)   close 1008
//   a message not whole in message_ms               close 1008
//   the token has expired                           ServerFrame.error UNAUTHENTICATED, close 4401
//   drain                                           ServerFrame.drain, then close 1001 when all
//                                                   receipts due are sent, or drain_ms later
//   nothing heard for idle_ms, pings included       close 1001
//   a send not done in write_stall_ms, or our close
//   not answered in close_ms                        the socket is closed without a word
// A bad intent within a good frame ends nothing: it gets its receipt. Before the upgrade: wrong
// path 404, no subprotocol served 400, token 401, origin 403, all with a Connect error body.
//
// After a message that went over its viewer's rate nothing is read until the next sweep: who
// hammers waits behind its own bytes.
//
// Owned by its own pending operations (intrusive count); its shard's thread only.

#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "services/gateway/edge.h"
#include "services/gateway/http_connection.h"
#include "services/gateway/session.h"

namespace jembatan::gateway {

class WebsocketConnection final
    : public Connection,
      public Session,
      public boost::intrusive_ref_counter<WebsocketConnection, boost::thread_unsafe_counter> {
 public:
  // Takes the socket of a request that has been found good.
  static void Start(Edge& edge, Socket socket, const HttpConnection::Request& request,
                    PrincipalPtr principal, intent::Encoding encoding);
  ~WebsocketConnection() override;

  void OnOutbox() override;
  void OnOverflow() override;
  void OnHints() override;
  void OnSweep(const SweepTime& now) override;
  void OnDrain() override;
  void Abort() override;

 private:
  using ErrorCode = boost::system::error_code;
  enum class Phase : uint8_t { kHandshake, kOpen, kClosing, kEnded };

  WebsocketConnection(Edge& edge, Socket socket, PrincipalPtr principal, intent::Encoding encoding);

  void OnAccepted(const ErrorCode& error);
  void Read();
  void OnRead(const ErrorCode& error, size_t bytes);
  void HandleMessage();
  // Gives the reason in a last frame, then closes.
  void Refuse(intake::v1::Reason reason, std::string_view message, uint16_t close_code);
  // Closes when the outbox is sent and, if answered_first, no receipt is due any more.
  void CloseWith(uint16_t code, std::string_view reason, bool answered_first);
  // Sends what the outbox holds, or closes if that is due, unless a send is under way.
  void Pump();
  void OnWritten(const ErrorCode& error, size_t bytes);
  void BeginClose();
  void OnClosed(const ErrorCode& error);
  void OnPinged(const ErrorCode& error);
  void End();

  Edge& edge_;
  // Itself while it rests, when no operation may be pending.
  boost::intrusive_ptr<WebsocketConnection> resting_;
  boost::beast::websocket::stream<Socket, false> ws_;
  boost::beast::flat_buffer in_;
  std::string out_;
  // What is being sent of the rooms it watches; others send the same bytes.
  RoomHints::Frame hint_;
  ReceiptSample sample_;
  Intake::SessionKey key_ = 0;
  // Monotonic times: last word of the client; begin of its unfinished message, 0 without one; begin
  // of our send; of our close or drain.
  int64_t heard_ms_;
  int64_t message_since_ms_ = 0;
  int64_t write_since_ms_ = 0;
  int64_t close_since_ms_ = 0;
  // Static text.
  std::string_view close_reason_;
  // Submissions whose ACCEPTED or REFUSED has not been sent.
  uint32_t due_ = 0;
  // 0: not closing.
  uint16_t close_code_ = 0;
  bool close_when_answered_ = false;
  bool overflowed_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  Phase phase_ = Phase::kHandshake;
  const intent::Encoding encoding_;
};

}  // namespace jembatan::gateway
