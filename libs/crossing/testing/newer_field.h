#pragma once

// For tests of readers that meet a later version of their contract.

#include <google/protobuf/message.h>

namespace jembatan::crossing::testing {

// As a writer of a later version would fill a field that this one's contract does not have.
inline void AddNewerField(google::protobuf::Message* message) {
  message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(900, "new");
}

inline bool HasNewerField(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

}  // namespace jembatan::crossing::testing
