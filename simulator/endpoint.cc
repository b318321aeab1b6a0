#include "simulator/endpoint.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "simulator/text.h"

namespace sparkgate::simulator {

struct Endpoint::Call {
  const HttpRequest& request;
  std::string id;          // "chatcmpl-…", of the answer or of the error.
  std::string request_id;  // The caller's, or else the same as `id`.
  uint64_t number = 0;     // The ledger's.
};

namespace {

constexpr size_t kShownByDefault = 100;

std::string PathOf(const std::string& target) { return target.substr(0, target.find('?')); }

size_t LimitOf(const std::string& target) {
  constexpr std::string_view kKey = "limit=";
  size_t limit = kShownByDefault;
  const size_t at = target.find(kKey);
  if (at == std::string::npos) return limit;
  std::from_chars(target.data() + at + kKey.size(), target.data() + target.size(), limit);
  return limit;
}

Script WholeScript(const HttpRequest& request, int status, Fields fields, const std::string& body) {
  if (!request.keep_alive) fields.emplace_back("connection", "close");
  return SimpleScript(ResponseText(status, std::move(fields), body), request.keep_alive);
}

Script JsonScript(const HttpRequest& request, int status, Fields fields, const std::string& body) {
  fields.emplace_back("content-type", "application/json");
  return WholeScript(request, status, std::move(fields), body);
}

bool IsErrorStatus(Fault fault) {
  return fault == Fault::kErrorStatus || fault == Fault::kErrorAsStream ||
         fault == Fault::kErrorText || fault == Fault::kHtml || fault == Fault::kScalingUp ||
         fault == Fault::kPromptTooLong;
}

Leaving LeavingOf(const Plan& plan) {
  Leaving leaving;
  leaving.is_noticed = plan.fault != Fault::kDeaf;
  leaving.noticed_after = plan.delay;
  if (plan.fault == Fault::kDropsNext) leaving.drops = plan.count;
  return leaving;
}

std::string ModelsJson() {
  std::string json = "{\"object\":\"list\",\"data\":[";
  for (const Model& model : sparkgate::simulator::Models()) {
    if (json.back() == '}') json += ",";
    json += "{\"id\":" + JsonString(model.name) +
            ",\"object\":\"model\",\"owned_by\":\"sparkgate-sim\",\"created\":1767225600,"
            "\"kind\":\"HF_BASE_MODEL\",\"supports_chat\":true,\"supports_image_input\":false,"
            "\"supports_tools\":true,\"context_length\":262144,\"description\":" +
            JsonString(model.description) + "}";
  }
  return json + "]}";
}

}  // namespace

Reply Endpoint::Handle(const HttpRequest& request) {
  const std::string path = PathOf(request.target);
  if (path.substr(0, 6) == "/_sim/") return Control(request, path);
  Call call{request, NewId(), "", 0};
  const std::string_view given = request.Field("x-request-id");
  call.request_id = given.empty() ? call.id : std::string(given);
  call.number = ledger_.Received(request, call.request_id);
  const bool models = path == options_.path_prefix + "/models";
  if (!models && path != options_.path_prefix + "/chat/completions") {
    ErrorAnswer error = StatusError(404, call.id);
    error.body = R"({"error":{"message":"Path not found","param":null,"code":"NOT_FOUND",)"
                 R"("type":"error"},"request_id":")" +
                 call.id + "\"}";
    return Error(&call, error);
  }
  if (request.method != (models ? "GET" : "POST")) {
    ErrorAnswer error = StatusError(405, call.id);
    error.fields.emplace_back("allow", models ? "GET" : "POST");
    return Error(&call, error);
  }
  if (!Authorized(request)) return Error(&call, StatusError(401, call.id));
  return models ? Models(&call) : Completion(&call);
}

Reply Endpoint::Control(const HttpRequest& request, const std::string& path) {
  int status = 200;
  std::string body = "{}";
  if (path == "/_sim/status" && request.method == "GET") {
    body = ledger_.StatusJson(LimitOf(request.target));
  } else if (path == "/_sim/requests" && request.method == "GET") {
    body = ledger_.RequestsJson(LimitOf(request.target));
  } else if (path == "/_sim/reset" && request.method == "POST") {
    ledger_.Reset();
  } else {
    status = 404;
    body = R"({"error":"known: GET status, GET requests, POST reset"})";
  }
  return {JsonScript(request, status, {}, body)};
}

