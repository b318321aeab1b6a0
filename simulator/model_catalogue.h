// The models that the simulator offers, and what the parameters in a model's name mean.
#ifndef SPARKGATE_SIMULATOR_MODEL_CATALOGUE_H_
#define SPARKGATE_SIMULATOR_MODEL_CATALOGUE_H_

#include <string>
#include <string_view>
#include <vector>

#include "simulator/plan.h"

namespace sparkgate::simulator {

struct Model {
  std::string name;         // "sim/cut"
  std::string description;  // One line.
};

// Every listed model, in the order in which --help and GET /models show them.
const std::vector<Model>& Models();

// The same as text, one line each.
std::string ModelsAsText();

enum class Resolution { kFound, kUnknownModel, kBadParameter };

// Reads "sim/story?tokens=200&interval=20ms" into *plan, which holds the server's defaults before.
// Any "accounts/..." path is a story, so that bodies from the documentation work as they are;
// "sim/error-NNN" works for every NNN from 300 to 599. On kBadParameter *error says which.
Resolution Resolve(std::string_view model, Plan* plan, std::string* error);

// Puts the fault of `spec` (a model's name without "sim/", parameters allowed) over *plan and
// keeps the content that the caller asked for. False: no such fault.
bool Overlay(std::string_view spec, Plan* plan, std::string* error);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_MODEL_CATALOGUE_H_
