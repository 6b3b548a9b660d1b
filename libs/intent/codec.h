#pragma once

// Between bytes and the intake messages, both encodings. Binary is Protobuf's own parser into
// reused messages; JSON is proto3 JSON read by simdjson field by field (json_util costs 20 us an
// intent) and written by hand. Strict: unknown and duplicate keys, wrong types, numbers out of
// range, NaN, bad UTF-8, lists over their bound and depth over kJsonDepth are errors that name the
// field. Binary unknown fields are dropped and counted.
//
// A Decoder owns its scratch memory (simdjson parser, padded buffer): one per shard, not
// thread-safe. Encoders are pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/intent/intent.h"

namespace jembatan::intent {

enum class Encoding { kProto, kJson };

class Decoder {
 public:
  Decoder();
  ~Decoder();

  // Each fills *message (cleared first) or tells why not: MALFORMED or TOO_LARGE with a message in
  // English that names the field; the text lives until the next call. The bytes need no padding.
  Refusal DecodeFrame(Encoding encoding, std::string_view bytes, intake::v1::ClientFrame* message);
  Refusal DecodeSubmit(Encoding encoding, std::string_view bytes,
                       intake::v1::SubmitIntentRequest* message);
  Refusal DecodeQuery(Encoding encoding, std::string_view bytes,
                      intake::v1::GetOutcomesRequest* message);

  // Unknown binary fields dropped so far.
  uint64_t unknown_fields() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Appends the message to *out. JSON is proto3 JSON: enum names, int64 as strings, bytes as base64,
// timestamps as RFC 3339, default values left out.
void EncodeFrame(Encoding encoding, const intake::v1::ServerFrame& message, std::string* out);
void EncodeSubmit(Encoding encoding, const intake::v1::SubmitIntentResponse& message,
                  std::string* out);
void EncodeAnswers(Encoding encoding, const intake::v1::GetOutcomesResponse& message,
                   std::string* out);

}  // namespace jembatan::intent
