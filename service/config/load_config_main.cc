#include <iostream>

#include "service/config/flags.h"

int main(int argc, char** argv) {
  const auto start = sparkgate::config::LoadConfig(argc, argv);
  if (!start.ok()) {
    std::cerr << start.status().message() << "\n";
    return 1;
  }
  std::cout << start->output;
  return 0;
}
