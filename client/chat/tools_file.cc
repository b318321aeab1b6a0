#include "client/chat/tools_file.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "client/http_body.h"
#include "client/json_text.h"

namespace sparkgate::client {
namespace {

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

std::optional<std::string_view> Find(std::string_view object, std::string_view key) {
  for (const JsonMember& member : MembersOf(object)) {
    if (TextOf(member.key) == key) return member.value;
  }
  return std::nullopt;
}

absl::StatusOr<std::string_view> ArrayOf(std::string_view json) {
  if (KindOf(json) == JsonKind::kArray) return json;
  if (KindOf(json) == JsonKind::kObject && MembersOf(json).size() == 1) {
    const auto tools = Find(json, "tools");
    if (tools && KindOf(*tools) == JsonKind::kArray) return *tools;
  }
  return Wrong(R"(an array of tools, or {"tools": [...]}, is expected)");
}

// A type that is not known here is the upstream's business; a function without a name, or one that
// is not wrapped in `function` (the form of another API), can only be a mistake.
absl::Status CheckTool(std::string_view tool, const std::string& place) {
  if (KindOf(tool) != JsonKind::kObject) return Wrong(place + ": an object is expected");
  const auto type = Find(tool, "type");
  if (type && *type != "\"function\"") return absl::OkStatus();
  const auto function = Find(tool, "function");
  if (!function || KindOf(*function) != JsonKind::kObject) {
    return Wrong(place + R"(.function: an object such as {"name": ...} is expected)");
  }
  const auto name = Find(*function, "name");
  const bool named = name && KindOf(*name) == JsonKind::kString && TextOf(*name).value_or("") != "";
  return named ? absl::OkStatus() : Wrong(place + ".function.name: a name is expected");
}

}  // namespace

absl::Status SetTools(const std::string& json, v1::ChatRequest* request) {
  if (absl::Status status = CheckJson(json); !status.ok()) return status;
  const absl::StatusOr<std::string_view> array = ArrayOf(TrimJson(json));
  if (!array.ok()) return array.status();
  const std::vector<std::string_view> tools = ElementsOf(*array);
  if (tools.empty()) return Wrong("there are no tools in it");
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string place = "tools[" + std::to_string(i) + "]";
    if (absl::Status status = CheckTool(tools[i], place); !status.ok()) return status;
  }
  absl::StatusOr<HttpBody> body = ParseHttpBody(R"({"tools":)" + std::string(*array) + "}");
  if (!body.ok()) return body.status();
  request->mutable_tools()->Swap(body->request.mutable_tools());
  return absl::OkStatus();
}

}  // namespace sparkgate::client
