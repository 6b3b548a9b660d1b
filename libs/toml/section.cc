#include "libs/toml/section.h"

#include <optional>
#include <utility>

#include <toml++/toml.h>

#include "libs/base/status.h"

namespace jembatan::toml_file {
namespace {

constexpr int64_t kDayMs = 86'400'000;

// Days since 1970-01-01 of the proleptic Gregorian calendar.
int64_t DaysOf(const toml::date& date) {
  int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

int64_t MsOf(const toml::date_time& when) {
  const toml::time& time = when.time;
  int64_t seconds =
      (int64_t{time.hour} * 60 + time.minute - when.offset->minutes) * 60 + time.second;
  return DaysOf(when.date) * kDayMs + seconds * 1000 + time.nanosecond / 1'000'000;
}

const toml::table& In(const Section::Table* table) {
  return *reinterpret_cast<const toml::table*>(table);
}
const Section::Table* Opaque(const toml::table& table) {
  return reinterpret_cast<const Section::Table*>(&table);
}

int LineOf(const toml::source_position& place) { return static_cast<int>(place.line); }

}  // namespace

void Faults::Add(int line, const std::string& reason) {
  if (!status_.ok()) return;
  status_ = base::InvalidArgument(name_ + ":" + std::to_string(line) + ": " + reason);
}

int Section::line() const { return LineOf(In(table_).source().begin); }

void Section::Fault(std::string_view key, const std::string& reason) {
  const toml::node* node = In(table_).get(key);
  const int at = node == nullptr ? line() : LineOf(node->source().begin);
  faults_->Add(at, std::string(key) + ": " + reason);
}

bool Section::Has(std::string_view key) const { return In(table_).contains(key); }

namespace {

// A key that must be there.
const toml::node* Find(const toml::table& table, std::string_view key, Section& section) {
  const toml::node* node = table.get(key);
  if (node == nullptr) section.faults().Add(section.line(), std::string(key) + " is missing");
  return node;
}

}  // namespace

std::string Section::Text(std::string_view key) {
  asked_.emplace(key);
  const toml::node* node = Find(In(table_), key, *this);
  if (node == nullptr) return {};
  std::optional<std::string> text = node->value_exact<std::string>();
  if (!text) Fault(key, "must be a text");
  return text.value_or("");
}

std::string Section::Text(std::string_view key, Good good, const char* must) {
  std::string text = Text(key);
  if (!faults_->any() && !good(text)) Fault(key, must);
  return text;
}

int64_t Section::Number(std::string_view key, int64_t least, int64_t most) {
  asked_.emplace(key);
  const toml::node* node = Find(In(table_), key, *this);
  if (node == nullptr) return least;
  std::optional<int64_t> number = node->value_exact<int64_t>();
  if (!number || *number < least || *number > most) {
    Fault(key,
          "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number.value_or(least);
}

bool Section::Flag(std::string_view key) {
  asked_.emplace(key);
  const toml::node* node = Find(In(table_), key, *this);
  if (node == nullptr) return false;
  std::optional<bool> flag = node->value_exact<bool>();
  if (!flag) Fault(key, "must be true or false");
  return flag.value_or(false);
}

int64_t Section::Instant(std::string_view key) {
  asked_.emplace(key);
  const toml::node* node = Find(In(table_), key, *this);
  if (node == nullptr) return 0;
  std::optional<toml::date_time> when = node->value_exact<toml::date_time>();
  if (when && when->offset) return MsOf(*when);
  Fault(key, "must be a date and time with its offset, like 2023-09-26T00:00:00+07:00");
  return 0;
}

std::vector<std::string> Section::List(std::string_view key, Good good, const char* must) {
  asked_.emplace(key);
  std::vector<std::string> texts;
  const toml::node* node = Find(In(table_), key, *this);
  if (node == nullptr) return texts;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    Fault(key, "must be a list");
    return texts;
  }
  if (array->size() > kListMax) Fault(key, "has more than " + std::to_string(kListMax));
  std::set<std::string> seen;
  for (const toml::node& entry : *array) {
    std::optional<std::string> text = entry.value_exact<std::string>();
    const std::string where = std::string(key) + ": ";
    if (!text || !good(*text)) {
      faults_->Add(LineOf(entry.source().begin), where + must);
    } else if (!seen.insert(*text).second) {
      faults_->Add(LineOf(entry.source().begin), where + "\"" + *text + "\" is given twice");
    }
    if (faults_->any()) return {};
  }
  texts.assign(seen.begin(), seen.end());
  return texts;
}

void Section::Each(std::string_view key, size_t most, const std::function<void(Section&)>& read) {
  asked_.emplace(key);
  const toml::node* node = In(table_).get(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    return Fault(key, "must be tables, each under [[" + std::string(key) + "]]");
  }
  if (array->size() > most) return Fault(key, "more than " + std::to_string(most));
  for (const toml::node& table : *array) {
    if (faults_->any()) return;
    Section section(Opaque(*table.as_table()), faults_);
    read(section);
  }
}

void Section::Done() {
  for (const auto& [key, node] : In(table_)) {
    if (asked_.contains(std::string_view(key.str()))) continue;
    faults_->Add(LineOf(key.source().begin), "unknown key \"" + std::string(key.str()) + "\"");
  }
}

struct Document::Parsed {
  toml::table table;
  Faults faults;
};

Document::Document(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

absl::StatusOr<Document> Document::Parse(const std::string& name, std::string_view text,
                                         size_t bytes_max) {
  if (text.size() > bytes_max) {
    return base::InvalidArgument(name + ":1: longer than " + std::to_string(bytes_max) + " bytes");
  }
  try {
    return Document(std::make_unique<Parsed>(Parsed{toml::parse(text, name), Faults(name)}));
  } catch (const toml::parse_error& error) {
    return base::InvalidArgument(name + ":" + std::to_string(error.source().begin.line) + ": " +
                                 std::string(error.description()));
  }
}

Section Document::root() { return Section(Opaque(parsed_->table), &parsed_->faults); }
const Faults& Document::faults() const { return parsed_->faults; }

}  // namespace jembatan::toml_file
