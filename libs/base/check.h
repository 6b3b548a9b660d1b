#pragma once

// JEMB_CHECK: assertions that stay on in release builds. For programmers' errors only, never for
// input: input gets a Status. A failed check prints one line to stderr and aborts.
// Any thread may use it.

#include <cstdio>
#include <cstdlib>

namespace jembatan::base {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace jembatan::base

#define JEMB_CHECK(condition)                                        \
  do {                                                               \
    if (!(condition)) [[unlikely]] {                                 \
      ::jembatan::base::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                                \
  } while (false)
