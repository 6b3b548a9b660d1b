#pragma once

// Permalinks: links that one side signs and the other opens, until they expire: the bridge makes
// them, the marketplace's page reads them. What a link carries is bytes to this code. Pure; any
// thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/identity/token.h"

namespace jembatan::identity {

// A payload's and a link's bound; a browser's address line takes more.
inline constexpr size_t kPermalinkPayloadBytes = 1024;

// "PAGE/PAYLOAD?e=SECONDS&k=KID&s=SIGNATURE"; page without a slash at its end. INVALID_ARGUMENT for
// a payload that is empty or too long.
absl::StatusOr<std::string> MakePermalink(std::string_view page, std::string_view payload,
                                          int64_t expires_ms, const Signer& signer);

struct Permalink {
  std::string payload;
  int64_t expires_ms = 0;
};
// path_end: what follows "PAGE/", without the "?"; query: what follows the "?"; parameters that
// somebody appended are passed over. UNAUTHENTICATED when the signature is not good,
// DEADLINE_EXCEEDED when it is and the link has expired.
absl::StatusOr<Permalink> ReadPermalink(std::string_view path_end, std::string_view query,
                                        const KeySet& keys, int64_t now_ms);

}  // namespace jembatan::identity
