// jembatan-ctl: the operators' command line: topics, offers, keys and tokens, outcomes, orders.

#include <iostream>
#include <string>
#include <vector>

#include "services/ctl/command.h"

int main(int argc, char** argv) {
  return jembatan::ctl::RunCommand(std::vector<std::string>(argv + 1, argv + argc), std::cout,
                                   std::cerr);
}
