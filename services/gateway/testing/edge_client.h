#pragma once

// Clients of the gateway's public port for tests: plain sockets, HTTP and WebSocket written here
// rather than taken from the library that the gateway uses, so that they can also misbehave. Every
// wait has a time-out. One thread each.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace jembatan::gateway::testing {

inline constexpr std::chrono::milliseconds kPatience(10'000);

class RawSocket {
 public:
  // receive_buffer: SO_RCVBUF, 0 for the system's default.
  explicit RawSocket(int port, int receive_buffer = 0);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  // False when the peer has gone or does not take it in time.
  bool Send(std::string_view bytes);
  // Appends what comes; false on the end of the stream, an error or the time-out.
  bool Receive(std::string* bytes, std::chrono::milliseconds patience = kPatience);
  // Nothing will follow from this side.
  void EndSending();
  // The peer ends the connection within the time; what it sends before is dropped.
  bool EndsWithin(std::chrono::milliseconds patience);

 private:
  int fd_ = -1;
};

struct HttpReply {
  // 0: no answer.
  int status = 0;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(int port) : socket_(port) {}

  // headers: lines ended by CRLF. Content-Length is added.
  HttpReply Call(std::string_view method, std::string_view path, std::string_view headers,
                 std::string_view body);
  HttpReply ReadReply();
  RawSocket& socket() { return socket_; }

 private:
  RawSocket socket_;
  std::string buffer_;
};

struct WsMessage {
  // 1 text, 2 binary, 8 close, 9 ping, 10 pong; 0: the stream ended or the time-out passed.
  int opcode = 0;
  std::string payload;
  // Of a close.
  int close_code = 0;
};

class WsClient {
 public:
  // Connects and asks for the upgrade; headers: lines ended by CRLF.
  WsClient(int port, std::string_view path, std::string_view headers, int receive_buffer = 0);

  const HttpReply& handshake() const { return handshake_; }
  bool Send(int opcode, std::string_view payload, bool masked = true, bool final = true);
  // The next message that is no ping; pings are answered meanwhile, and so is a close, by which
  // this side ends too.
  WsMessage Next(std::chrono::milliseconds patience = kPatience);
  RawSocket& socket() { return socket_; }

 private:
  bool Fill(size_t bytes, std::chrono::steady_clock::time_point until);

  RawSocket socket_;
  HttpReply handshake_;
  std::string buffer_;
};

}  // namespace jembatan::gateway::testing
