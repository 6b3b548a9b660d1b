#include "libs/runtime/lifecycle.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "libs/base/check.h"
#include "libs/base/log.h"

namespace jembatan::runtime {
namespace {

constexpr int kStatusBadStart = 2;
constexpr int kStatusInterrupted = 130;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void BlockSignals() {
  sigset_t signals = StopSignals();
  JEMB_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  // A peer that closed its socket is an error of the write, not of the process.
  signal(SIGPIPE, SIG_IGN);
}

void WaitForStop() {
  sigset_t signals = StopSignals();
  int received = 0;
  JEMB_CHECK(sigwait(&signals, &received) == 0);
  // A second one may come while this thread joins others: only a handler reaches it there.
  struct sigaction at_once = {};
  at_once.sa_handler = [](int) { _exit(kStatusInterrupted); };
  sigaction(SIGINT, &at_once, nullptr);
  sigaction(SIGTERM, &at_once, nullptr);
  JEMB_CHECK(pthread_sigmask(SIG_UNBLOCK, &signals, nullptr) == 0);
  base::Log(base::Level::kInfo, "stopping",
            {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
}

void FailStart(const std::string& name, const std::string& message) {
  std::string line = message;
  std::replace(line.begin(), line.end(), '\n', ' ');
  base::FlushLog();
  std::fprintf(stderr, "jembatan-%s: %s\n", name.c_str(), line.c_str());
  // Without the destructors of statics: threads may already run.
  std::_Exit(kStatusBadStart);
}

std::string InstanceName() {
  char host[256] = {};
  bool known = gethostname(host, sizeof host - 1) == 0 && host[0] != '\0';
  return std::string(known ? host : "unknown") + "/" + std::to_string(getpid());
}

}  // namespace jembatan::runtime
