#pragma once

// HttpConnection: one TCP connection speaking HTTP/1.1 with keep-alive: the Connect protocol's
// unary calls, CORS preflights, and the upgrade to WebSocket, upon which the socket is handed on.
// One request at a time: the next is not read before this one is answered.
//
// Bounds: header block kHeaderBytes (431), body kUnaryBytes (413), handshake, body, idle and write
// waits of limits.h. What cannot be parsed as HTTP gets 400 and the connection ends; so does what
// comes behind an upgrade request before its answer.
//
// Owned by its own pending operations (intrusive count); its shard's thread only. Ends when the
// client closes, a wait is over, or the edge aborts it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "services/gateway/edge.h"

namespace jembatan::gateway {

class HttpConnection final
    : public Connection,
      public boost::intrusive_ref_counter<HttpConnection, boost::thread_unsafe_counter> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  // Takes an accepted socket.
  static void Start(Edge& edge, Socket socket);
  ~HttpConnection();

  void OnSweep(const SweepTime& now) override;
  void OnDrain() override;
  void Abort() override;

 private:
  using ErrorCode = boost::system::error_code;
  // Where it is in the cycle of a request; kLinger: our side is shut, the client's end is awaited.
  enum class Phase { kIdle, kHeader, kBody, kCall, kWrite, kLinger, kEnded };
  class UnarySession;

  HttpConnection(Edge& edge, Socket socket);

  void Enter(Phase phase);
  void AwaitRequest();
  void OnReadable(const ErrorCode& error);
  void OnHeader(const ErrorCode& error, size_t bytes);
  void OnContinueSent(const ErrorCode& error, size_t bytes);
  void ReadBody();
  void OnBody(const ErrorCode& error, size_t bytes);
  void OnUnreadable(const ErrorCode& error);
  void Serve();
  void Upgrade();
  void ServeCall(const Admission& admission, PrincipalPtr principal);
  void Submit(const Admission& admission, PrincipalPtr principal);
  void ServeRoom(const Admission& admission, const Principal& principal);
  void OnReceipt();
  void Respond(const Response& response);
  void OnWritten(const ErrorCode& error, size_t bytes);
  void OnLingered(const ErrorCode& error, size_t bytes);
  void End();

  Edge& edge_;
  Socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::string out_;
  std::unique_ptr<UnarySession> unary_;
  // Keeps the connection while no operation of the socket does: during a call.
  boost::intrusive_ptr<HttpConnection> self_;
  Phase phase_ = Phase::kEnded;
  // When the phase began, and when a call must be answered.
  int64_t since_ms_ = 0;
  int64_t call_until_ms_ = 0;
  // Of the request at the room desk, so that a late answer is not another one's.
  uint64_t room_call_ = 0;
  bool first_request_ = true;
  bool keep_alive_ = false;
  bool draining_ = false;
};

}  // namespace jembatan::gateway
