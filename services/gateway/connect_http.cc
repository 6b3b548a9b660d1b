#include "services/gateway/connect_http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/intent/reasons.h"
#include "services/gateway/error_details.h"
#include "services/gateway/limits.h"

namespace jembatan::gateway {
namespace {

using intake::v1::Reason;

constexpr std::string_view kServicePath = "/jembatan.intake.v1.IntakeService/";
constexpr std::string_view kRoomServicePath = "/jembatan.intake.v1.RoomService/";

struct RoomMethodRow {
  std::string_view name;
  RoomMethod method;
};

constexpr std::array kRoomMethods = {
    RoomMethodRow{"OpenRoom", RoomMethod::kOpenRoom},
    RoomMethodRow{"PinOffer", RoomMethod::kPinOffer},
    RoomMethodRow{"UnpinOffer", RoomMethod::kUnpinOffer},
    RoomMethodRow{"CloseRoom", RoomMethod::kCloseRoom},
    RoomMethodRow{"GetRoom", RoomMethod::kGetRoom},
    RoomMethodRow{"ListRooms", RoomMethod::kListRooms},
};

constexpr size_t kTimeoutDigits = 10;

struct CodeRow {
  absl::StatusCode code;
  std::string_view name;
  int http_status;
};

// As the Connect specification maps them. OK is no error and has no row.
constexpr std::array kCodes = {
    CodeRow{absl::StatusCode::kUnknown, "unknown", 500},
    CodeRow{absl::StatusCode::kCancelled, "canceled", 499},
    CodeRow{absl::StatusCode::kInvalidArgument, "invalid_argument", 400},
    CodeRow{absl::StatusCode::kDeadlineExceeded, "deadline_exceeded", 504},
    CodeRow{absl::StatusCode::kNotFound, "not_found", 404},
    CodeRow{absl::StatusCode::kAlreadyExists, "already_exists", 409},
    CodeRow{absl::StatusCode::kPermissionDenied, "permission_denied", 403},
    CodeRow{absl::StatusCode::kResourceExhausted, "resource_exhausted", 429},
    CodeRow{absl::StatusCode::kFailedPrecondition, "failed_precondition", 400},
    CodeRow{absl::StatusCode::kAborted, "aborted", 409},
    CodeRow{absl::StatusCode::kOutOfRange, "out_of_range", 400},
    CodeRow{absl::StatusCode::kUnimplemented, "unimplemented", 501},
    CodeRow{absl::StatusCode::kInternal, "internal", 500},
    CodeRow{absl::StatusCode::kUnavailable, "unavailable", 503},
    CodeRow{absl::StatusCode::kDataLoss, "data_loss", 500},
    CodeRow{absl::StatusCode::kUnauthenticated, "unauthenticated", 401},
};

// Codes without a row count as unknown.
const CodeRow& RowOf(absl::StatusCode code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row;
  }
  return kCodes.front();
}

void AppendJsonText(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
      out->append(escaped);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

// The specification wants standard base64 without padding.
std::string UnpaddedBase64(std::string_view bytes) {
  std::string text = base::Base64Encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string ErrorBody(absl::StatusCode code, std::string_view message, Reason reason) {
  std::string body = "{\"code\":\"";
  body.append(ConnectCode(code)).append("\",\"message\":");
  AppendJsonText(base::IsUtf8(message) ? message : std::string_view("malformed"), &body);
  if (reason != intake::v1::REASON_UNSPECIFIED) {
    body.append(",\"details\":[");
    bool first = true;
    for (const ErrorDetail& detail : DetailsOf(reason)) {
      if (!first) body.push_back(',');
      body.append("{\"type\":\"").append(detail.type).append("\",\"value\":\"");
      body.append(UnpaddedBase64(detail.value)).push_back('"');
      if (first) {
        body.append(",\"debug\":{\"reason\":\"").append(intent::Info(reason).name);
        body.append("\",\"domain\":\"").append(kErrorDomain).append("\"}");
      }
      body.push_back('}');
      first = false;
    }
    body.push_back(']');
  }
  body.push_back('}');
  return body;
}

struct PhraseRow {
  int status;
  std::string_view phrase;
};

constexpr std::array kPhrases = {
    PhraseRow{200, "OK"},
    PhraseRow{204, "No Content"},
    PhraseRow{400, "Bad Request"},
    PhraseRow{401, "Unauthorized"},
    PhraseRow{403, "Forbidden"},
    PhraseRow{404, "Not Found"},
    PhraseRow{405, "Method Not Allowed"},
    PhraseRow{409, "Conflict"},
    PhraseRow{413, "Content Too Large"},
    PhraseRow{415, "Unsupported Media Type"},
    PhraseRow{426, "Upgrade Required"},
    PhraseRow{429, "Too Many Requests"},
    PhraseRow{431, "Request Header Fields Too Large"},
    PhraseRow{499, "Client Closed Request"},
    PhraseRow{501, "Not Implemented"},
    PhraseRow{503, "Service Unavailable"},
    PhraseRow{504, "Gateway Timeout"},
};

std::string_view PhraseOf(int status) {
  for (const PhraseRow& row : kPhrases) {
    if (row.status == status) return row.phrase;
  }
  return "Internal Server Error";
}

// Media type without its parameters.
std::string_view MediaType(std::string_view content_type) {
  return base::Std(
      absl::StripAsciiWhitespace(base::Absl(content_type.substr(0, content_type.find(';')))));
}

bool ParseTimeout(std::string_view text, int64_t* timeout_ms) {
  *timeout_ms = kUnaryTimeoutMs;
  if (text.empty()) return true;
  if (text.size() > kTimeoutDigits) return false;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return false;
  *timeout_ms = std::min(value, kUnaryTimeoutMs);
  return true;
}

std::optional<intent::Encoding> EncodingOf(std::string_view media_type) {
  if (absl::EqualsIgnoreCase(base::Absl(media_type), "application/json")) {
    return intent::Encoding::kJson;
  }
  if (absl::EqualsIgnoreCase(base::Absl(media_type), "application/proto")) {
    return intent::Encoding::kProto;
  }
  return std::nullopt;
}

Response NoSuchMethod() { return Error(absl::StatusCode::kUnimplemented, "no such method", 404); }

std::optional<Response> FindRoomMethod(std::string_view name, Admission* admission) {
  for (const RoomMethodRow& row : kRoomMethods) {
    if (row.name != name) continue;
    admission->call = Call::kRoom;
    admission->room_method = row.method;
    return std::nullopt;
  }
  return NoSuchMethod();
}

std::optional<Response> FindCall(std::string_view path, Admission* admission) {
  if (path.starts_with(kRoomServicePath)) {
    return FindRoomMethod(path.substr(kRoomServicePath.size()), admission);
  }
  if (!path.starts_with(kServicePath)) {
    return Error(absl::StatusCode::kNotFound, "no such path", 404);
  }
  const std::string_view method = path.substr(kServicePath.size());
  if (method == "SubmitIntent") {
    admission->call = Call::kSubmitIntent;
    return std::nullopt;
  }
  if (method == "GetOutcomes") {
    admission->call = Call::kGetOutcomes;
    return std::nullopt;
  }
  if (method == "StreamIntents") {
    return Error(absl::StatusCode::kUnimplemented,
                 "streams are served over WebSocket at /v1/stream and over gRPC", 404);
  }
  return NoSuchMethod();
}

}  // namespace

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

std::variant<Admission, Response> Admit(const RequestHead& head) {
  Admission admission;
  const std::string_view path = PathOf(head.target);
  if (auto wrong = FindCall(path, &admission)) return *std::move(wrong);
  if (head.method != "POST") {
    Response wrong = Error(absl::StatusCode::kUnimplemented, "this method takes POST only", 405);
    wrong.headers = "Allow: POST, OPTIONS\r\n";
    return wrong;
  }
  const auto encoding = EncodingOf(MediaType(head.content_type));
  if (!encoding) {
    Response wrong = Error(intake::v1::REASON_SCHEMA_UNSUPPORTED,
                           "content-type: application/json or application/proto expected", 415);
    wrong.headers = "Accept-Post: application/json, application/proto\r\n";
    return wrong;
  }
  admission.encoding = *encoding;
  if (!head.content_encoding.empty() && head.content_encoding != "identity") {
    Response wrong =
        Error(absl::StatusCode::kUnimplemented, "content-encoding: only identity is served", 501);
    wrong.headers = "Accept-Encoding: identity\r\n";
    return wrong;
  }
  if (!head.connect_version.empty() && head.connect_version != "1") {
    return Error(intake::v1::REASON_MALFORMED, "connect-protocol-version: only 1 is served");
  }
  if (!ParseTimeout(head.connect_timeout, &admission.timeout_ms)) {
    return Error(intake::v1::REASON_MALFORMED,
                 "connect-timeout-ms: at most ten digits, milliseconds, expected");
  }
  return admission;
}

std::string_view ConnectCode(absl::StatusCode code) { return RowOf(code).name; }
int HttpStatus(absl::StatusCode code) { return RowOf(code).http_status; }

Response Error(Reason reason, std::string_view message, int http_status) {
  Response response;
  response.status = http_status;
  response.content_type = "application/json";
  response.body = ErrorBody(intent::Info(reason).code, message, reason);
  if (http_status == 401) response.headers = "WWW-Authenticate: Bearer\r\n";
  return response;
}

Response Error(Reason reason, std::string_view message) {
  return Error(reason, message, HttpStatus(intent::Info(reason).code));
}

Response Error(absl::StatusCode code, std::string_view message, int http_status) {
  Response response;
  response.status = http_status;
  response.content_type = "application/json";
  response.body = ErrorBody(code, message, intake::v1::REASON_UNSPECIFIED);
  return response;
}

Response Answer(intent::Encoding encoding, std::string body) {
  Response response;
  response.content_type =
      encoding == intent::Encoding::kJson ? "application/json" : "application/proto";
  response.body = std::move(body);
  return response;
}

absl::StatusOr<OriginList> OriginList::Parse(std::string_view text) {
  OriginList list;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view entry =
        base::Std(absl::StripAsciiWhitespace(base::Absl(text.substr(0, comma))));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (entry == "*") {
      list.any_ = true;
      continue;
    }
    const size_t scheme = entry.find("://");
    if (scheme == std::string_view::npos || scheme == 0 ||
        entry.find('/', scheme + 3) != std::string_view::npos || entry.size() == scheme + 3) {
      return base::InvalidArgument("\"" + std::string(entry) +
                                   "\" is not an origin such as https://app.example");
    }
    list.origins_.emplace_back(entry);
  }
  if (list.origins_.size() > kOriginsMax) {
    return base::InvalidArgument("more than " + std::to_string(kOriginsMax) + " origins");
  }
  return list;
}

bool OriginList::Allows(std::string_view origin) const {
  return origin.empty() || any_ ||
         std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

Response Preflight(bool allowed) {
  if (!allowed) return Error(absl::StatusCode::kPermissionDenied, "this origin is not served", 403);
  Response response;
  response.status = 204;
  response.headers =
      "Access-Control-Allow-Methods: POST\r\n"
      "Access-Control-Allow-Headers: Authorization, Content-Type, Connect-Protocol-Version, "
      "Connect-Timeout-Ms\r\n"
      "Access-Control-Max-Age: 7200\r\n";
  return response;
}

std::string Serialize(const Response& response, bool keep_alive, std::string_view origin,
                      int64_t wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm calendar{};
  gmtime_r(&seconds, &calendar);
  char date[40];
  std::strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &calendar);

  std::string out;
  out.reserve(256 + response.headers.size() + response.body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).push_back(' ');
  out.append(PhraseOf(response.status)).append("\r\nDate: ").append(date).append("\r\n");
  if (!response.content_type.empty()) {
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
  }
  if (response.status != 204) {
    out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  out.append("Cache-Control: no-store\r\nVary: Origin\r\n").append(response.headers);
  if (!origin.empty()) {
    // Without the Date a page's clock that is wrong could not be corrected over calls.
    out.append("Access-Control-Allow-Origin: ").append(origin).append("\r\n");
    out.append("Access-Control-Expose-Headers: Date\r\n");
  }
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append("\r\n").append(response.body);
  return out;
}

}  // namespace jembatan::gateway
