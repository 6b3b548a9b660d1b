// buyer-keys create, list, rotate, erase: a marketplace's pseudonym keys by epoch. Gateways read
// the file again by themselves; each must have the new one before a new epoch begins.

#include "libs/identity/buyer_keys.h"

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"

namespace jembatan::ctl {
namespace {

// Digits of a digest that tell keys apart for people.
constexpr size_t kShownDigits = 16;

struct BuyerKeysOptions {
  std::string file;
  int in_s = 3600;
  uint32_t epoch = 0;
};

absl::StatusOr<identity::BuyerKeys> ReadKeys(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string text,
                        base::ReadWholeFile(path, identity::kBuyerKeysBytes));
  absl::StatusOr<identity::BuyerKeys> keys = identity::BuyerKeys::FromText(text);
  if (keys.ok()) return keys;
  return base::FailedPrecondition(path + ": " + std::string(base::Std(keys.status().message())));
}

void ShowEpoch(const identity::BuyerEpoch& epoch, std::ostream& out) {
  out << "epoch " << epoch.number << " from_ms=" << epoch.from_ms << " key "
      << epoch.digest.substr(0, kShownDigits);
  if (!epoch.key) out << " erased_ms=" << epoch.erased_ms;
  out << "\n";
}

absl::Status Create(const BuyerKeysOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(identity::BuyerKey key, identity::BuyerKey::Random());
  const identity::BuyerKeys keys(std::move(key));
  JEMB_RETURN_IF_ERROR(CreateFile(options.file, keys.ToJson(), /*secret=*/true));
  out << options.file << " makes buyers' pseudonyms; destroying a key of it is erasure\n";
  return absl::OkStatus();
}

absl::Status List(const BuyerKeysOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const identity::BuyerKeys keys, ReadKeys(options.file));
  for (const identity::BuyerEpoch& epoch : keys.epochs()) ShowEpoch(epoch, out);
  return absl::OkStatus();
}

absl::Status Rotate(const BuyerKeysOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const identity::BuyerKeys keys, ReadKeys(options.file));
  JEMB_ASSIGN_OR_RETURN(identity::BuyerKey key, identity::BuyerKey::Random());
  const int64_t now_ms = base::WallMs();
  const int64_t from_ms = now_ms + int64_t{options.in_s} * 1000;
  JEMB_ASSIGN_OR_RETURN(const identity::BuyerKeys rotated,
                        keys.Rotated(std::move(key), from_ms, now_ms));
  JEMB_RETURN_IF_ERROR(ReplaceSecret(options.file, rotated.ToJson()));
  ShowEpoch(rotated.epochs().back(), out);
  out << "every gateway must have read " << options.file
      << " before then; buyers link their accounts anew\n";
  return absl::OkStatus();
}

absl::Status Erase(const BuyerKeysOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const identity::BuyerKeys keys, ReadKeys(options.file));
  JEMB_ASSIGN_OR_RETURN(const identity::BuyerKeys erased,
                        keys.Erased(options.epoch, base::WallMs()));
  JEMB_RETURN_IF_ERROR(ReplaceSecret(options.file, erased.ToJson()));
  ShowEpoch(erased.epochs()[options.epoch - 1], out);
  out << "every copy of the file must be replaced by this one, backups included\n";
  return absl::OkStatus();
}

using Action = absl::Status (*)(const BuyerKeysOptions&, std::ostream&);

CLI::App* AddAction(CLI::App& keys, Chosen* chosen,
                    const std::shared_ptr<BuyerKeysOptions>& options, const std::string& name,
                    const std::string& help, Action action) {
  CLI::App* command = keys.add_subcommand(name, help);
  command->add_option("--file", options->file, "The key file")->required();
  command->callback([options, chosen, action] {
    chosen->run = [options, action](std::ostream& out) { return action(*options, out); };
  });
  return command;
}

}  // namespace

void AddBuyerKeysCommands(CLI::App& app, Chosen* chosen) {
  auto options = std::make_shared<BuyerKeysOptions>();
  CLI::App* keys = app.add_subcommand("buyer-keys", "A marketplace's pseudonym keys by epoch");
  keys->require_subcommand(1);
  AddAction(*keys, chosen, options, "create", "Make a file with a first key", &Create);
  AddAction(*keys, chosen, options, "list", "Tell the epochs, never the keys", &List);
  AddAction(*keys, chosen, options, "rotate", "Add a key whose epoch begins later", &Rotate)
      ->add_option(Flag("in_s"), options->in_s, "Seconds until it begins, 600 or more")
      ->capture_default_str()
      ->check(CLI::Range(0, 366 * 24 * 3600));
  AddAction(*keys, chosen, options, "erase", "Destroy the key of a past epoch for good", &Erase)
      ->add_option("--epoch", options->epoch, "Its number")
      ->required();
}

}  // namespace jembatan::ctl
