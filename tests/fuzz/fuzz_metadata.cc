#include <grpcpp/server_context.h>
#include <grpcpp/test/server_context_test_spouse.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/rpc/request_reader.h"
#include "service/upstream/request_headers.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

constexpr char kKey[] = "the-servers-own-key";
constexpr size_t kLongest = 4096;  // that a header may be

const std::vector<std::string>& Allowed() {
  static const auto* const kAllowed = new std::vector<std::string>{
      "x-session-affinity", "x-multi-turn-session-id", "fireworks-model", "x-own"};
  return *kAllowed;
}

// What a caller may try beside what is allowed.
constexpr const char* kOthers[] = {"x-request-id", "x-sparkgate-coalesce", "authorization",
                                   "cookie",       "content-length",       "x-own-but-not",
                                   "host",         "sparkgate-heartbeat"};

std::string TakeName(std::string_view* bytes) {
  const size_t which = TakeByte(bytes) % 16;
  if (which < Allowed().size()) return Allowed()[which];
  if (which < 12) return kOthers[which - 4];
  const size_t length = std::min<size_t>(bytes->size(), TakeByte(bytes) % 24);
  const std::string_view name = bytes->substr(0, length);
  bytes->remove_prefix(name.size());
  // gRPC's test double takes names as C strings; on the wire none has a zero byte.
  return std::string(name.substr(0, name.find('\0')));
}

// A length of 250 and more: by so much around the longest.
std::string TakeValue(std::string_view* bytes) {
  const size_t length = TakeByte(bytes);
  if (length >= 250) return std::string(kLongest - 252 + length, 'v');
  const std::string value(bytes->substr(0, length));
  bytes->remove_prefix(value.size());
  return value;
}

Metadata Parse(std::string_view bytes) {
  Metadata metadata;
  while (!bytes.empty() && metadata.size() < 20) {
    std::string name = TakeName(&bytes);
    metadata.emplace_back(std::move(name), TakeValue(&bytes));
  }
  return metadata;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::vector<std::string> ValuesOf(const Metadata& metadata, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : metadata) {
    if (key == name) values.push_back(value);
  }
  return values;
}

// Each allowed name with its one value, in the list's order; false if one is unfit to be a header.
bool ExpectedHeaders(const Metadata& metadata, HeaderList* headers) {
  for (const std::string& name : Allowed()) {
    const std::vector<std::string> values = ValuesOf(metadata, name);
    if (values.empty()) continue;
    if (values.size() > 1 || values[0].size() > kLongest || !IsPrintable(values[0])) return false;
    headers->emplace_back(name, values[0]);
  }
  return true;
}

void CheckRequestId(const Metadata& metadata, const rpc::RequestMetadata& result) {
  const std::string& id = result.request_id;
  FUZZ_CHECK(!id.empty() && id.size() <= 128 && IsPrintable(id));
  FUZZ_CHECK(!result.headers.empty());
  FUZZ_CHECK(result.headers[0] == std::make_pair(std::string("x-request-id"), id));
  const std::vector<std::string> given = ValuesOf(metadata, "x-request-id");
  const bool callers = std::find(given.begin(), given.end(), id) != given.end();
  FUZZ_CHECK(callers || id.size() == 32);
}

// As it leaves for the upstream, whole lines.
void CheckLines(const HeaderList& headers) {
  upstream::Request request;
  request.headers = headers;
  request.body = "{}";
  const auto list = upstream::BuildHeaders(request, kKey);
  FUZZ_CHECK(list.ok());
  size_t lines = 0;
  bool own_key = false;
  for (const curl_slist* line = list->get(); line != nullptr; line = line->next, ++lines) {
    const std::string_view text = line->data;
    FUZZ_CHECK(IsPrintable(text));
    if (text.substr(0, 14) == "authorization:") {
      own_key = text == std::string("authorization: Bearer ") + kKey;
    }
  }
  FUZZ_CHECK(own_key);
  FUZZ_CHECK(lines == headers.size() + 5);  // and five of ours
}

// What is said when the name's value is a line feed.
std::string RefusalOf(const std::string& name) {
  grpc::ServerContext context;
  grpc::testing::ServerContextTestSpouse spouse(&context);
  spouse.AddClientMetadata(name, "\n");
  return rpc::ReadMetadata(context, Allowed()).status.message;
}

// The sentence depends on the name alone: nothing of a value is in it.
void CheckRefusal(const CallStatus& status) {
  CheckStatus(status);
  FUZZ_CHECK(status.code == absl::StatusCode::kInvalidArgument && !status.may_have_run);
  static const auto* const kSentences = [] {
    auto* sentences = new std::vector<std::string>;
    for (const std::string& name : Allowed()) sentences->push_back(RefusalOf(name));
    return sentences;
  }();
  FUZZ_CHECK(std::count(kSentences->begin(), kSentences->end(), status.message) == 1);
}

}  // namespace

int FuzzMetadata(const uint8_t* data, size_t size) {
  const Metadata metadata = Parse(AsText(data, size));
  grpc::ServerContext context;
  grpc::testing::ServerContextTestSpouse spouse(&context);
  for (const auto& [name, value] : metadata) spouse.AddClientMetadata(name, value);

  const rpc::RequestMetadata result = rpc::ReadMetadata(context, Allowed());
  CheckRequestId(metadata, result);
  HeaderList expected = {result.headers[0]};
  const bool fit = ExpectedHeaders(metadata, &expected);
  const bool says_heartbeat = !ValuesOf(metadata, "sparkgate-heartbeat").empty();
  if (fit && says_heartbeat && !result.status.ok()) {
    CheckStatus(result.status);
    FUZZ_CHECK(result.status.message.find("sparkgate-heartbeat") != std::string::npos);
    return 0;
  }
  if (result.heartbeat) {
    FUZZ_CHECK(says_heartbeat && result.heartbeat->count() <= 3'600'000);
    FUZZ_CHECK(result.heartbeat->count() == 0 || result.heartbeat->count() >= 1000);
  }
  FUZZ_CHECK(fit == result.status.ok());
  if (!fit) {
    CheckRefusal(result.status);
    return 0;
  }
  FUZZ_CHECK(result.headers == expected);
  CheckLines(result.headers);
  const std::vector<std::string> merge = ValuesOf(metadata, "x-sparkgate-coalesce");
  if (merge.size() <= 1) FUZZ_CHECK(result.merge == (merge.empty() || merge[0] != "off"));
  // Without a list nothing but the id goes on.
  FUZZ_CHECK(rpc::ReadMetadata(context, {}).headers.size() == 1);
  return 0;
}

}  // namespace sparkgate::fuzz
