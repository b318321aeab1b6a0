#ifndef SPARKGATE_CLIENT_CHAT_MODELS_TEXT_H_
#define SPARKGATE_CLIENT_CHAT_MODELS_TEXT_H_

#include <string>

#include "sparkgate/v1/model.pb.h"

namespace sparkgate::client {

// A line for each model: its name, how many tokens it takes, and what it supports ("chat",
// "images", "tools"); "-" where the upstream said nothing. In columns, so that `awk '{print $1}'`
// finds names.
std::string ModelsText(const v1::ListModelsResponse& models);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_MODELS_TEXT_H_
