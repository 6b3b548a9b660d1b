// evidence, evidence subject, verify: bundles that prove what happened, and whether one does.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/verify.h"
#include "libs/ledger/hash.h"
#include "libs/policy/limits.h"
#include "libs/policy/parse.h"
#include "services/ctl/cluster_flags.h"
#include "services/ctl/command.h"
#include "services/ctl/files.h"
#include "services/ctl/sealed_window.h"
#include "services/ctl/times.h"

namespace jembatan::ctl {
namespace {

struct EvidenceOptions {
  SealedSource source;
  std::string key;
  std::string from;
  std::string to;
  std::string out;
  std::vector<std::string> policies;
  std::string url_hosts;
  std::string goods_keys;
  std::string operator_keys;
  uint64_t operators_needed = 2;
  std::string buyer_ref;
};

struct VerifyOptions {
  std::string file;
  std::string key;
  std::string key_hash;
  int examples = 5;
};

std::string Sha256Hex(std::string_view bytes) {
  ledger::Hasher hasher;
  return base::Hex(ledger::BytesOf(hasher.Sha256({bytes})));
}

absl::StatusOr<ledger::NoteVerifier> ReadKey(const std::string& path) {
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kFileBytes));
  std::string_view key = text;
  while (key.ends_with('\n')) key.remove_suffix(1);
  absl::StatusOr<ledger::NoteVerifier> verifier = ledger::NoteVerifier::Parse(key);
  if (verifier.ok()) return verifier;
  return base::InvalidArgument(path + ": " + std::string(base::Std(verifier.status().message())));
}

// Both ends of the time asked for; without --to as far as the ledger is sealed.
absl::Status ReadWindow(const EvidenceOptions& options, evidence::Scope* scope) {
  if (!options.from.empty()) {
    JEMB_ASSIGN_OR_RETURN(scope->from_ms, InstantMs("--from", options.from));
  }
  if (!options.to.empty()) {
    JEMB_ASSIGN_OR_RETURN(scope->to_ms, InstantMs("--to", options.to));
  } else {
    JEMB_ASSIGN_OR_RETURN(const auto ledger, ledger_store::Reader::Open(options.source.ledger));
    JEMB_ASSIGN_OR_RETURN(const ledger_store::SealRow last, ledger->LastSeal());
    scope->to_ms = last.time_ms;
  }
  if (scope->to_ms > scope->from_ms) return absl::OkStatus();
  return base::InvalidArgument("--to is not after --from");
}

absl::Status AddPolicies(const std::vector<std::string>& paths, evidence::Files* files) {
  for (const std::string& path : paths) {
    JEMB_ASSIGN_OR_RETURN(std::string text, base::ReadWholeFile(path, policy::kFileBytes));
    JEMB_ASSIGN_OR_RETURN(const policy::Policy policy, policy::ParsePolicy(path, text));
    (*files)[std::string(evidence::kPoliciesFolder) + base::Hex(policy.version) + ".toml"] =
        std::move(text);
  }
  return absl::OkStatus();
}

// Makes the bundle of what was collected, writes it, and tells what the recipient has to know.
absl::Status Write(const EvidenceOptions& options, const evidence::Scope& scope,
                   const ledger::NoteVerifier& auditor, evidence::Files files, std::ostream& out) {
  JEMB_RETURN_IF_ERROR(evidence::Complete(scope, auditor, &files));
  JEMB_ASSIGN_OR_RETURN(const std::string bytes, evidence::Pack(files));
  JEMB_RETURN_IF_ERROR(CreateFile(options.out, bytes, /*secret=*/false));
  out << "file    " << options.out << ", " << bytes.size() << " bytes, SHA-256 " << Sha256Hex(bytes)
      << "\n"
      << "key     " << auditor.text() << "\n"
      << "verify  jembatan-ctl verify " << options.out
      << " --key_hash=" << Sha256Hex(auditor.text()) << "\n";
  return absl::OkStatus();
}

absl::StatusOr<ledger::NoteVerifier> AuditorKey(const EvidenceOptions& options) {
  return ReadKey(options.key.empty() ? options.source.ledger + "/verifier" : options.key);
}

