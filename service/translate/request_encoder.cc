#include "service/translate/request_encoder.h"

#include <limits>

#include "base/json_writer.h"
#include "service/translate/caller_json.h"
#include "service/translate/field_path.h"
#include "service/translate/message_encoder.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {
namespace {

// Text with line ends and quotes grows by a tenth as JSON, and a control character to six.
constexpr size_t kMaxGrowth = 3;
constexpr size_t kAlwaysBytes = 1 << 20;

CallStatus TooLarge() {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_REQUEST_TOO_LARGE;
  status.pushback = Pushback::kNever;
  status.message =
      "The request would be over three times as large as JSON, and by over 1 MiB: control "
      "characters "
      "are written as six.";
  status.advice = "It was not sent: leave them out.";
  return status;
}

int RequestedChoices(const v1::ChatRequest& request, const ExtraBody& extra) {
  int32_t n = 1;
  if (request.has_n()) {
    n = request.n();
  } else if (const auto given = extra.Find("n")) {
    given->AsInteger(&n);
  }
  return n < 1 ? 1 : n;
}

std::string RequestedModel(const v1::ChatRequest& request, const ExtraBody& extra) {
  if (!request.model().empty()) return request.model();
  const auto given = extra.Find("model");
  return given && given->is(JsonKind::kString) ? std::string(given->AsText()) : "";
}

void WriteStream(const EncodeOptions& options, JsonWriter* writer) {
  if (!options.say_stream) return;
  // Said in both cases: some servers stream unless they are told not to.
  writer->Key("stream");
  writer->Bool(options.stream);
  if (options.stream && options.include_usage) {
    writer->Key("stream_options");
    writer->Raw(R"({"include_usage":true})");
  }
}

}  // namespace

CallStatus EncodeRequest(const v1::ChatRequest& request, const EncodeOptions& options,
                         UpstreamBody* body) {
  const MessageSchema& schema = MessageSchema::Of(v1::ChatRequest::descriptor());
  const FieldPath root;
  Violations violations;
  const ExtraBody extra(request, schema, root, /*is_root=*/true, &violations);
  body->model = RequestedModel(request, extra);
  const size_t bytes = options.request_bytes;
  JsonWriter writer(bytes + bytes / 8, bytes == 0 ? std::numeric_limits<size_t>::max()
                                                  : kMaxGrowth * bytes + kAlwaysBytes);
  writer.BeginObject();
  MessageEncoder(options.echo, &writer, &violations).Members(request, schema, extra, root);
  WriteStream(options, &writer);
  writer.EndObject();
  if (!violations.empty()) return std::move(violations).ToStatus();
  if (writer.over_limit()) return TooLarge();
  body->json = writer.Take();
  body->requested_choices = RequestedChoices(request, extra);
  return CallStatus();
}

}  // namespace sparkgate::translate
