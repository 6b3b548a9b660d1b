#pragma once

// The messages that servers send, as proto3 JSON, appended to *out: lowerCamelCase names, enums by
// name (unknown ones by number), int64 as strings, bytes as base64, timestamps as RFC 3339,
// defaults left out. What JSON cannot hold cannot fail here either: bytes of a text that are not
// UTF-8 become U+FFFD, and a timestamp outside the years 0001 to 9999 is left out. Pure; any
// thread.

#include <string>

#include "jembatan/intake/v1/intake.pb.h"

namespace jembatan::intent {

void AppendJson(const intake::v1::ServerFrame& message, std::string* out);
void AppendJson(const intake::v1::SubmitIntentResponse& message, std::string* out);
void AppendJson(const intake::v1::GetOutcomesResponse& message, std::string* out);

}  // namespace jembatan::intent
