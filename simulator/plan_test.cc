#include "simulator/plan.h"

#include <gtest/gtest.h>

#include <set>

namespace sparkgate::simulator {
namespace {

using std::chrono::milliseconds;

Plan Resolved(const std::string& model) {
  Plan plan;
  std::string error;
  EXPECT_EQ(Resolve(model, &plan, &error), Resolution::kFound) << model << ": " << error;
  return plan;
}

TEST(PlanTest, EveryListedModelResolvesAndHasOneLine) {
  std::set<std::string> names;
  for (const Model& model : Models()) {
    Resolved(model.name);
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_FALSE(model.description.empty());
    EXPECT_EQ(model.description.find('\n'), std::string::npos);
    EXPECT_NE(ModelsAsText().find(model.name + " "), std::string::npos);
  }
}

TEST(PlanTest, ReadsParameters) {
  const Plan plan = Resolved("sim/story?tokens=200&interval=20ms&delay=1s&at=7&usage=trailing");
  EXPECT_EQ(plan.tokens, 200);
  EXPECT_EQ(plan.interval, milliseconds(20));
  EXPECT_EQ(plan.first_token_delay, milliseconds(1000));
  EXPECT_EQ(plan.at, 7);
  EXPECT_EQ(plan.usage, UsageChunk::kTrailing);
}

TEST(PlanTest, DelayIsTheWaitForWhichTheModelExists) {
  EXPECT_EQ(Resolved("sim/headers-slow?delay=1s").headers_delay, milliseconds(1000));
  EXPECT_EQ(Resolved("sim/headers-slow?delay=1s").first_token_delay, milliseconds(0));
  EXPECT_EQ(Resolved("sim/first-token-slow?delay=2s").first_token_delay, milliseconds(2000));
  EXPECT_EQ(Resolved("sim/late-408?delay=2s").delay, milliseconds(2000));
  EXPECT_EQ(Resolved("sim/late-408?delay=2s").first_token_delay, milliseconds(0));
}

TEST(PlanTest, KnowsStatusesAndRetryAfter) {
  EXPECT_EQ(Resolved("sim/error-418").status, 418);
  EXPECT_EQ(Resolved("sim/error-429").retry_after_seconds, std::nullopt);
  EXPECT_EQ(Resolved("sim/error-429-retry-after").retry_after_seconds, 1);
  EXPECT_EQ(Resolved("sim/error-503?retry_after=7").retry_after_seconds, 7);
  EXPECT_EQ(Resolved("sim/cut?byte=0").byte, 0);
}

TEST(PlanTest, DocumentationModelsAreStories) {
  EXPECT_EQ(Resolved("accounts/fireworks/models/glm-5p2").content, Content::kStory);
  EXPECT_EQ(Resolved("accounts/me/deployments/x?tokens=3").tokens, 3);
}

TEST(PlanTest, RefusesWhatItDoesNotKnow) {
  Plan plan;
  std::string error;
  for (const char* model : {"", "gpt-4", "sim/", "sim/nothing", "sim/error-200", "sim/error-999",
                            "sim/error-4x4", "accounts/"}) {
    EXPECT_EQ(Resolve(model, &plan, &error), Resolution::kUnknownModel) << model;
  }
  for (const char* model : {"sim/story?x=1", "sim/story?tokens", "sim/story?tokens=-1",
                            "sim/story?interval=20", "sim/story?usage=maybe"}) {
    EXPECT_EQ(Resolve(model, &plan, &error), Resolution::kBadParameter) << model;
    EXPECT_NE(error.find("bad parameter"), std::string::npos);
  }
}

TEST(PlanTest, OverlayKeepsTheContent) {
  Plan plan = Resolved("sim/echo");
  std::string error;
  EXPECT_TRUE(Overlay("cut?at=2", &plan, &error)) << error;
  EXPECT_EQ(plan.content, Content::kEcho);
  EXPECT_EQ(plan.fault, Fault::kCut);
  EXPECT_EQ(plan.at, 2);
  EXPECT_FALSE(Overlay("nonsense", &plan, &error));
  EXPECT_EQ(error, "no such fault: nonsense");
}

}  // namespace
}  // namespace sparkgate::simulator
