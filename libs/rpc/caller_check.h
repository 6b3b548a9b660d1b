#pragma once

// CallerCheck: of those whose certificate the authority signed, who may call: a list of names, and
// a list of what the authority has revoked. Judged once a connection, when it is made; one that is
// open already stays until it ends.
//
// Immutable; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace jembatan::rpc {

struct Callers {
  // Names of certificates: DNS names and URIs, or the common name of one that has neither. Each
  // must match whole. Empty: everybody whom the authority signed.
  std::vector<std::string> names;
  // PEM file of the authority's revocation list, read anew for every connection, so that what is
  // revoked needs no restart. Unreadable, outdated or not the authority's: nobody gets in. Empty:
  // nothing is revoked.
  std::string revoked;

  bool Everybody() const { return names.empty() && revoked.empty(); }
};

// What a caller's certificate says of it.
struct CallerNames {
  std::vector<std::string> names;
  std::string common_name;
};

class CallerCheck {
 public:
  // ca: the authority's certificate, PEM.
  CallerCheck(Callers callers, std::string ca);

  // Whether the revocation list can be used.
  absl::Status CheckList() const;
  // OK, or why the caller is not let in. certificate: PEM.
  absl::Status Check(const CallerNames& caller, std::string_view certificate) const;

 private:
  absl::Status CheckName(const CallerNames& caller) const;
  absl::Status CheckRevoked(std::string_view certificate) const;

  const Callers callers_;
  const std::string ca_;
};

}  // namespace jembatan::rpc
