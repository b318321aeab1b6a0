#include "service/translate/request_size.h"

#include <cstdint>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

class Counter {
 public:
  Counter(CodedInputStream* wire, size_t limit) : wire_(wire), left_(limit) {}

  // False at the first element beyond the limit, or where the wire cannot be read on.
  bool Message(const Descriptor* type) {
    while (const uint32_t tag = wire_->ReadTag()) {
      if (!Field(type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)), tag))
        return false;
    }
    return true;
  }

  bool over() const { return over_; }

 private:
  bool Field(const FieldDescriptor* field, uint32_t tag) {
    const bool unknown = field == nullptr;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      return (!unknown || Count()) && WireFormatLite::SkipField(wire_, tag);
    }
    uint32_t length = 0;
    if (!wire_->ReadVarint32(&length)) return false;
    const bool numbers =
        !unknown && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
        field->cpp_type() != FieldDescriptor::CPPTYPE_STRING;  // packed: no larger in memory
    if (!numbers && !Count()) return false;
    if (unknown || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return wire_->Skip(static_cast<int>(length));
    }
    const auto outer = wire_->PushLimit(static_cast<int>(length));
    const bool read = Message(field->message_type()) && wire_->ConsumedEntireMessage();
    wire_->PopLimit(outer);
    return read;
  }

  bool Count() {
    over_ = left_ == 0;
    if (!over_) --left_;
    return !over_;
  }

  CodedInputStream* const wire_;
  size_t left_;
  bool over_ = false;
};

}  // namespace

bool HasAtMostElements(google::protobuf::io::ZeroCopyInputStream* wire, const Descriptor* type,
                       size_t limit) {
  CodedInputStream coded(wire);
  Counter counter(&coded, limit);
  counter.Message(type);
  return !counter.over();
}

}  // namespace sparkgate::translate
