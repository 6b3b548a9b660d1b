#pragma once

// The main thread's part of a service: signals, ordered start and stop.
//
//   runtime::BlockSignals();            // first statement of main, before any thread exists
//   ... construct and start ...
//   runtime::WaitForStop();             // SIGINT or SIGTERM; a second one exits at once
//   ... stop in reverse ...

#include <string>

namespace jembatan::runtime {

// Blocks SIGINT and SIGTERM for this thread and all it will start; ignores SIGPIPE.
void BlockSignals();

// Returns on the first SIGINT or SIGTERM. From then on a second one ends the process with status
// 130. Main thread only, once.
void WaitForStop();

// Prints "jembatan-NAME: message" on stderr, flushes the log and exits with status 2: bad flags or
// configuration, port busy. Start-up only.
[[noreturn]] void FailStart(const std::string& name, const std::string& message);

// "host/pid": what a process calls itself in its records and answers unless told otherwise. Any
// thread.
std::string InstanceName();

}  // namespace jembatan::runtime
