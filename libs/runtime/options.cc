#include "libs/runtime/options.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <toml++/toml.h>

#include "libs/base/check.h"
#include "libs/base/file.h"
#include "libs/base/overloaded.h"
#include "libs/base/status.h"

namespace jembatan::runtime {
namespace {

// A configuration is a page of text; whatever is longer is another file.
constexpr size_t kConfigBytesMax = size_t{1} << 20;

constexpr char kVersion[] = JEMBATAN_VERSION " (" JEMBATAN_COMMIT ")";

template <typename Number>
struct Bounded {
  Number* value;
  Number lowest;
  Number highest;
};

struct Option {
  using Target = std::variant<std::string*, bool*, Bounded<int>, Bounded<int64_t>, Bounded<double>>;

  std::string name;
  std::string help;
  Target target;
  std::vector<std::string> choices{};  // empty: any text
  bool secret = false;
  std::string default_toml{};
  std::string origin = "default";  // of the current value
};

template <typename Number>
std::string NumberText(Number number) {
  std::array<char, 32> digits;
  auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  return std::string(digits.data(), result.ptr);
}

std::string TomlText(const std::string& text) {
  std::ostringstream out;
  toml::value<std::string> value(text);
  out << toml::toml_formatter(value, toml::format_flags::allow_unicode_strings);
  return out.str();
}

// The current value in TOML.
std::string TomlValue(const Option& option) {
  return std::visit(base::Overloaded{
                        [&](std::string* value) {
                          return option.secret && !value->empty() ? "\"***\"" : TomlText(*value);
                        },
                        [](bool* value) { return std::string(*value ? "true" : "false"); },
                        [](const Bounded<double>& number) {
                          std::string text = NumberText(*number.value);
                          return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
                        },
                        [](const auto& number) { return NumberText(*number.value); },
                    },
                    option.target);
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

template <typename Number>
std::string RangeText(const Bounded<Number>& number) {
  return NumberText(number.lowest) + " to " + NumberText(number.highest);
}

// What --help shows after the flag's name.
std::string Placeholder(const Option& option) {
  return std::visit(
      base::Overloaded{
          [&](std::string*) {
            return option.choices.empty() ? "=TEXT" : "=" + Joined(option.choices, "|");
          },
          [](bool*) { return std::string("[=true|false]"); },
          [](const Bounded<double>& number) { return "=NUMBER (" + RangeText(number) + ")"; },
          [](const auto& number) { return "=INTEGER (" + RangeText(number) + ")"; },
      },
      option.target);
}

// The setters return what is wrong, empty if nothing is.

std::string SetString(const Option& option, std::string* value, std::string text) {
  if (!option.choices.empty() &&
      std::find(option.choices.begin(), option.choices.end(), text) == option.choices.end()) {
    return "must be one of " + Joined(option.choices, ", ");
  }
  *value = std::move(text);
  return "";
}

// From is int64_t or double and holds every Number.
template <typename Number, typename From>
std::string SetNumber(const Bounded<Number>& number, From value) {
  // Written so that a NaN is out of range too.
  bool in_range =
      value >= static_cast<From>(number.lowest) && value <= static_cast<From>(number.highest);
  if (!in_range) return "must be from " + RangeText(number);
  *number.value = static_cast<Number>(value);
  return "";
}

template <typename Number>
std::string SetNumberFromText(const Bounded<Number>& number, const std::string& text) {
  using Wide = std::conditional_t<std::is_same_v<Number, double>, double, int64_t>;
  Wide value = 0;
  const char* end = text.data() + text.size();
  auto result = std::from_chars(text.data(), end, value);
  bool whole = result.ptr == end && result.ec != std::errc::invalid_argument;
  if (!whole) return std::is_same_v<Wide, double> ? "must be a number" : "must be an integer";
  if (result.ec != std::errc()) return "must be from " + RangeText(number);
  return SetNumber(number, value);
}

std::string SetFromText(const Option& option, const std::string& text) {
  return std::visit(base::Overloaded{
                        [&](std::string* value) { return SetString(option, value, text); },
                        [&](bool* value) {
                          if (text != "true" && text != "false") {
                            return std::string("must be true or false");
                          }
                          *value = text == "true";
                          return std::string();
                        },
                        [&](const auto& number) { return SetNumberFromText(number, text); },
                    },
                    option.target);
}

std::string WrongType(const char* expected, const toml::node& node) {
  std::ostringstream found;
  found << node.type();
  return "must be " + std::string(expected) + ", not of type " + found.str();
}

std::string SetFromNode(const Option& option, const toml::node& node) {
  return std::visit(base::Overloaded{
                        [&](std::string* value) {
                          const auto* text = node.as_string();
                          return text != nullptr ? SetString(option, value, text->get())
                                                 : WrongType("a string", node);
                        },
                        [&](bool* value) {
                          const auto* boolean = node.as_boolean();
                          if (boolean == nullptr) return WrongType("true or false", node);
                          *value = boolean->get();
                          return std::string();
                        },
                        [&](const Bounded<double>& number) {
                          // An integer will do: "ratio = 1".
                          std::optional<double> value = node.value<double>();
                          return value && node.is_number() ? SetNumber(number, *value)
                                                           : WrongType("a number", node);
                        },
                        [&](const auto& number) {
                          const auto* integer = node.as_integer();
                          return integer != nullptr ? SetNumber(number, integer->get())
                                                    : WrongType("an integer", node);
                        },
                    },
                    option.target);
}

// Messages and values may hold line ends; an error is one line.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

struct OptionTable::Impl {
  std::string service;
  std::string summary;
  std::vector<Option> options;

  std::string EnvironmentName(const std::string& name) const;
  Option* Find(std::string_view name);
  void Add(Option option);
  std::string Help() const;
  std::string Config() const;

  absl::Status ApplyFile(const std::string& source, const std::string& path);
  absl::Status ApplyTable(const toml::table& table, const std::string& prefix,
                          const std::string& path, std::set<std::string>* seen);
  absl::Status ApplyEnvironment(const std::function<const char*(const char*)>& getenv);

  // The flags as given, in the order of the table; --config is not in it.
  struct Flags {
    std::vector<std::pair<Option*, std::string>> values;
    std::string config;
    bool has_config = false;
  };
  absl::StatusOr<std::vector<std::string>> Split(const std::vector<std::string>& arguments);
  absl::StatusOr<Flags> ReadFlags(const std::vector<std::string>& arguments);
  absl::Status Apply(const std::vector<std::string>& arguments,
                     const std::function<const char*(const char*)>& getenv);
};

std::string OptionTable::Impl::EnvironmentName(const std::string& name) const {
  std::string text = "JEMBATAN_" + service + "_" + name;
  for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return text;
}

Option* OptionTable::Impl::Find(std::string_view name) {
  auto found = std::find_if(options.begin(), options.end(),
                            [&](const Option& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

void OptionTable::Impl::Add(Option option) {
  for (const char* taken : {"config", "help", "version", "print_config"}) {
    JEMB_CHECK(option.name != taken);
  }
  JEMB_CHECK(!option.name.empty() && Find(option.name) == nullptr);
  for (char c : option.name)
    JEMB_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  option.default_toml = TomlValue(option);
  options.push_back(std::move(option));
}

std::string OptionTable::Impl::Help() const {
  std::string text = "jembatan-" + service + ": " + summary + "\n\nUsage: jembatan-" + service +
                     " [--name=value | --name value] ...\n\n" +
                     "A flag goes before its environment variable, that before the TOML file "
                     "(--config), that before the default.\n\n";
  for (const Option& option : options) {
    text += "  --" + option.name + Placeholder(option) + "\n      " + option.help +
            "\n      default " + option.default_toml + ", environment " +
            EnvironmentName(option.name) + "\n";
  }
  text += "  --config=FILE\n      TOML file whose keys are the names above, at top level or in [" +
          service + "]\n      environment " + EnvironmentName("config") +
          "\n  --print_config\n      Prints the configuration as it would be used, then exits" +
          "\n  --version\n      Prints the version, then exits" +
          "\n  --help\n      Prints this, then exits\n";
  return text;
}

std::string OptionTable::Impl::Config() const {
  std::string text;
  for (const Option& option : options) {
    text += option.name + " = " + TomlValue(option) + "  # " + OneLine(option.origin) + "\n";
  }
  return text;
}

absl::Status OptionTable::Impl::ApplyTable(const toml::table& table, const std::string& prefix,
                                           const std::string& path, std::set<std::string>* seen) {
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::string place = path + ":" + NumberText(node.source().begin.line);
    if (prefix.empty() && name == service && node.is_table()) continue;  // comes second
    std::string wrong;
    Option* option = Find(name);
    if (option == nullptr) {
      wrong = "unknown key";
    } else if (!seen->insert(name).second) {
      wrong = "given both at top level and in [" + service + "]";
    } else {
      wrong = SetFromNode(*option, node);
      option->origin = place;
    }
    if (!wrong.empty()) return base::InvalidArgument(place + ": " + prefix + name + ": " + wrong);
  }
  return absl::OkStatus();
}

absl::Status OptionTable::Impl::ApplyFile(const std::string& source, const std::string& path) {
  auto content = base::ReadWholeFile(path, kConfigBytesMax);
  if (!content.ok()) {
    return base::InvalidArgument(source + ": " + std::string(content.status().message()));
  }
  try {
    toml::table table = toml::parse(std::string_view(*content), std::string_view(path));
    std::set<std::string> seen;
    JEMB_RETURN_IF_ERROR(ApplyTable(table, "", path, &seen));
    const toml::table* own = table[service].as_table();
    return own == nullptr ? absl::OkStatus() : ApplyTable(*own, service + ".", path, &seen);
  } catch (const toml::parse_error& error) {
    return base::InvalidArgument(path + ":" + NumberText(error.source().begin.line) + ": " +
                                 std::string(error.description()));
  }
}

absl::Status OptionTable::Impl::ApplyEnvironment(
    const std::function<const char*(const char*)>& getenv) {
  for (Option& option : options) {
    std::string variable = EnvironmentName(option.name);
    const char* text = getenv(variable.c_str());
    if (text == nullptr) continue;
    std::string wrong = SetFromText(option, text);
    if (!wrong.empty()) return base::InvalidArgument(variable + "=" + text + ": " + wrong);
    option.origin = variable;
  }
  return absl::OkStatus();
}

// CLI11 reads "--name= next" as --name with the value "next": hand it an empty value as an argument
// of its own.
absl::StatusOr<std::vector<std::string>> OptionTable::Impl::Split(
    const std::vector<std::string>& arguments) {
  std::vector<std::string> result;
  for (const std::string& argument : arguments) {
    bool empty_value = argument.substr(0, 2) == "--" && argument.find('=') == argument.size() - 1;
    if (!empty_value) {
      result.push_back(argument);
      continue;
    }
    std::string flag = argument.substr(0, argument.size() - 1);
    Option* option = Find(flag.substr(2));
    if (option != nullptr && std::holds_alternative<bool*>(option->target)) {
      return base::InvalidArgument(flag + "=: must be true or false");
    }
    result.push_back(flag);
    result.push_back("");
  }
  return result;
}

absl::StatusOr<OptionTable::Impl::Flags> OptionTable::Impl::ReadFlags(
    const std::vector<std::string>& arguments) {
  JEMB_ASSIGN_OR_RETURN(std::vector<std::string> split, Split(arguments));
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  // CLI11 only takes the arguments apart. Its own conversions and its precedence (file before
  // environment) are not used, nor its errors, which show values.
  auto add = [&app](const std::string& name, bool is_bool) {
    return (is_bool ? app.add_flag("--" + name) : app.add_option("--" + name))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  std::vector<std::pair<Option*, CLI::Option*>> declared;
  for (Option& option : options) {
    declared.emplace_back(&option, add(option.name, std::holds_alternative<bool*>(option.target)));
  }
  declared.emplace_back(nullptr, add("config", false));
  try {
    app.parse(std::vector<std::string>(split.rbegin(), split.rend()));
  } catch (const CLI::Error& error) {
    // "--name: 1 required missing" is the one error left.
    std::string what = error.what();
    return base::InvalidArgument(what.substr(0, what.find(':')) + ": needs a value");
  }
  if (std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    std::string first = extras.front();
    if (first.substr(0, 1) != "-") return base::InvalidArgument("unexpected argument: " + first);
    return base::InvalidArgument(first.substr(0, first.find('=')) +
                                 ": unknown flag; --help lists the known ones");
  }
  Flags flags;
  for (auto& [option, parsed] : declared) {
    const std::vector<std::string>& results = parsed->results();
    if (results.empty()) continue;
    if (results.size() > 1) return base::InvalidArgument(parsed->get_name() + ": given twice");
    if (results[0].substr(0, 2) == "--") {
      return base::InvalidArgument(parsed->get_name() + ": needs a value");
    }
    if (option != nullptr) {
      flags.values.emplace_back(option, results[0]);
    } else {
      flags.config = results[0];
      flags.has_config = true;
    }
  }
  return flags;
}

absl::Status OptionTable::Impl::Apply(const std::vector<std::string>& arguments,
                                      const std::function<const char*(const char*)>& getenv) {
  JEMB_ASSIGN_OR_RETURN(Flags flags, ReadFlags(arguments));
  std::string config_variable = EnvironmentName("config");
  const char* config_environment = getenv(config_variable.c_str());
  if (flags.has_config) {
    JEMB_RETURN_IF_ERROR(ApplyFile("--config", flags.config));
  } else if (config_environment != nullptr) {
    JEMB_RETURN_IF_ERROR(ApplyFile(config_variable, config_environment));
  }
  JEMB_RETURN_IF_ERROR(ApplyEnvironment(getenv));
  for (auto& [option, text] : flags.values) {
    std::string flag = "--" + option->name;
    std::string wrong = SetFromText(*option, text);
    if (!wrong.empty()) return base::InvalidArgument(flag + "=" + text + ": " + wrong);
    option->origin = flag;
  }
  return absl::OkStatus();
}

OptionTable::OptionTable(std::string service, std::string summary)
    : impl_(std::make_unique<Impl>()) {
  impl_->service = std::move(service);
  impl_->summary = std::move(summary);
}

OptionTable::~OptionTable() = default;

void OptionTable::Add(const std::string& name, std::string* value, const std::string& help) {
  impl_->Add({.name = name, .help = help, .target = value});
}

void OptionTable::Add(const std::string& name, int* value, const std::string& help, int lowest,
                      int highest) {
  impl_->Add({.name = name, .help = help, .target = Bounded<int>{value, lowest, highest}});
}

void OptionTable::Add(const std::string& name, int64_t* value, const std::string& help,
                      int64_t lowest, int64_t highest) {
  impl_->Add({.name = name, .help = help, .target = Bounded<int64_t>{value, lowest, highest}});
}

void OptionTable::Add(const std::string& name, double* value, const std::string& help,
                      double lowest, double highest) {
  impl_->Add({.name = name, .help = help, .target = Bounded<double>{value, lowest, highest}});
}

void OptionTable::Add(const std::string& name, bool* value, const std::string& help) {
  impl_->Add({.name = name, .help = help, .target = value});
}

void OptionTable::AddChoice(const std::string& name, std::string* value, const std::string& help,
                            std::vector<std::string> choices) {
  JEMB_CHECK(!choices.empty());
  impl_->Add({.name = name, .help = help, .target = value, .choices = std::move(choices)});
}

void OptionTable::AddSecret(const std::string& name, std::string* value, const std::string& help) {
  impl_->Add({.name = name, .help = help, .target = value, .secret = true});
}

void OptionTable::Parse(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  std::string output;
  absl::Status status =
      TryParse(arguments, [](const char* name) { return std::getenv(name); }, &output);
  if (status.ok()) return;
  bool served = absl::IsCancelled(status);
  std::fputs(output.c_str(), served ? stdout : stderr);
  std::exit(served ? 0 : 2);
}

absl::Status OptionTable::TryParse(const std::vector<std::string>& arguments,
                                   const std::function<const char*(const char*)>& getenv,
                                   std::string* output) {
  std::string program = "jembatan-" + impl_->service;
  auto asks_for = [&](const char* flag) {
    return std::find(arguments.begin(), arguments.end(), flag) != arguments.end();
  };
  output->clear();
  if (asks_for("--help")) {
    *output = impl_->Help();
    return absl::CancelledError();
  }
  if (asks_for("--version")) {
    *output = program + " " + kVersion + "\n";
    return absl::CancelledError();
  }
  std::vector<std::string> rest = arguments;
  bool print_config = std::erase(rest, "--print_config") > 0;
  absl::Status status = impl_->Apply(rest, getenv);
  if (!status.ok()) {
    *output = program + ": " + OneLine(std::string(status.message())) + "\n";
    return status;
  }
  if (!print_config) return absl::OkStatus();
  *output = impl_->Config();
  return absl::CancelledError();
}

absl::Status ParseHostPort(std::string_view text, HostPort* result) {
  auto wrong = [&](const char* what) {
    return base::InvalidArgument("\"" + std::string(text) + "\" is not host:port: " + what);
  };
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("no port");
  std::string_view host = text.substr(0, colon);
  std::string_view port_text = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return wrong("an IPv6 address needs brackets");
  }
  if (host.empty()) return wrong("no host");
  uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  auto parsed = std::from_chars(port_text.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return wrong("the port must be 0 to 65535");
  *result = {std::string(host), port};
  return absl::OkStatus();
}

}  // namespace jembatan::runtime
