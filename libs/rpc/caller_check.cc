#include "libs/rpc/caller_check.h"

#include <algorithm>
#include <utility>

#include <openssl/x509.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/rpc/pem.h"

namespace jembatan::rpc {
namespace {

absl::Status Refused(const std::string& why) { return absl::PermissionDeniedError(why); }

// Reads the list and holds it to the authority.
absl::Status ReadList(const std::string& path, const std::string& ca, RevocationList* list) {
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, kPemBytesMax));
  *list = ParseRevocationList(text);
  if (*list == nullptr) return base::InvalidArgument(path + " holds no revocation list");
  const Certificate authority = ParseCertificate(ca);
  if (authority == nullptr ||
      X509_CRL_verify(list->get(), X509_get0_pubkey(authority.get())) != 1) {
    return base::InvalidArgument(path + " is not signed by the authority of callers");
  }
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list->get());
  if (next != nullptr && X509_cmp_current_time(next) < 0) {
    return base::InvalidArgument(path + " is outdated");
  }
  return absl::OkStatus();
}

}  // namespace

CallerCheck::CallerCheck(Callers callers, std::string ca)
    : callers_(std::move(callers)), ca_(std::move(ca)) {}

absl::Status CallerCheck::CheckList() const {
  if (callers_.revoked.empty()) return absl::OkStatus();
  RevocationList list(nullptr, &X509_CRL_free);
  return ReadList(callers_.revoked, ca_, &list);
}

absl::Status CallerCheck::Check(const CallerNames& caller, std::string_view certificate) const {
  JEMB_RETURN_IF_ERROR(CheckName(caller));
  return CheckRevoked(certificate);
}

absl::Status CallerCheck::CheckName(const CallerNames& caller) const {
  if (callers_.names.empty()) return absl::OkStatus();
  std::vector<std::string> names = caller.names;
  if (names.empty()) names.push_back(caller.common_name);
  for (const std::string& name : names) {
    if (std::ranges::find(callers_.names, name) != callers_.names.end()) return absl::OkStatus();
  }
  return Refused("no name of the certificate is on the list: " + names.front());
}

absl::Status CallerCheck::CheckRevoked(std::string_view certificate) const {
  if (callers_.revoked.empty()) return absl::OkStatus();
  RevocationList list(nullptr, &X509_CRL_free);
  JEMB_RETURN_IF_ERROR(ReadList(callers_.revoked, ca_, &list));
  const Certificate caller = ParseCertificate(certificate);
  if (caller == nullptr) return Refused("the certificate cannot be read");
  // The list tells nothing of what another authority below the same root signed.
  if (X509_NAME_cmp(X509_get_issuer_name(caller.get()), X509_CRL_get_issuer(list.get())) != 0) {
    return Refused("the certificate is of another authority than the revocation list");
  }
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_cert(list.get(), &entry, caller.get()) != 0) {
    return Refused("the certificate is revoked");
  }
  return absl::OkStatus();
}

}  // namespace jembatan::rpc
