#include "client/chat/logprobs_text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

v1::TokenLogprob* Add(const std::string& token, double logprob, v1::Choice* choice) {
  v1::TokenLogprob* added = choice->mutable_logprobs()->add_content();
  added->set_token(token);
  added->set_logprob(logprob);
  return added;
}

void AddOther(const std::string& token, double logprob, v1::TokenLogprob* to) {
  v1::TopLogprob* other = to->add_top_logprobs();
  other->set_token(token);
  other->set_logprob(logprob);
}

constexpr char kHeading[] =
    "logprobs: token, log probability, probability, what else could have stood there\n";

TEST(LogprobsText, ALineForEachToken) {
  v1::ChatResponse response;
  v1::Choice* choice = response.add_choices();
  v1::TokenLogprob* first = Add("The", -0.25, choice);
  AddOther("The", -0.25, first);
  AddOther(" a", -1.5, first);
  AddOther("\n", -12.25, first);
  Add(" é\"\x01", 0, choice);
  EXPECT_EQ(LogprobsText(response), std::string(kHeading) +
                                        "  \"The\"         -0.2500   77.9 %  \" a\" -1.5000, "
                                        "\"\\n\" -12.2500\n"
                                        "  \" é\\\"\\x01\"     0.0000  100.0 %\n");
}

TEST(LogprobsText, ATokenWithoutOneHasADash) {
  v1::ChatResponse response;
  v1::Choice* choice = response.add_choices();
  choice->mutable_logprobs()->add_content()->set_token("a");
  Add("b", -1, choice);
  EXPECT_EQ(LogprobsText(response), std::string(kHeading) +
                                        "  \"a\"          -        -\n"
                                        "  \"b\"    -1.0000   36.8 %\n");
}

TEST(LogprobsText, SeveralAnswersHaveHeadingsAndAnAbsentTableIsSaid) {
  v1::ChatResponse response;
  response.add_choices();
  EXPECT_EQ(LogprobsText(response), "logprobs: the upstream gave none\n");
  v1::Choice* second = response.add_choices();
  second->set_index(1);
  Add("a", -1, second);
  EXPECT_EQ(LogprobsText(response),
            "--- answer 1 ---\nlogprobs: the upstream gave none\n"
            "--- answer 2 ---\n" +
                std::string(kHeading) + "  \"a\"    -1.0000   36.8 %\n");
}

}  // namespace
}  // namespace sparkgate::client
