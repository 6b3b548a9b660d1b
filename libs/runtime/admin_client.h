#pragma once

// AdminClient: one blocking HTTP/1.1 request to a port of ours on a trusted network: an admin port,
// or a gateway's HTTP route from a command line. Plain TCP, one connection a request, bounded in
// time and in bytes. Not for the data path.
//
// Stateless functions; any thread, which they block for at most timeout_ms.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jembatan::runtime {

struct HttpLimits {
  int timeout_ms = 10'000;
  // A longer answer is RESOURCE_EXHAUSTED.
  size_t body_bytes = size_t{64} << 20;
};

// "http://host:port/path?query", or the same without the scheme; the path defaults to "/".
struct HttpUrl {
  std::string host;
  uint16_t port = 0;
  std::string target;
};
absl::Status ParseHttpUrl(std::string_view text, HttpUrl* url);

struct HttpReply {
  int status = 0;
  std::string body;
};

// An answer of any status is OK here; UNAVAILABLE when there is none, DEADLINE_EXCEEDED when it
// does not come in time.
absl::StatusOr<HttpReply> HttpGet(const std::string& url, const HttpLimits& limits = {});

struct HttpPost {
  std::string content_type = "application/json";
  // Sent as Authorization: Bearer; empty: none.
  std::string bearer;
  std::string body;
};
absl::StatusOr<HttpReply> HttpSend(const std::string& url, const HttpPost& post,
                                   const HttpLimits& limits = {});

}  // namespace jembatan::runtime
