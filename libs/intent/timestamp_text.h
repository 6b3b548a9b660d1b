#pragma once

// A Timestamp as proto3 JSON writes it: RFC 3339, years 0001 to 9999. Pure; any thread.

#include <string>
#include <string_view>

#include "google/protobuf/timestamp.pb.h"

namespace jembatan::intent {

// Whether seconds and nanos lie within what google.protobuf.Timestamp allows.
bool IsValidTimestamp(const google::protobuf::Timestamp& time);

// "2026-12-12T00:00:00[.1 to 9 digits](Z|+hh:mm|-hh:mm)", upper-case T and Z. False for anything
// else, and for instants outside the years above. Leap seconds (":60") do not exist in a Timestamp.
bool ParseTimestamp(std::string_view text, google::protobuf::Timestamp* time);

// Appends it in UTC with 0, 3, 6 or 9 fractional digits. The timestamp must be valid.
void AppendTimestamp(const google::protobuf::Timestamp& time, std::string* out);

}  // namespace jembatan::intent
