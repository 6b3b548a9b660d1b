#pragma once

// Makes messages as a newer or a careless sender would: with a field that the contract does not
// have, in the message and in every message it can hold. For tests of borders. Any thread.

#include <cstdint>
#include <string>

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

namespace jembatan::base {

// A field number that no contract uses.
inline constexpr int kUnknownField = 9'999;

// Adds the text to the message and to every message within, which are made if absent; lists get one
// element, a oneof stays as it is. Returns how many were planted.
inline uint64_t PlantUnknownFields(google::protobuf::Message* message, const std::string& text) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  const google::protobuf::Descriptor* fields = message->GetDescriptor();
  reflection->MutableUnknownFields(message)->AddLengthDelimited(kUnknownField, text);
  uint64_t planted = 1;
  for (int i = 0; i < fields->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = fields->field(i);
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->real_containing_oneof() != nullptr) continue;
    if (!field->is_repeated()) {
      planted += PlantUnknownFields(reflection->MutableMessage(message, field), text);
    } else if (reflection->FieldSize(*message, field) == 0) {
      planted += PlantUnknownFields(reflection->AddMessage(message, field), text);
    } else {
      for (int at = 0; at < reflection->FieldSize(*message, field); ++at) {
        planted += PlantUnknownFields(reflection->MutableRepeatedMessage(message, field, at), text);
      }
    }
  }
  return planted;
}

}  // namespace jembatan::base
