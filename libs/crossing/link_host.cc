#include "libs/crossing/link_host.h"

namespace jembatan::crossing {

std::string_view LinkHost(std::string_view url) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    // What stands before an @ would only disguise the host.
    return authority.find('@') == std::string_view::npos ? authority : std::string_view();
  }
  return {};
}

}  // namespace jembatan::crossing
