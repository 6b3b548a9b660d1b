// token, token keygen: keys and tokens for development and tests. A production app
// issues its own tokens.

#include "services/ctl/token.h"

#include <memory>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/identity/token.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"

namespace jembatan::ctl {
namespace {

struct KeygenOptions {
  std::string algorithm = "eddsa";
  std::string kid = "dev";
  std::string key;
  std::string jwks;
};

absl::Status MakeKeys(const KeygenOptions& options, std::ostream& out) {
  const auto algorithm =
      options.algorithm == "eddsa" ? identity::Algorithm::kEdDsa : identity::Algorithm::kEs256;
  JEMB_ASSIGN_OR_RETURN(identity::Signer signer,
                        identity::Signer::Generate(algorithm, options.kid));
  JEMB_RETURN_IF_ERROR(CreateFile(options.key, signer.private_pem(), /*secret=*/true));
  absl::Status status = CreateFile(options.jwks, signer.jwks() + "\n", /*secret=*/false);
  // A key whose public half is nowhere is of no use.
  if (!status.ok()) unlink(options.key.c_str());
  if (status.ok()) out << options.key << " signs, " << options.jwks << " verifies\n";
  return status;
}

void AddKeygen(CLI::App* token, Chosen* chosen) {
  auto options = std::make_shared<KeygenOptions>();
  CLI::App* keygen = token->add_subcommand("keygen", "Make a key pair for development");
  keygen->add_option("--algorithm", options->algorithm, "Signature")
      ->capture_default_str()
      ->check(CLI::IsMember({"eddsa", "es256"}));
  keygen->add_option("--kid", options->kid, "Key id")->capture_default_str();
  keygen->add_option("--key", options->key, "File for the private key (PEM)")->required();
  keygen->add_option("--jwks", options->jwks, "File for the public key (JWKS)")->required();
  keygen->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return MakeKeys(*options, out); };
  });
}

}  // namespace

void TokenFlags::AddTo(CLI::App& command) {
  command.add_option("--key", key, "PEM file of the signing key");
  command.add_option("--kid", kid, "Its key id")->capture_default_str();
  command.add_option("--viewer", viewer, "Viewer the token speaks for");
  command.add_option("--region", region, "The viewer's region")->capture_default_str();
  command.add_option("--consent", consent, "Whether the viewer agreed to shopping")
      ->capture_default_str();
  command.add_option(Flag("consent_version"), consent_version, "To which text")
      ->capture_default_str();
  command.add_flag(Flag("manages_rooms"), manages_rooms,
                   "Of an app's back end that opens rooms and pins offers; --viewer is its name");
  command.add_option(Flag("ttl_s"), ttl_s, "Seconds until the token ends")
      ->capture_default_str()
      ->check(CLI::Range(1, 31 * 24 * 3600));
  command.add_option("--issuer", issuer, "Issuer")->capture_default_str();
  command.add_option("--audience", audience, "Audience")->capture_default_str();
}

absl::StatusOr<std::string> TokenFlags::Make() const {
  if (key.empty()) return base::InvalidArgument("--key is required");
  if (viewer.empty()) return base::InvalidArgument("--viewer is required");
  JEMB_ASSIGN_OR_RETURN(std::string pem, base::ReadWholeFile(key, kFileBytes));
  absl::StatusOr<identity::Signer> signer = identity::Signer::FromPem(pem, kid);
  if (!signer.ok()) {
    return base::FailedPrecondition(key + ": " + std::string(base::Std(signer.status().message())));
  }
  const int64_t now = base::WallMs();
  identity::Viewer claims;
  claims.id = viewer;
  claims.manages_rooms = manages_rooms;
  // A back end buys nothing.
  if (!manages_rooms) {
    claims.region = region;
    claims.shop_consent = consent;
    if (consent) claims.consent_version = consent_version;
  }
  claims.expires_ms = now + int64_t{ttl_s} * 1000;
  return signer->Sign(claims, issuer, audience, now);
}

void AddTokenCommands(CLI::App& app, Chosen* chosen) {
  auto flags = std::make_shared<TokenFlags>();
  CLI::App* token = app.add_subcommand("token", "Print a viewer's bearer token");
  flags->AddTo(*token);
  token->callback([flags, chosen, token] {
    // keygen has chosen already.
    if (!token->get_subcommands().empty()) return;
    chosen->run = [flags](std::ostream& out) {
      JEMB_ASSIGN_OR_RETURN(std::string text, flags->Make());
      out << text << "\n";
      return absl::OkStatus();
    };
  });
  AddKeygen(token, chosen);
}

}  // namespace jembatan::ctl