absl::Status WriteWindow(const EvidenceOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const ledger::NoteVerifier auditor, AuditorKey(options));
  evidence::Scope scope{.auditor = auditor.text(), .hosts = base::SplitList(options.url_hosts)};
  JEMB_RETURN_IF_ERROR(ReadWindow(options, &scope));
  std::sort(scope.hosts.begin(), scope.hosts.end());
  scope.hosts.erase(std::unique(scope.hosts.begin(), scope.hosts.end()), scope.hosts.end());
  evidence::Files files;
  JEMB_RETURN_IF_ERROR(AddPolicies(options.policies, &files));
  if (!options.goods_keys.empty()) {
    JEMB_ASSIGN_OR_RETURN(files[std::string(evidence::kGoodsKeysName)],
                          base::ReadWholeFile(options.goods_keys, kFileBytes));
  }
  if (!options.operator_keys.empty()) {
    scope.operators_needed = options.operators_needed;
    JEMB_ASSIGN_OR_RETURN(files[std::string(evidence::kOperatorsName)],
                          base::ReadWholeFile(options.operator_keys, kFileBytes));
  }
  JEMB_RETURN_IF_ERROR(CollectWindow(options.source, scope, &files));
  return Write(options, scope, auditor, std::move(files), out);
}

absl::Status WriteSubject(const EvidenceOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const ledger::NoteVerifier auditor, AuditorKey(options));
  evidence::Scope scope{.auditor = auditor.text()};
  JEMB_ASSIGN_OR_RETURN(scope.subject, evidence::ParseBuyerRef(options.buyer_ref));
  JEMB_RETURN_IF_ERROR(ReadWindow(options, &scope));
  evidence::Files files;
  JEMB_RETURN_IF_ERROR(CollectSubject(options.source, scope, &files));
  return Write(options, scope, auditor, std::move(files), out);
}

const char* Word(evidence::Verdict verdict) {
  switch (verdict) {
    case evidence::Verdict::kHeld:
      return "PASS";
    case evidence::Verdict::kBroken:
      return "FAIL";
    case evidence::Verdict::kNotJudged:
      return "----";
  }
  return "";
}

void Tell(const evidence::Verified& verified, int examples, std::ostream& out) {
  for (size_t i = 0; i < evidence::kArticles; ++i) {
    const auto article = static_cast<evidence::Article>(i);
    const evidence::Judgement& judgement = verified.judgements[article];
    char line[128];
    std::snprintf(line, sizeof line, "%s  %-32s looked at %llu, broken %llu",
                  Word(judgement.verdict()), std::string(NameOf(article)).c_str(),
                  static_cast<unsigned long long>(judgement.judged),
                  static_cast<unsigned long long>(judgement.broken));
    out << line << "\n";
    int told = 0;
    for (const evidence::Fault& fault : judgement.faults) {
      if (told++ == examples) break;
      out << "      " << fault.place << ": " << fault.what << "\n";
    }
  }
}

absl::StatusOr<std::optional<ledger::NoteVerifier>> TrustedKey(const VerifyOptions& options) {
  if (options.key.empty()) return std::optional<ledger::NoteVerifier>();
  JEMB_ASSIGN_OR_RETURN(ledger::NoteVerifier key, ReadKey(options.key));
  return std::optional<ledger::NoteVerifier>(std::move(key));
}

absl::Status Verify(const VerifyOptions& options, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(const auto key, TrustedKey(options));
  JEMB_ASSIGN_OR_RETURN(const std::string bytes,
                        base::ReadWholeFile(options.file, evidence::kBundleBytesMax));
  absl::StatusOr<evidence::Verified> opened = evidence::Verify(bytes, key);
  // One byte may be enough for that: it is as broken as any other bundle.
  if (!opened.ok())
    return base::FailedPrecondition(std::string(base::Std(opened.status().message())));
  evidence::Verified& verified = *opened;
  const std::string hash = Sha256Hex(verified.auditor);
  if (!options.key_hash.empty() && options.key_hash != hash) {
    verified.judgements.Fail(evidence::Article::kLedger,
                             {"manifest.txt", "the auditor's key has the hash " + hash});
  }
  Tell(verified, options.examples, out);
  if (options.key.empty() && options.key_hash.empty()) {
    out << "the auditor's key was taken from the bundle: compare it with the published one\n"
        << "  " << verified.auditor << "\n  SHA-256 " << hash << "\n";
  }
  uint64_t counts[3] = {};
  for (size_t i = 0; i < evidence::kArticles; ++i) {
    const auto verdict = verified.judgements[static_cast<evidence::Article>(i)].verdict();
    ++counts[static_cast<size_t>(verdict)];
  }
  out << "verify: records=" << verified.records << " seals=" << verified.checkpoint_size
      << " passed=" << counts[0] << " failed=" << counts[1] << " not_judged=" << counts[2] << "\n";
  if (verified.judgements.held()) return absl::OkStatus();
  return base::FailedPrecondition("the bundle does not hold");
}

