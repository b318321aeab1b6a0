// The shape of a stream of each server that was looked at, beside the documented one. `created` is
// shortened, names are made up; everything else is as on the wire.
#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {
namespace {

std::vector<Replay> Documented() {
  return {
      Stream("Fireworks, text", R"(
data: {"id":"f1","object":"chat.completion.chunk","created":7,"model":"accounts/fireworks/models/m","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}

data: {"id":"f1","object":"chat.completion.chunk","created":7,"model":"accounts/fireworks/models/m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}

data: {"id":"f1","object":"chat.completion.chunk","created":7,"model":"accounts/fireworks/models/m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"total_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":0}}}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop / usage 1+2=3")
          .Chat(
              R"({"id":"f1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"total_tokens":3,"completion_tokens":2}})"),
      Stream("Fireworks, n=2, usage as a running total on each finish chunk", R"(
data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}

data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":1,"delta":{"role":"assistant"},"finish_reason":null}]}

data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}

data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}

data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"total_tokens":7,"completion_tokens":2}}

data: {"id":"f2","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":1,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"total_tokens":9,"completion_tokens":4}}

data: [DONE]

)",
             "OK / 0 assistant 'a' stop / 1 assistant 'b' length / usage 5+4=9")
          .Endpoint(R"(,"n":2)"),
  };
}

std::vector<Replay> LlamaCpp() {
  return {
      Stream(
          "llama.cpp, text", R"(
data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-L","model":"m","system_fingerprint":"b1","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"H"}}],"created":1,"id":"chatcmpl-L","model":"m","system_fingerprint":"b1","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"i"}}],"created":2,"id":"chatcmpl-L","model":"m","system_fingerprint":"b1","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":3,"id":"chatcmpl-L","model":"m","system_fingerprint":"b1","object":"chat.completion.chunk"}

data: {"choices":[],"created":3,"id":"chatcmpl-L","model":"m","system_fingerprint":"b1","object":"chat.completion.chunk","usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3},"timings":{"prompt_n":1,"predicted_ms":10.50}}

data: [DONE]

)",
          R"(OK / 0 assistant 'Hi' stop / usage 1+2=3 / extra {"system_fingerprint":"b1"}{"system_fingerprint":"b1","timings":{"prompt_n":1,"predicted_ms":10.50}})")
          .Headers("Access-Control-Allow-Origin:\r\nKeep-Alive: timeout=5, max=100\r\n"),
      Stream("llama.cpp, no role at all, the first token is half a character", R"(
data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"\ud83d"}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"\ude00"}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: [DONE]

)",
             "OK / 0 assistant '\xF0\x9F\x98\x80' stop"),
      Stream("llama.cpp, a colon and a blank line while it is silent", R"(
:

:

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

:

data: {"choices":[{"finish_reason":"stop","index":0,"delta":{"content":"Hi"}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop"),
      Stream("llama.cpp, n=2, interleaved", R"(
data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":1,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":1,"delta":{"content":"b"}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a"}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":"length","index":1,"delta":{}}],"created":2,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":2,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[],"created":2,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk","usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3}}

data: [DONE]

)",
             "OK / 0 assistant 'a' stop / 1 assistant 'b' length / usage 1+2=3")
          .Endpoint(R"(,"n":2)"),
      Stream("llama.cpp, logprobs with an id in the chunk of the text", R"(
data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[{"id":42,"token":"Hi","bytes":[72,105],"logprob":-0.10,"top_logprobs":[{"id":42,"token":"Hi","bytes":[72,105],"logprob":-0.10}]}]}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1,"id":"chatcmpl-L","model":"m","object":"chat.completion.chunk"}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop")
          .Endpoint(R"(,"logprobs":true)"),
  };
}

std::vector<Replay> Python() {
  return {
      Stream("llama-cpp-python, text, pings, no usage", R"(
: ping - 2026-11-21 10:00:00.000000+00:00

data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant"}, "logprobs": null, "finish_reason": null}]}

data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}, "logprobs": null, "finish_reason": null}]}

: ping - 2026-11-21 10:00:15.000000+00:00

data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "length"}]}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' length")
          .Type("text/event-stream; charset=utf-8"),
      Stream("llama-cpp-python, n=2 is ignored", R"(
data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant"}, "logprobs": null, "finish_reason": null}]}

data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}, "logprobs": null, "finish_reason": null}]}

data: {"id": "chatcmpl-P", "model": "m", "created": 5, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"}]}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop")
          .Type("text/event-stream; charset=utf-8")
          .Endpoint(R"(,"n":2)"),
  };
}

