#include "client/chat/models_text.h"

#include <algorithm>

namespace sparkgate::client {
namespace {

std::string ContextOf(const v1::Model& model) {
  return model.has_context_length() ? std::to_string(model.context_length()) + " tokens" : "-";
}

std::string AbilitiesOf(const v1::Model& model) {
  std::string text;
  const auto add = [&text](bool can, const char* what) {
    if (can) text += (text.empty() ? "" : ",") + std::string(what);
  };
  add(model.supports_chat(), "chat");
  add(model.supports_image_input(), "images");
  add(model.supports_tools(), "tools");
  return text.empty() ? "-" : text;
}

std::string Padded(std::string text, size_t width) {
  text.append(width - std::min(width, text.size()), ' ');
  return text;
}

}  // namespace

std::string ModelsText(const v1::ListModelsResponse& models) {
  size_t name_width = 0;
  size_t context_width = 0;
  for (const v1::Model& model : models.data()) {
    name_width = std::max(name_width, model.id().size());
    context_width = std::max(context_width, ContextOf(model).size());
  }
  std::string text;
  for (const v1::Model& model : models.data()) {
    text += Padded(model.id(), name_width) + "  " + Padded(ContextOf(model), context_width) + "  " +
            AbilitiesOf(model) + "\n";
  }
  return text;
}

}  // namespace sparkgate::client
