#include "services/gateway/error_details.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include "libs/intent/reasons.h"

namespace jembatan::gateway {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

// When a retryable request is worth another try.
constexpr uint64_t kRetrySeconds = 1;

void AppendVarint(int field, uint64_t value, std::string* out) {
  StringOutputStream stream(out);
  CodedOutputStream coded(&stream);
  coded.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT));
  coded.WriteVarint64(value);
}

void AppendBytes(int field, std::string_view value, std::string* out) {
  StringOutputStream stream(out);
  CodedOutputStream coded(&stream);
  coded.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  coded.WriteVarint32(static_cast<uint32_t>(value.size()));
  coded.WriteRaw(value.data(), static_cast<int>(value.size()));
}

ErrorDetail Localized(std::string_view locale, std::string_view text) {
  ErrorDetail detail{"google.rpc.LocalizedMessage", {}};
  AppendBytes(1, locale, &detail.value);
  AppendBytes(2, text, &detail.value);
  return detail;
}

}  // namespace

std::vector<ErrorDetail> DetailsOf(intake::v1::Reason reason) {
  const intent::ReasonInfo& info = intent::Info(reason);
  std::vector<ErrorDetail> details;
  ErrorDetail error{"google.rpc.ErrorInfo", {}};
  AppendBytes(1, info.name, &error.value);
  AppendBytes(2, kErrorDomain, &error.value);
  details.push_back(std::move(error));
  details.push_back(Localized("id-ID", info.id_id));
  details.push_back(Localized("en", info.en));
  if (info.retryable) {
    std::string delay;
    AppendVarint(1, kRetrySeconds, &delay);
    ErrorDetail retry{"google.rpc.RetryInfo", {}};
    AppendBytes(1, delay, &retry.value);
    details.push_back(std::move(retry));
  }
  return details;
}

std::string RpcStatusBytes(absl::StatusCode code, std::string_view message,
                           intake::v1::Reason reason) {
  std::string status;
  AppendVarint(1, static_cast<uint64_t>(code), &status);
  AppendBytes(2, message, &status);
  for (const ErrorDetail& detail : DetailsOf(reason)) {
    std::string any;
    AppendBytes(1, "type.googleapis.com/" + detail.type, &any);
    AppendBytes(2, detail.value, &any);
    AppendBytes(3, any, &status);
  }
  return status;
}

}  // namespace jembatan::gateway