std::vector<Replay> Mocks() {
  return {
      Stream("aimock, text", R"(
data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop / usage 1+2=3")
          .Headers("Connection: keep-alive\r\nCache-Control: no-cache\r\n"),
      Stream(
          "aimock, two parallel calls", R"(
data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"g","arguments":""}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
          R"(OK / 0 assistant call0(call_1 function f '{"a":1}') call1(call_2 function g '{}') tool_calls)"),
      Stream("mock-llm, role with the first text, last text with the finish", R"(
data: {"id":"M","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"H"},"finish_reason":null}]}

data: {"id":"M","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}]}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop"),
      Stream("fault mock, one whole choice after the other, then usage null", R"(
data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":1,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":1,"delta":{"content":"b"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":1,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"Q","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}

data: [DONE]

)",
             "OK / 0 assistant 'a' stop / 1 assistant 'b' stop / usage 1+2=3")
          .Type("text/event-stream; charset=utf-8")
          .Endpoint(R"(,"n":2)"),
  };
}

std::vector<Replay> Simulator() {
  return {
      Stream("engine simulator, usage null on every chunk", R"(
data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant"}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"content":"Hi"}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":"stop","delta":{}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"choices":[]}

data: [DONE]

)",
             "OK / 0 assistant 'Hi' stop / usage 1+2=3"),
      Stream(
          "engine simulator, id and type on every delta, name null after the first, last arguments "
          "with the finish",
          R"(
data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant"}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\""},"id":"call_1","type":"function","index":0}]}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"tool_calls":[{"function":{"name":null,"arguments":":1"},"id":"call_1","type":"function","index":0}]}}]}

data: {"id":"S","created":5,"model":"m","object":"chat.completion.chunk","usage":null,"choices":[{"index":0,"finish_reason":"tool_calls","delta":{"tool_calls":[{"function":{"name":null,"arguments":"}"},"id":"call_1","type":"function","index":0}]}}]}

data: [DONE]

)",
          R"(OK / 0 assistant call0(call_1 function f '{"a":1}') tool_calls)"),
      Stream(
          "LiteLLM, trailing usage beside one empty choice, many headers", R"(
data: {"id":"chatcmpl-T","created":5,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"","role":"assistant"}}]}

data: {"id":"chatcmpl-T","created":5,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi","provider_specific_fields":null}}]}

data: {"id":"chatcmpl-T","created":5,"model":"m","object":"chat.completion.chunk","choices":[{"finish_reason":"stop","index":0,"delta":{}}],"provider_specific_fields":{"a":1}}

data: {"id":"chatcmpl-T","created":5,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{}}],"usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3}}

data: [DONE]

)",
          R"(OK / 0 assistant 'Hi' stop / usage 1+2=3 / extra {"provider_specific_fields":{"a":1}})")
          .Type("text/event-stream; charset=utf-8")
          .Headers("x-litellm-call-id: 1\r\nx-litellm-model-id: 2\r\nx-litellm-version: 1.0\r\n"),
  };
}

Replay Whole(const std::string& name, const std::string& body, const std::string& seen) {
  return Response(name, support::JsonResponse(body), seen).OnlyChat();
}

std::vector<Replay> ChatAnswers() {
  return {
      Whole(
          "llama.cpp, Chat",
          R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"Hi"}}],"created":1,"model":"m","system_fingerprint":"b1","object":"chat.completion","usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3},"id":"chatcmpl-L","timings":{"predicted_ms":10.50}})",
          R"(OK / 0 assistant 'Hi' stop / usage 1+2=3 / extra {"system_fingerprint":"b1","timings":{"predicted_ms":10.50}})"),
      Whole(
          "llama-cpp-python, Chat",
          R"({"id": "chatcmpl-P", "object": "chat.completion", "created": 5, "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "logprobs": null, "finish_reason": "length"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}})",
          "OK / 0 assistant 'Hi' length / usage 1+2=3"),
      Whole(
          "aimock, Chat",
          R"({"id":"chatcmpl-A","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
          "OK / 0 assistant 'Hi' stop / usage 1+2=3"),
      Whole(
          "mock-llm, Chat, no usage",
          R"({"id":"M","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})",
          "OK / 0 assistant 'Hi' stop"),
      Whole(
          "LiteLLM, Chat, members without a value",
          R"({"id":"chatcmpl-T","created":5,"model":"m","object":"chat.completion","system_fingerprint":null,"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi","role":"assistant","tool_calls":null,"function_call":null,"provider_specific_fields":{"refusal":null}},"provider_specific_fields":{}}],"usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3,"completion_tokens_details":null,"prompt_tokens_details":null},"service_tier":null})",
          R"(OK / 0 assistant 'Hi' stop / choice extra {"provider_specific_fields":{}} / message extra {"provider_specific_fields":{"refusal":null}} / usage 1+2=3)"),
  };
}

}  // namespace

std::vector<Replay> ServerRows() {
  std::vector<Replay> rows;
  for (const auto& part :
       {Documented(), LlamaCpp(), Python(), Mocks(), Simulator(), ChatAnswers()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::tolerance
