#pragma once

// Overloaded: one visitor of a std::variant out of a lambda per alternative. Any thread.

namespace jembatan::base {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace jembatan::base
