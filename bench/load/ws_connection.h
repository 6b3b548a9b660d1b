#pragma once

// WsConnection: one viewer's WebSocket to a gateway, from connecting to its end; a reconnect is a
// new object. It sends one frame at a time, taken from the owner when the socket is free, so that
// what is due meanwhile gathers into one frame.
//
// Shared between its owner and its pending operations. The owner's thread only (the generator's one
// io_context). It ends by Drop() (the owner hears nothing more) or by OnClosed to the owner, once.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "libs/intent/codec.h"

namespace jembatan::load {

class WsConnection : public std::enable_shared_from_this<WsConnection> {
 public:
  // What the owner hears; viewer is the number given at construction.
  class Events {
   public:
    virtual ~Events() = default;
    virtual void OnOpen(uint32_t viewer) = 0;
    // A whole message; the bytes live until the call returns.
    virtual void OnMessage(uint32_t viewer, std::string_view bytes) = 0;
    // The next frame to send; empty: nothing is due.
    virtual std::string NextFrame(uint32_t viewer) = 0;
    virtual void OnClosed(uint32_t viewer, const std::string& why) = 0;
  };

  struct Target {
    boost::asio::ip::tcp::endpoint endpoint;
    // For the Host header.
    std::string authority;
  };

  WsConnection(boost::asio::io_context& context, uint32_t viewer, intent::Encoding encoding,
               Events* events);

  void Start(const Target& target, const std::string& token);
  // Something is due: sends it unless a send is under way, which then goes on with it.
  void Flush();
  // Closes the socket at once; no further event.
  void Drop();

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;

  void Handshake(const Target& target, const std::string& token);
  void Read();
  void Write();
  void Fail(const std::string& why);

  const uint32_t viewer_;
  const intent::Encoding encoding_;
  // Null once the connection has ended.
  Events* events_;
  boost::beast::websocket::stream<Socket, false> ws_;
  boost::beast::flat_buffer in_;
  std::string out_;
  bool open_ = false;
  bool writing_ = false;
};

}  // namespace jembatan::load
