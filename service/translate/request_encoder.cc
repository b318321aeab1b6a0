#include "service/translate/request_encoder.h"

#include "service/translate/caller_json.h"
#include "service/translate/field_path.h"
#include "service/translate/json_writer.h"
#include "service/translate/message_encoder.h"
#include "service/translate/shape.h"

namespace sparkgate::translate {
namespace {

int RequestedChoices(const v1::ChatRequest& request, const ExtraBody& extra) {
  int32_t n = 1;
  if (request.has_n()) {
    n = request.n();
  } else if (const auto given = extra.Find("n")) {
    given->AsInteger(&n);
  }
  return n < 1 ? 1 : n;
}

void WriteStream(const EncodeOptions& options, JsonWriter* writer) {
  if (!options.stream) return;
  writer->Key("stream");
  writer->Bool(true);
  if (options.include_usage) {
    writer->Key("stream_options");
    writer->Raw(R"({"include_usage":true})");
  }
}

}  // namespace

CallStatus EncodeRequest(const v1::ChatRequest& request, const EncodeOptions& options,
                         UpstreamBody* body) {
  const Shape& shape = Shape::Of(v1::ChatRequest::descriptor());
  const FieldPath root;
  Violations violations;
  const ExtraBody extra(request, shape, root, /*is_root=*/true, &violations);
  JsonWriter writer;
  writer.BeginObject();
  MessageEncoder(&writer, &violations).Members(request, shape, extra, root);
  WriteStream(options, &writer);
  writer.EndObject();
  if (!violations.empty()) return std::move(violations).ToStatus();
  body->json = writer.Take();
  body->requested_choices = RequestedChoices(request, extra);
  return CallStatus();
}

}  // namespace sparkgate::translate
