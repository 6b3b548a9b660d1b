// data-sharing: the annex to a data-sharing agreement, from the contracts this program was built
// with.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/separation/annex.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {

void AddDataSharingCommand(CLI::App& app, Chosen* chosen) {
  auto language = std::make_shared<std::string>("both");
  CLI::App* command =
      app.add_subcommand("data-sharing", "Print which fields cross, how far, what for (Markdown)");
  command->add_option("--language", *language, "Language of the annex")
      ->capture_default_str()
      ->check(CLI::IsMember({"both", "id", "en"}));
  command->callback([language, chosen] {
    chosen->run = [language](std::ostream& out) {
      if (*language == "both") {
        out << separation::AnnexFile();
      } else {
        out << separation::Annex(*language == "id" ? separation::Language::kIndonesian
                                                   : separation::Language::kEnglish);
      }
      return absl::OkStatus();
    };
  });
}

}  // namespace jembatan::ctl
