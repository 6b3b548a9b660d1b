#pragma once

// The Connect protocol's unary calls over HTTP as pure functions: from a request's head to the call
// meant or the error answered, and from an answer to the bytes of a response. Knows nothing of
// sockets. Pure; any thread.
//
//   POST /jembatan.intake.v1.IntakeService/SubmitIntent and /GetOutcomes
//   POST /jembatan.intake.v1.RoomService/OpenRoom and its other methods
//   Content-Type: application/json or application/proto
//
// A refused intent is a result (200 with a REFUSED receipt). A request that cannot be served is an
// error: the HTTP status of its Connect code and {"code","message","details"}. Some answers use a
// more telling HTTP status beside their Connect code: 404, 405, 413, 415, 431.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "jembatan/intake/v1/reason.pb.h"
#include "libs/intent/codec.h"
#include "services/gateway/room_desk.h"

namespace jembatan::gateway {

// What of a request decides where it goes. Absent headers are empty.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view connect_version;
  std::string_view connect_timeout;
};

enum class Call { kSubmitIntent, kGetOutcomes, kRoom };

struct Admission {
  Call call = Call::kSubmitIntent;
  // With kRoom.
  RoomMethod room_method = RoomMethod::kGetRoom;
  intent::Encoding encoding = intent::Encoding::kJson;
  // How long the client waits; never more than kUnaryTimeoutMs.
  int64_t timeout_ms = 0;
};

struct Response {
  int status = 200;
  std::string content_type;
  std::string body;
  // Further header lines, each ended by CRLF.
  std::string headers;
};

std::variant<Admission, Response> Admit(const RequestHead& head);

// Path of a request target: what stands before '?'.
std::string_view PathOf(std::string_view target);

// The Connect name of a code ("invalid_argument") and its HTTP status.
std::string_view ConnectCode(absl::StatusCode code);
int HttpStatus(absl::StatusCode code);

// An error with the reason's own code.
Response Error(intake::v1::Reason reason, std::string_view message);
// The same with another HTTP status than the code's.
Response Error(intake::v1::Reason reason, std::string_view message, int http_status);
// An error without a reason of the contract.
Response Error(absl::StatusCode code, std::string_view message, int http_status);

Response Answer(intent::Encoding encoding, std::string body);

// Origins of web pages that may call the gateway: "*" or a comma-separated list such as
// "https://app.example,https://m.app.example". Requests without Origin are not a browser's and
// pass.
class OriginList {
 public:
  static absl::StatusOr<OriginList> Parse(std::string_view text);
  bool Allows(std::string_view origin) const;

 private:
  bool any_ = false;
  std::vector<std::string> origins_;
};

// The answer to OPTIONS.
Response Preflight(bool allowed);

// The response on the wire. origin: the request's, if it is allowed; empty otherwise.
std::string Serialize(const Response& response, bool keep_alive, std::string_view origin,
                      int64_t wall_ms);

}  // namespace jembatan::gateway
