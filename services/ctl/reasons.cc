// reasons: why an intent can be refused, rejected or handed off, and what viewers are told then.

#include "services/ctl/reasons.h"

#include <memory>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <google/protobuf/descriptor.h>

#include "libs/base/json_line.h"
#include "libs/intent/reasons.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

using intent::ReasonClass;

std::string_view ClassName(ReasonClass reason_class) {
  switch (reason_class) {
    case ReasonClass::kRequest:
      return "request";
    case ReasonClass::kPolicy:
      return "policy";
    case ReasonClass::kSale:
      return "sale";
    case ReasonClass::kStock:
      return "stock";
    case ReasonClass::kBuyer:
      return "buyer";
    case ReasonClass::kCapacity:
      return "capacity";
  }
  return "";
}

std::vector<const intent::ReasonInfo*> AllReasons() {
  std::vector<const intent::ReasonInfo*> all;
  const auto* numbers = intake::v1::Reason_descriptor();
  for (int i = 0; i < numbers->value_count(); ++i) {
    const auto reason = static_cast<intake::v1::Reason>(numbers->value(i)->number());
    if (reason != intake::v1::REASON_UNSPECIFIED) all.push_back(&intent::Info(reason));
  }
  return all;
}

}  // namespace

std::string ReasonsMarkdown() {
  std::string text =
      "<!-- Written by jembatan-ctl reasons; do not edit. -->\n\n"
      "# Reasons\n\n"
      "Why an intent is refused (receipt), rejected or handed off (outcome). *Again* says whether "
      "a "
      "resend of the same id and body can succeed. The words are for viewers.\n\n"
      "| Number | Reason | Class | Again | Indonesian | English |\n"
      "|---|---|---|---|---|---|\n";
  for (const intent::ReasonInfo* info : AllReasons()) {
    text.append("| ").append(std::to_string(info->reason)).append(" | `").append(info->name);
    text.append("` | ").append(ClassName(info->reason_class));
    text.append(info->retryable ? " | yes | " : " | no | ");
    text.append(info->id_id).append(" | ").append(info->en).append(" |\n");
  }
  return text;
}

std::string ReasonsJsonLines() {
  std::string lines;
  for (const intent::ReasonInfo* info : AllReasons()) {
    base::JsonLine line;
    line.Add("number", int64_t{info->reason});
    line.Add("name", info->name);
    line.Add("class", ClassName(info->reason_class));
    line.Add("retryable", int64_t{info->retryable});
    line.Add("id", info->id_id);
    line.Add("en", info->en);
    lines += std::move(line).Finish();
  }
  return lines;
}

void AddReasonsCommand(CLI::App& app, Chosen* chosen) {
  auto format = std::make_shared<std::string>("markdown");
  CLI::App* command =
      app.add_subcommand("reasons", "Print all reasons and what viewers are told of them");
  command->add_option("--format", *format, "For people or for programs")
      ->capture_default_str()
      ->check(CLI::IsMember({"markdown", "json"}));
  command->callback([format, chosen] {
    chosen->run = [format](std::ostream& out) {
      out << (*format == "json" ? ReasonsJsonLines() : ReasonsMarkdown());
      return absl::OkStatus();
    };
  });
}

}  // namespace jembatan::ctl
