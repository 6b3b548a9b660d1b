#include "libs/identity/permalink.h"

#include <algorithm>
#include <charconv>

#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::identity {
namespace {

// Seconds of any year up to 9999.
constexpr int64_t kSecondsMax = 253'402'300'799;

std::string StatementOf(std::string_view payload, int64_t expires_s) {
  return "jembatan-link-v1:" + std::to_string(expires_s) + ":" + std::string(payload);
}

// The first of that name; empty: none.
std::string_view Parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace

absl::StatusOr<std::string> MakePermalink(std::string_view page, std::string_view payload,
                                          int64_t expires_ms, const Signer& signer) {
  if (payload.empty() || payload.size() > kPermalinkPayloadBytes) {
    return base::InvalidArgument("a permalink carries 1 to 1024 bytes");
  }
  const int64_t expires_s = expires_ms / 1000;
  JEMB_ASSIGN_OR_RETURN(const std::string signature,
                        signer.SignStatement(StatementOf(payload, expires_s)));
  std::string link(page);
  link += "/" + base::Base64UrlEncode(payload) + "?e=" + std::to_string(expires_s);
  link += "&k=" + signer.kid() + "&s=" + base::Base64UrlEncode(signature);
  return link;
}

absl::StatusOr<Permalink> ReadPermalink(std::string_view path_end, std::string_view query,
                                        const KeySet& keys, int64_t now_ms) {
  const std::string_view expires = Parameter(query, "e");
  int64_t expires_s = -1;
  const auto [end, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), expires_s);
  Permalink link;
  std::string signature;
  const bool read = error == std::errc() && end == expires.data() + expires.size() &&
                    expires_s >= 0 && expires_s <= kSecondsMax &&
                    path_end.size() <= 2 * kPermalinkPayloadBytes &&
                    base::Base64UrlDecode(path_end, &link.payload) &&
                    base::Base64UrlDecode(Parameter(query, "s"), &signature);
  if (!read || !keys.VerifyStatement(Parameter(query, "k"), StatementOf(link.payload, expires_s),
                                     signature)) {
    return base::Unauthenticated("not a link of ours");
  }
  link.expires_ms = expires_s * 1000;
  if (now_ms >= link.expires_ms) return absl::DeadlineExceededError("the link has expired");
  return link;
}

}  // namespace jembatan::identity