bool Endpoint::Authorized(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = request.Field("authorization");
  if (value.empty()) return options_.allow_anonymous && options_.api_key.empty();
  if (value.substr(0, kBearer.size()) != kBearer || value.size() == kBearer.size()) return false;
  return options_.api_key.empty() || value.substr(kBearer.size()) == options_.api_key;
}

Reply Endpoint::Models(Call* call) {
  ledger_.Answered(call->number, 200);
  return {JsonScript(call->request, 200, CommonFields(*call), ModelsJson())};
}

Reply Endpoint::Completion(Call* call) {
  const auto violations = Validate(call->request.body);
  if (!violations.empty()) return Error(call, InvalidRequest(violations[0].message, call->id));
  const ChatRequest parsed = ParseChatRequest(call->request.body);
  if (options_.reject_stream_options && parsed.has_stream_options) {
    return Error(
        call, InvalidRequest("Extra inputs are not permitted, field: 'stream_options'", call->id));
  }
  Plan plan = options_.defaults;
  std::string why;
  switch (Resolve(parsed.model, &plan, &why)) {
    case Resolution::kUnknownModel:
      return Error(call, StatusError(404, call->id));
    case Resolution::kBadParameter:
      return Error(call, InvalidRequest(why, call->id));
    case Resolution::kFound:
      break;
  }
  if (!options_.fault.empty() && FaultHits()) Overlay(options_.fault, &plan, &why);
  if (TakeDrop()) plan.fault = Fault::kDrop;
  if (IsErrorStatus(plan.fault)) return Error(call, PlannedError(plan, call->id));
  return Start(call, parsed, plan);
}

Reply Endpoint::Start(Call* call, const ChatRequest& parsed, const Plan& plan) {
  constexpr int kMostChoices = 128;
  if (parsed.n < 1 || parsed.n > kMostChoices) {
    return Error(call, InvalidRequest("Input should be from 1 to 128, field: 'n'", call->id));
  }
  AnswerContext context;
  context.plan = plan;
  context.answer = MakeAnswer(parsed, plan, call->request.body, call->id, std::time(nullptr));
  context.fields = CommonFields(*call);
  context.request_id = call->id;
  context.keep_alive = call->request.keep_alive;
  if (!context.keep_alive && plan.fault != Fault::kCloseDelimited) {
    context.fields.emplace_back("connection", "close");
  }
  ledger_.Started(call->number, parsed.model);
  return {AnswerScript(std::move(context)), call->number, LeavingOf(plan)};
}

Reply Endpoint::Error(Call* call, const ErrorAnswer& error) {
  ledger_.Answered(call->number, error.status);
  Fields fields = CommonFields(*call);
  fields.insert(fields.end(), error.fields.begin(), error.fields.end());
  fields.emplace_back("content-type", error.content_type);
  return {WholeScript(call->request, error.status, std::move(fields), error.body)};
}

Script Endpoint::Refuse(int status) {
  const ErrorAnswer error = StatusError(status, NewId());
  const Fields fields = {{"content-type", error.content_type}, {"connection", "close"}};
  return SimpleScript(ResponseText(error.status, fields, error.body), /*keep_alive=*/false);
}

Fields Endpoint::CommonFields(const Call& call) const {
  return {{"server", "sparkgate-sim"},
          {"x-request-id", call.request_id},
          {"x-fireworks-request-id", call.id},
          {"x-ratelimit-limit-tokens-prompt", "60000"},
          {"x-ratelimit-remaining-tokens-prompt", "59000"},
          {"x-ratelimit-limit-tokens-generated", "6000"},
          {"x-ratelimit-remaining-tokens-generated", "5900"},
          {"x-ratelimit-over-limit", "no"}};
}

bool Endpoint::TakeDrop() {
  int left = drops_;
  while (left > 0 && !drops_.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

bool Endpoint::FaultHits() {
  const uint64_t draw =
      StableHash(std::to_string(options_.fault_seed) + "/" + std::to_string(faults_++));
  constexpr uint64_t kParts = 1'000'000;
  return static_cast<double>(draw % kParts) < options_.fault_rate * kParts;
}

std::string Endpoint::NewId() {
  const std::string salt = std::to_string(getpid()) + "/" + std::to_string(ids_++);
  char text[64];
  std::snprintf(text, sizeof(text), "chatcmpl-%016llx%016llx",
                static_cast<unsigned long long>(StableHash(salt)),
                static_cast<unsigned long long>(StableHash(salt + "/")));
  return text;
}

}  // namespace sparkgate::simulator
