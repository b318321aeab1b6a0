#include "client/chat/models_text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(ModelsText, NameContextAndWhatItSupports) {
  v1::ListModelsResponse models;
  v1::Model* large = models.add_data();
  large->set_id("accounts/a/models/large");
  large->set_context_length(163840);
  large->set_supports_chat(true);
  large->set_supports_image_input(true);
  large->set_supports_tools(true);
  v1::Model* small = models.add_data();
  small->set_id("small");
  small->set_context_length(8);
  small->set_supports_chat(true);
  small->set_supports_tools(false);
  models.add_data()->set_id("silent");
  EXPECT_EQ(ModelsText(models),
            "accounts/a/models/large  163840 tokens  chat,images,tools\n"
            "small                    8 tokens       chat\n"
            "silent                   -              -\n");
}

TEST(ModelsText, NoModelsNoLines) { EXPECT_EQ(ModelsText({}), ""); }

}  // namespace
}  // namespace sparkgate::client
