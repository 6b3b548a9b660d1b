#pragma once

// JsonLine: one JSON object with its fields in the order given, as a line of a file of such lines.
// A value type; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "libs/base/text.h"

namespace jembatan::base {

class JsonLine {
 public:
  // Texts are well-formed UTF-8.
  void Add(std::string_view name, std::string_view text) {
    Name(name);
    AppendString(text);
  }
  void Add(std::string_view name, int64_t value) {
    Name(name);
    json_ += std::to_string(value);
  }
  // With the line's end. Once.
  std::string Finish() && {
    json_ += "}\n";
    return std::move(json_);
  }

 private:
  void Name(std::string_view name) {
    json_ += json_.empty() ? '{' : ',';
    AppendString(name);
    json_ += ':';
  }
  void AppendString(std::string_view text) {
    json_ += '"';
    AppendJsonEscaped(text, &json_);
    json_ += '"';
  }

  std::string json_;
};

}  // namespace jembatan::base
