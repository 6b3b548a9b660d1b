#pragma once

// What stands for ids of marketplaces, sellers, offers and campaigns where people write them: in
// policies, registries, controls and attestations. Pure; any thread.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace jembatan::base {

// One to most letters of ASCII, digits and ._:-
inline bool IsIdText(std::string_view text, size_t most) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  });
}

}  // namespace jembatan::base
