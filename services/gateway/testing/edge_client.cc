#include "services/gateway/testing/edge_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace jembatan::gateway::testing {
namespace {

constexpr size_t kChunk = 65'536;
constexpr char kMask[4] = {0x12, 0x34, 0x56, 0x78};

bool Wait(int fd, short events, std::chrono::milliseconds patience) {
  pollfd entry{fd, events, 0};
  return poll(&entry, 1, static_cast<int>(patience.count())) == 1;
}

// Parses one response at the buffer's front; false while it is not whole.
bool TakeReply(std::string* buffer, HttpReply* reply) {
  const size_t end = buffer->find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = buffer->substr(0, end + 2);
  reply->status = std::atoi(head.c_str() + std::min<size_t>(head.size(), 9));
  size_t line = head.find("\r\n") + 2;
  while (line < head.size()) {
    const size_t stop = head.find("\r\n", line);
    const size_t colon = head.find(": ", line);
    std::string name = head.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    reply->headers[name] = head.substr(colon + 2, stop - colon - 2);
    line = stop + 2;
  }
  size_t length = 0;
  if (reply->headers.contains("content-length")) {
    length = static_cast<size_t>(std::stoul(reply->headers["content-length"]));
  }
  if (buffer->size() < end + 4 + length) return false;
  reply->body = buffer->substr(end + 4, length);
  buffer->erase(0, end + 4 + length);
  return true;
}

}  // namespace

RawSocket::RawSocket(int port, int receive_buffer) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(std::exchange(fd_, -1));
  }
}

RawSocket::~RawSocket() {
  if (fd_ >= 0) close(fd_);
}

bool RawSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!Wait(fd_, POLLOUT, kPatience)) return false;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawSocket::Receive(std::string* bytes, std::chrono::milliseconds patience) {
  if (!Wait(fd_, POLLIN, patience)) return false;
  std::string chunk(kChunk, '\0');
  const ssize_t received = recv(fd_, chunk.data(), chunk.size(), 0);
  if (received <= 0) return false;
  bytes->append(chunk, 0, static_cast<size_t>(received));
  return true;
}

void RawSocket::EndSending() { shutdown(fd_, SHUT_WR); }

bool RawSocket::EndsWithin(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::string dropped;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !Wait(fd_, POLLIN, left)) return false;
    dropped.clear();
    if (!Receive(&dropped, left)) return true;
  }
}

HttpReply HttpClient::Call(std::string_view method, std::string_view path, std::string_view headers,
                           std::string_view body) {
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(headers);
  request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  request.append(body);
  socket_.Send(request);
  return ReadReply();
}

HttpReply HttpClient::ReadReply() {
  HttpReply reply;
  while (!TakeReply(&buffer_, &reply)) {
    if (!socket_.Receive(&buffer_)) return {};
  }
  return reply;
}

WsClient::WsClient(int port, std::string_view path, std::string_view headers, int receive_buffer)
    : socket_(port, receive_buffer) {
  std::string request = "GET ";
  request.append(path).append(
      " HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  request.append(headers).append("\r\n");
  socket_.Send(request);
  while (!TakeReply(&buffer_, &handshake_)) {
    if (!socket_.Receive(&buffer_)) return;
  }
}

bool WsClient::Send(int opcode, std::string_view payload, bool masked, bool final) {
  std::string frame;
  frame.push_back(static_cast<char>((final ? 0x80 : 0) | opcode));
  const auto mask_bit = static_cast<char>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(mask_bit | static_cast<char>(payload.size())));
  } else if (payload.size() < 65'536) {
    frame.push_back(static_cast<char>(mask_bit | 126));
    for (int shift = 8; shift >= 0; shift -= 8) {
      frame.push_back(static_cast<char>(payload.size() >> shift));
    }
  } else {
    frame.push_back(static_cast<char>(mask_bit | 127));
    for (int shift = 56; shift >= 0; shift -= 8) {
      frame.push_back(static_cast<char>(static_cast<uint64_t>(payload.size()) >> shift));
    }
  }
  if (masked) frame.append(kMask, sizeof(kMask));
  for (size_t i = 0; i < payload.size(); ++i) {
    frame.push_back(masked ? static_cast<char>(payload[i] ^ kMask[i % 4]) : payload[i]);
  }
  return socket_.Send(frame);
}

bool WsClient::Fill(size_t bytes, std::chrono::steady_clock::time_point until) {
  while (buffer_.size() < bytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !socket_.Receive(&buffer_, left)) return false;
  }
  return true;
}

WsMessage WsClient::Next(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (!Fill(2, until)) return {};
    WsMessage message;
    message.opcode = buffer_[0] & 0x0f;
    size_t length = static_cast<uint8_t>(buffer_[1]) & 0x7f;
    size_t header = 2;
    if (length >= 126) {
      const size_t bytes = length == 126 ? 2 : 8;
      header += bytes;
      if (!Fill(header, until)) return {};
      length = 0;
      for (size_t i = 2; i < header; ++i) length = length << 8 | static_cast<uint8_t>(buffer_[i]);
    }
    if (!Fill(header + length, until)) return {};
    message.payload = buffer_.substr(header, length);
    buffer_.erase(0, header + length);
    if (message.opcode == 9) {
      Send(10, message.payload);
      continue;
    }
    if (message.opcode == 8) {
      if (length >= 2) {
        const auto high = static_cast<uint8_t>(message.payload[0]);
        message.close_code = high << 8 | static_cast<uint8_t>(message.payload[1]);
      }
      Send(8, message.payload);
      socket_.EndSending();
    }
    return message;
  }
}

}  // namespace jembatan::gateway::testing
