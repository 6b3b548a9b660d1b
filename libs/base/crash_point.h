#pragma once

// Crash points: named places at which a test may have a process die as by kill -9, because what is
// half done there is what recovery is for. JEMB_CRASH_POINT("bridge.answered") is nothing unless
// the build defines JEMBATAN_CRASH_POINTS, as the sanitizers' builds do; what is shipped has none.
//
// JEMBATAN_CRASH=NAME:N in the environment makes the process die when it passes the point for the
// N-th time (from 1). Any thread. tests/faults/crash visits every one of them.

namespace jembatan::base {

void PassCrashPoint(const char* name);

}  // namespace jembatan::base

#ifdef JEMBATAN_CRASH_POINTS
#define JEMB_CRASH_POINT(name) ::jembatan::base::PassCrashPoint(name)
#else
#define JEMB_CRASH_POINT(name) static_cast<void>(0)
#endif
