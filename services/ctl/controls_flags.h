#pragma once

// The flags that every command about controls has, and what becomes of a control that one makes.
// Main thread only.

#include <ostream>
#include <string>
#include <vector>

#include "services/ctl/controls_topic.h"

namespace CLI {
class App;
}  // namespace CLI

namespace jembatan::ctl {

void AddAccess(CLI::App* command, ControlsAccess* access);

// How a control is made and what becomes of it.
struct ControlOrder {
  ControlsAccess access;
  std::string why;
  std::vector<std::string> sign;
  // Written there instead of to the topic.
  std::string out;
};

void AddOrder(CLI::App* command, ControlOrder* order);

// Gives the control its version, signs it, and publishes it or writes it to the file.
absl::Status FinishOrder(const ControlOrder& order, const controls::Controls& in_force,
                         crossing::v1::Control control, std::ostream& out);

}  // namespace jembatan::ctl
