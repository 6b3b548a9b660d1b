#pragma once

// JsonReader: proto3 JSON into the messages that clients send, by simdjson on demand and one
// hand-written field table per message. Owned by a Decoder; one thread. Holds the padded copy of
// the bytes that simdjson needs, which grows to the longest document so far.

#include <string>
#include <string_view>

#include <simdjson.h>

#include "jembatan/intake/v1/intake.pb.h"
#include "jembatan/intake/v1/reason.pb.h"

namespace jembatan::intent {

// What is wrong with a document, and where: the path grows from the inside out while the readers
// return, so that a good document pays nothing for it.
class JsonError {
 public:
  // Each returns false, for the reader to return.
  bool Malformed(std::string_view what);
  bool TooLarge(std::string_view what);
  bool Within(std::string_view field);
  bool WithinElement(size_t index);

  intake::v1::Reason reason() const { return reason_; }
  // "intents[3].priceSeen.amountMinor: not a whole number".
  std::string Text() const;

 private:
  intake::v1::Reason reason_ = intake::v1::REASON_UNSPECIFIED;
  std::string path_;
  std::string what_;
};

class JsonReader {
 public:
  // Fills the cleared message, or returns false and fills *error; the message is then half filled.
  bool Read(std::string_view bytes, intake::v1::ClientFrame* message, JsonError* error);
  bool Read(std::string_view bytes, intake::v1::SubmitIntentRequest* message, JsonError* error);
  bool Read(std::string_view bytes, intake::v1::GetOutcomesRequest* message, JsonError* error);

 private:
  template <typename Message>
  bool ReadDocument(std::string_view bytes, Message* message, JsonError* error);

  std::string scratch_;
  simdjson::ondemand::parser parser_;
};

}  // namespace jembatan::intent
