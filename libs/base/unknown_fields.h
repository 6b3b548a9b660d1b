#pragma once

// Fields that a message came with and this program's contract does not have. Protobuf keeps them,
// and copying the message would pass them on: a border copies field by field, and counts here what
// it leaves behind. Header only: libs/base itself links no protobuf. Pure; any thread.

#include <cstdint>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/unknown_field_set.h>

namespace jembatan::base {

// Of the message itself, without those within it: finding them takes a walk by reflection, as dear
// as parsing, so each border names the messages it looks into (and a test finds a forgotten one).
// A group counts as one.
inline uint64_t OwnUnknownFields(const google::protobuf::Message& message) {
  return static_cast<uint64_t>(message.GetReflection()->GetUnknownFields(message).field_count());
}

// As assigning would, but without what it carries along.
inline void CopyTime(const google::protobuf::Timestamp& from, google::protobuf::Timestamp* to) {
  to->set_seconds(from.seconds());
  to->set_nanos(from.nanos());
}

}  // namespace jembatan::base