// One of the two, once what both need is there.
absl::Status Run(const EvidenceOptions& options,
                 absl::Status (*write)(const EvidenceOptions&, std::ostream&), std::ostream& out) {
  if (options.source.ledger.empty()) return base::InvalidArgument("--ledger is required");
  if (options.out.empty()) return base::InvalidArgument("--out is required");
  return write(options, out);
}

void AddSourceFlags(CLI::App* command, const std::shared_ptr<EvidenceOptions>& options) {
  AddCluster(command, &options->source.cluster);
  command
      ->add_option(Flag("timeout_ms"), options->source.timeout_ms,
                   "How long the cluster may be silent")
      ->capture_default_str()
      ->check(CLI::Range(1, 600'000));
  command->add_option("--ledger", options->source.ledger, "Folder of the auditor's ledger");
  command->add_option("--key", options->key,
                      "File of the auditor's public key; default: verifier in the folder");
  command->add_option("--from", options->from,
                      "Appended then or later, RFC 3339; default: from the beginning");
  command->add_option("--to", options->to,
                      "Appended before then; default: as far as the ledger is sealed");
  command->add_option("--out", options->out, "The ZIP file to make");
}

void AddEvidence(CLI::App& app, Chosen* chosen) {
  auto options = std::make_shared<EvidenceOptions>();
  CLI::App* command =
      app.add_subcommand("evidence", "Write a bundle that proves what happened in a time");
  AddSourceFlags(command, options);
  command->add_option(
      "--policy", options->policies,
      "Policy file that was in force in that time and no control has ordered; once for each");
  command->add_option(
      Flag("url_hosts"), options->url_hosts,
      "The marketplace's registered hosts, comma-separated, as the bridge has them");
  command->add_option(Flag("goods_keys"), options->goods_keys,
                      "Keys by which marketplaces attest goods, as the bridge has them");
  command->add_option(Flag("operator_keys"), options->operator_keys,
                      "JWKS file of who may sign controls, as the services have it");
  command
      ->add_option(Flag("operators_needed"), options->operators_needed,
                   "Operators who must sign a control")
      ->capture_default_str()
      ->check(CLI::Range(1, 5));
  CLI::App* subject = command->add_subcommand(
      "subject", "Instead, the records of one buyer with the proofs that they were sealed");
  subject->fallthrough();
  subject->add_option(Flag("buyer_ref"), options->buyer_ref, "The buyer's pseudonym, hexadecimal")
      ->required();
  command->callback([subject, options, chosen] {
    const auto write = subject->parsed() ? &WriteSubject : &WriteWindow;
    chosen->run = [options, write](std::ostream& out) { return Run(*options, write, out); };
  });
}

}  // namespace

void AddEvidenceCommands(CLI::App& app, Chosen* chosen) {
  AddEvidence(app, chosen);
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand(
      "verify", "Check a bundle against its seals, offline; exit status 0 only if it holds");
  command->add_option("file", options->file, "The bundle")->required();
  CLI::Option* key =
      command->add_option("--key", options->key, "File of the auditor's public key, as published");
  command->add_option(Flag("key_hash"), options->key_hash, "Or that key's SHA-256, hexadecimal")
      ->excludes(key);
  command->add_option("--examples", options->examples, "Faults told of each article")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Verify(*options, out); };
  });
}

}  // namespace jembatan::ctl
