#pragma once

// The rules that the terms of a contract's fields (jembatan/separation/v1) must keep, read from its
// descriptors: what a build fails by. Pure; any thread.
//
//  - Every field of every message has terms, all three of them.
//  - None holds data of a forbidden kind, by its terms or by its name.
//  - None goes less far than the contract does: a field that must stay on the social side has no
//    place in a message that leaves it, nor one of Jembatan's own in a marketplace's contract.
//  - A field's type is a message of the same package or a Timestamp, which have terms or need none;
//    an Any or a Struct could hold whatever its sender likes. So could a map's keys.

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "jembatan/separation/v1/separation.pb.h"

namespace jembatan::separation {

// Numbers of v1::Data from which on a kind is forbidden.
inline constexpr int kFirstForbidden = v1::DATA_SOCIAL_PROFILE;

// The terms a field carries; all unspecified if it carries none.
v1::Terms TermsOf(const google::protobuf::FieldDescriptor& field);

// Every breach in a file whose contract reaches as far as the zone, one line each that begins with
// the field's full name. Empty: none.
std::vector<std::string> BreachesOf(const google::protobuf::FileDescriptor& file, v1::Zone reaches);

// The words that no field's name may hold, separated by underscores as names are.
const std::vector<std::string_view>& ForbiddenWords();

}  // namespace jembatan::separation
