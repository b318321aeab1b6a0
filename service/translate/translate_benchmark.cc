// Microseconds of processor time per chunk of a stream: StreamTranslator::Push, and with the
// message's serialisation, for a typical chunk of about 280 bytes. Run it from an optimised build:
//   bazel run --config=opt //service/translate:translate_benchmark
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "service/translate/request_encoder.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_joiner.h"
#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

const std::string& Chunk() {
  static const auto* const kChunk = new std::string(
      R"({"id":"chatcmpl-0123456789abcdef0123456789abcdef","object":"chat.completion.chunk",)"
      R"("created":1763724686,"model":"accounts/fireworks/models/deepseek-v3p1","choices":[)"
      R"({"index":0,"delta":{"content":" the quick brown fox jumps over it"},"finish_reason":null,)"
      R"("logprobs":null}],"usage":null})");
  return *kChunk;
}

template <typename Body>
void Measure(const char* name, int rounds, Body body) {
  for (int i = 0; i < rounds / 10; ++i) body();
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const std::clock_t begin = std::clock();  // of the processor: the machine may have other work
    for (int i = 0; i < rounds; ++i) body();
    const double spent = 1e6 * (std::clock() - begin) / CLOCKS_PER_SEC / rounds;
    best = spent < best ? spent : best;
  }
  std::printf("%-44s %8.2f us (best of 5)\n", name, best);
}

void MeasureStream() {
  std::vector<v1::StreamChatResponse> messages;
  std::string wire;
  StreamTranslator translator(1, {});
  Measure("Push, one chunk", 100000, [&] {
    messages.clear();
    translator.Push("", Chunk(), &messages);
  });
  Measure("Push and serialise, one chunk", 100000, [&] {
    messages.clear();
    translator.Push("", Chunk(), &messages);
    messages[0].SerializeToString(&wire);
  });
  v1::StreamChatResponse tail = messages[0];
  Measure("MergeInto", 100000, [&] {
    if (tail.choices(0).delta().content().size() > 4096) tail = messages[0];
    MergeInto(messages[0], &tail);
  });
}

void MeasureRequest() {
  v1::ChatRequest request;
  request.set_model("accounts/fireworks/models/deepseek-v3p1");
  for (int i = 0; i < 10000; ++i) {
    auto* message = request.add_messages();
    message->set_role("user");
    message->set_content("What is the capital of France, and what is its population?");
  }
  UpstreamBody body;
  Measure("EncodeRequest, 10,000 messages", 10, [&] { EncodeRequest(request, {}, &body); });
}

void MeasureChat() {
  std::string tokens;
  for (int i = 0; i < 20000; ++i) {
    tokens += (i == 0 ? "" : ",") + std::string(R"({"token":"fox","logprob":-0.123456,)") +
              R"("bytes":[102,111,120],"token_id":1234,"text_offset":0,"top_logprobs":[]})";
  }
  const std::string body = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"x"},)"
                           R"("logprobs":{"content":[)" +
                           tokens + "]}}]}";
  v1::ChatResponse response;
  std::printf("a body of %zu bytes:\n", body.size());
  Measure("DecodeChat", 5, [&] { DecodeChat(body, {}, &response); });
}

}  // namespace
}  // namespace sparkgate::translate

int main() {
  std::printf("a chunk of %zu bytes:\n", sparkgate::translate::Chunk().size());
  sparkgate::translate::MeasureStream();
  sparkgate::translate::MeasureRequest();
  sparkgate::translate::MeasureChat();
}
