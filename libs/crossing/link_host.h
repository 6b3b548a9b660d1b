#pragma once

// LinkHost: where a link to a marketplace's page leads. Pure; any thread.

#include <string_view>

namespace jembatan::crossing {

// "https://host:port/..." -> "host:port"; empty for anything but http and https, and for a link
// that disguises its host.
std::string_view LinkHost(std::string_view url);

}  // namespace jembatan::crossing
