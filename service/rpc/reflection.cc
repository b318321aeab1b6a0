#include "service/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "service/rpc/request_reader.h"

namespace sparkgate::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

constexpr std::chrono::seconds kLife{60};

std::vector<std::string> WithOwn(std::vector<std::string> services) {
  services.emplace_back("grpc.health.v1.Health");
  services.emplace_back("grpc.reflection.v1.ServerReflection");
  services.emplace_back("grpc.reflection.v1alpha.ServerReflection");
  std::sort(services.begin(), services.end());
  return services;
}

void NotFound(const std::string& what, ServerReflectionResponse* response) {
  auto* error = response->mutable_error_response();
  error->set_error_code(static_cast<int>(grpc::StatusCode::NOT_FOUND));
  error->set_error_message(what + " is not known here");
}

// A file comes with those that it imports, each once.
void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>* added,
             ServerReflectionResponse* response) {
  if (!added->insert(file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  response->mutable_file_descriptor_response()->add_file_descriptor_proto(
      proto.SerializeAsString());
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddFile(file->dependency(i), added, response);
  }
}

void AddFile(const FileDescriptor* file, const std::string& endpoint,
             ServerReflectionResponse* response) {
  std::set<const FileDescriptor*> added;
  if (file == nullptr) return NotFound(endpoint, response);
  AddFile(file, &added, response);
}

void AddExtensionNumbers(const std::string& type, ServerReflectionResponse* response) {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  const Descriptor* descriptor = pool->FindMessageTypeByName(type);
  if (descriptor == nullptr) return NotFound(type, response);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type);
  std::vector<const FieldDescriptor*> extensions;
  pool->FindAllExtensions(descriptor, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

const FileDescriptor* FileOfExtension(const std::string& type, int number) {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  const Descriptor* descriptor = pool->FindMessageTypeByName(type);
  if (descriptor == nullptr) return nullptr;
  const FieldDescriptor* extension = pool->FindExtensionByNumber(descriptor, number);
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

// One stream: reads a question, writes its answer, and so on, until its time is over.
class Reflection::Stream final : public RawCall {
 public:
  Stream(Reflection* reflection, const Source& source) : RawCall(source), reflection_(reflection) {}
  ~Stream() override {
    if (counted_) reflection_->open_.fetch_sub(1);
  }

 private:
  class Alarm final : public Tag {
   public:
    explicit Alarm(Stream* stream) : stream_(stream) {}
    void OnTag(bool ok) override { stream_->OnAlarm(ok); }

   private:
    Stream* const stream_;
  };

  void AwaitNext() override { (new Stream(reflection_, source()))->Await(); }

  void OnCall() override {
    counted_ = true;
    if (reflection_->open_.fetch_add(1) >= kMaxStreams) {
      return Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many reflection streams are open on this server"));
    }
    Hold();
    alarm_.Set(source().queue->get(), std::chrono::system_clock::now() + kLife, &expired_);
    Read();
  }

  void OnRequest(grpc::ByteBuffer* bytes) override {
    Request request;
    if (!ParseSmall(bytes, &request)) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no reflection request"));
    }
    Write(ToByteBuffer(reflection_->Answer(request).SerializeAsString()));
  }

  void OnHalfClose() override { Finish(grpc::Status::OK); }

  void OnWritten(bool ok) override {
    if (ok) return Read();
    Finish(grpc::Status::OK);
  }

  void OnAlarm(bool ok) {
    if (ok) context()->TryCancel();
    Release();
  }

  void OnFinish() override { alarm_.Cancel(); }

  Reflection* const reflection_;
  grpc::Alarm alarm_;
  Alarm expired_{this};
  bool counted_ = false;
};

Reflection::Reflection(std::vector<std::string> services)
    : services_(WithOwn(std::move(services))),
      service_({"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
  // Links v1alpha's file, which nothing else refers to: its messages are read as v1's.
  grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
}

void Reflection::Start(Queue* queue, RequestTimer* request_timer, const Acceptor* acceptor) {
  for (const int method : {0, 1})
    (new Stream(this, {queue, request_timer, &service_, method, acceptor}))->Await();
}

void Reflection::ListServices(Response* response) const {
  for (const std::string& name : services_) {
    response->mutable_list_services_response()->add_service()->set_name(name);
  }
}

Reflection::Response Reflection::Answer(const Request& request) const {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      AddFile(pool->FindFileByName(request.file_by_filename()), request.file_by_filename(),
              &response);
      break;
    case Request::kFileContainingSymbol:
      AddFile(pool->FindFileContainingSymbol(request.file_containing_symbol()),
              request.file_containing_symbol(), &response);
      break;
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      AddFile(FileOfExtension(extension.containing_type(), extension.extension_number()),
              extension.containing_type(), &response);
      break;
    }
    case Request::kAllExtensionNumbersOfType:
      AddExtensionNumbers(request.all_extension_numbers_of_type(), &response);
      break;
    case Request::kListServices:
      ListServices(&response);
      break;
    default:
      response.mutable_error_response()->set_error_code(
          static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
      response.mutable_error_response()->set_error_message("the request asks for nothing");
  }
  return response;
}

}  // namespace sparkgate::rpc
