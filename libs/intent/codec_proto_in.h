#pragma once

// What Protobuf's own parser leaves to do for messages from outside. Pure; any thread.

#include <cstdint>
#include <string_view>

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/intent/intent.h"

namespace jembatan::intent {

// Counts the elements of the bounded lists on the wire, before anything is allocated for them: two
// bytes make an element, and a reused message keeps what it once held. Bytes that are not Protobuf
// pass; the parser refuses them.
Refusal CheckListBounds(const intake::v1::ClientFrame&, std::string_view bytes);
Refusal CheckListBounds(const intake::v1::SubmitIntentRequest&, std::string_view bytes);
Refusal CheckListBounds(const intake::v1::GetOutcomesRequest&, std::string_view bytes);

// Drops the unknown fields of a message and of all within it; returns how many there were.
uint64_t DropUnknownFields(intake::v1::ClientFrame* message);
uint64_t DropUnknownFields(intake::v1::SubmitIntentRequest* message);
uint64_t DropUnknownFields(intake::v1::GetOutcomesRequest* message);

}  // namespace jembatan::intent
