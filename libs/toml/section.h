#pragma once

// What a TOML file of ours is read with: all or nothing. The first fault is kept, with its line,
// and everything read after it is worthless; a key that nobody asked for is a fault too, because a
// misspelt setting that is passed over would not be in force.
//
// Document owns what was parsed; Sections view it and share its Faults. Pure; one thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/toml/limits.h"

namespace jembatan::toml_file {

// The first fault of a text.
class Faults {
 public:
  explicit Faults(std::string name) : name_(std::move(name)) {}

  // INVALID_ARGUMENT, "NAME:LINE: reason".
  void Add(int line, const std::string& reason);
  bool any() const { return !status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  const std::string name_;
  absl::Status status_;
};

// One table of the file, read key by key.
class Section {
 public:
  using Good = bool (*)(std::string_view);
  // The parser's own; nobody else's to look at.
  struct Table;

  Section(const Table* table, Faults* faults) : table_(table), faults_(faults) {}

  int line() const;
  void Fault(std::string_view key, const std::string& reason);
  bool faulty() const { return faults_->any(); }
  Faults& faults() { return *faults_; }

  bool Has(std::string_view key) const;
  // A key that must be there; a fault where it is not, or is not what is asked for.
  std::string Text(std::string_view key);
  std::string Text(std::string_view key, Good good, const char* must);
  int64_t Number(std::string_view key, int64_t least, int64_t most);
  bool Flag(std::string_view key);
  // Unix milliseconds of a date and time with its offset.
  int64_t Instant(std::string_view key);
  // Sorted; each entry good and given once.
  std::vector<std::string> List(std::string_view key, Good good, const char* must);
  // Reads each of the tables under [[key]], up to most; none there: none read.
  void Each(std::string_view key, size_t most, const std::function<void(Section&)>& read);

  // Refuses the keys that nobody asked for.
  void Done();

 private:
  const Table* table_;
  Faults* faults_;
  std::set<std::string, std::less<>> asked_;
};

class Document {
 public:
  // name stands for the text in errors. INVALID_ARGUMENT if it is no TOML, or longer than that.
  static absl::StatusOr<Document> Parse(const std::string& name, std::string_view text,
                                        size_t bytes_max);
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  Section root();
  const Faults& faults() const;

 private:
  struct Parsed;
  explicit Document(std::unique_ptr<Parsed> parsed);
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace jembatan::toml_file
