#include "client/chat/arguments.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

using Words = std::vector<std::string>;

Words Normalise(const Words& words) {
  return NormaliseArguments(words, {"max_tokens", "stream", "metadata", "json", "system",
                                    "reasoning", "logprobs", "image"});
}

TEST(Arguments, DashesInKnownNamesBecomeUnderscores) {
  EXPECT_EQ(Normalise({"p", "--max-tokens", "3"}), (Words{"p", "--max_tokens", "3"}));
  EXPECT_EQ(Normalise({"p", "--max-tokens=a-b"}), (Words{"p", "--max_tokens=a-b"}));
  EXPECT_EQ(Normalise({"p", "-max-tokens=3"}), (Words{"p", "--max_tokens=3"}));
}

TEST(Arguments, EverythingElseStaysAsItIs) {
  const Words words = {"p", "--un-known", "a-b", "-", "--system=--max-tokens", "--nojson"};
  EXPECT_EQ(Normalise(words), words);
}

TEST(Arguments, WordsAfterTwoDashesAreLeftAlone) {
  EXPECT_EQ(Normalise({"p", "--", "--max-tokens", "--stream", "--metadata", "x"}),
            (Words{"p", "--", "--max-tokens", "--stream", "--metadata", "x"}));
}

TEST(Arguments, StreamHasThreeStates) {
  EXPECT_EQ(Normalise({"p", "--stream"}), (Words{"p", "--stream=true"}));
  EXPECT_EQ(Normalise({"p", "--nostream"}), (Words{"p", "--stream=false"}));
  EXPECT_EQ(Normalise({"p", "--stream=false"}), (Words{"p", "--stream=false"}));
}

TEST(Arguments, ReasoningHasThreeStates) {
  EXPECT_EQ(Normalise({"p", "--reasoning"}), (Words{"p", "--reasoning=true"}));
  EXPECT_EQ(Normalise({"p", "--noreasoning"}), (Words{"p", "--reasoning=false"}));
}

TEST(Arguments, LogprobsTakesANumberIfThereIsOne) {
  EXPECT_EQ(Normalise({"p", "--logprobs"}), (Words{"p", "--logprobs=0"}));
  EXPECT_EQ(Normalise({"p", "--logprobs", "why"}), (Words{"p", "--logprobs=0", "why"}));
  EXPECT_EQ(Normalise({"p", "--logprobs", "3", "why"}), (Words{"p", "--logprobs=3", "why"}));
  EXPECT_EQ(Normalise({"p", "--logprobs=3"}), (Words{"p", "--logprobs=3"}));
  EXPECT_EQ(Normalise({"p", "--logprobs", "--", "3"}), (Words{"p", "--logprobs=0", "--", "3"}));
}

TEST(Arguments, RepeatedValuesAreTakenInOrder) {
  Words words = {"p", "--image", "a,b", "why", "--image=c=d", "--images=x", "--", "--image", "e"};
  EXPECT_EQ(*TakeValues("image", &words), (Words{"a,b", "c=d"}));
  EXPECT_EQ(words, (Words{"p", "why", "--images=x", "--", "--image", "e"}));
}

TEST(Arguments, AValueThatIsMissingIsSaid) {
  Words words = {"p", "--image"};
  EXPECT_EQ(TakeValues("image", &words).status().message(), "--image: a value is expected");
}

TEST(Arguments, RepeatedMetadataIsJoined) {
  EXPECT_EQ(Normalise({"p", "--metadata", "a=1", "word", "--metadata=b=2,c=3"}),
            (Words{"p", "word", "--metadata=a=1,b=2,c=3"}));
  EXPECT_EQ(Normalise({"p", "--metadata=a=1", "--", "w"}),
            (Words{"p", "--metadata=a=1", "--", "w"}));
  EXPECT_EQ(Normalise({"p", "--metadata"}), (Words{"p", "--metadata"}));
}

}  // namespace
}  // namespace sparkgate::client
