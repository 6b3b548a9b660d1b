#pragma once

// The flags that every command about controls has. Main thread only.

#include "services/ctl/controls_topic.h"

namespace CLI {
class App;
}  // namespace CLI

namespace jembatan::ctl {

void AddAccess(CLI::App* command, ControlsAccess* access);

}  // namespace jembatan::ctl
