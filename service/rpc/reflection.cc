#include "service/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/alarm.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "service/rpc/byte_buffer.h"

namespace sparkgate::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

constexpr std::chrono::seconds kLife{60};
constexpr size_t kMaxRequestBytes = 64 * 1024;

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

void AddFile(const FileDescriptor* file, const std::string& asked,
             ServerReflectionResponse* response) {
  std::set<const FileDescriptor*> added;
  if (file == nullptr) return NotFound(asked, response);
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

bool Parse(grpc::ByteBuffer* buffer, ServerReflectionRequest* request) {
  if (buffer->Length() > kMaxRequestBytes) return false;
  return grpc::SerializationTraits<ServerReflectionRequest>::Deserialize(buffer, request).ok();
}

}  // namespace

// One stream, from waiting for it to its end: reads a question, writes its answer, and so on. At
// most one of read, write and finish is out; the alarm and the call's end come beside them, on any
// thread.
class Reflection::Stream final {
 public:
  Stream(Reflection* reflection, int method)
      : reflection_(reflection), method_(method), stream_(&context_) {
    reflection_->queue_->AddUser();
    context_.AsyncNotifyWhenDone(&when_done_);
    reflection_->service_.Request(method, &context_, &stream_, reflection_->queue_->get(), &new_);
  }
  ~Stream() { reflection_->queue_->RemoveUser(); }

 private:
  class Operation final : public Tag {
   public:
    using Handler = void (Stream::*)(bool ok);
    Operation(Stream* stream, Handler handler) : stream_(stream), handler_(handler) {}
    void OnTag(bool ok) override { (stream_->*handler_)(ok); }

   private:
    Stream* const stream_;
    const Handler handler_;
  };

  void OnNew(bool ok) {
    if (!ok) {
      delete this;  // the server is going away; nothing else comes for this object
      return;
    }
    new Stream(reflection_, method_);
    counted_ = true;
    if (reflection_->open_.fetch_add(1) >= kMaxStreams) {
      return Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many reflection streams are open on this server"));
    }
    outstanding_.fetch_add(1);
    alarm_.Set(reflection_->queue_->get(), std::chrono::system_clock::now() + kLife, &expired_);
    stream_.Read(&buffer_, &read_);
  }

  void OnRead(bool ok) {
    if (!ok) return Finish(grpc::Status::OK);
    Request request;
    if (!Parse(&buffer_, &request)) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no reflection request"));
    }
    if (gone_.load()) return Finish(grpc::Status::OK);
    stream_.Write(ToByteBuffer(reflection_->Answer(request).SerializeAsString()), &written_);
  }

  void OnWritten(bool ok) {
    if (!ok || gone_.load()) return Finish(grpc::Status::OK);
    stream_.Read(&buffer_, &read_);
  }

  void OnExpired(bool ok) {
    if (ok) context_.TryCancel();
    Release();
  }

  void OnDone(bool) {
    gone_.store(context_.IsCancelled());
    Release();
  }

  void OnFinished(bool) {
    alarm_.Cancel();
    Release();
  }

  void Finish(const grpc::Status& status) {
    if (gone_.load()) return OnFinished(false);  // gRPC could lose it, see CallPort
    stream_.Finish(status, &finished_);
  }

  void Release() {
    if (outstanding_.fetch_sub(1) > 1) return;
    if (counted_) reflection_->open_.fetch_sub(1);
    delete this;
  }

  Reflection* const reflection_;
  const int method_;
  grpc::ServerContext context_;
  RawStream stream_;
  grpc::ByteBuffer buffer_;
  grpc::Alarm alarm_;
  Operation new_{this, &Stream::OnNew};
  Operation read_{this, &Stream::OnRead};
  Operation written_{this, &Stream::OnWritten};
  Operation expired_{this, &Stream::OnExpired};
  Operation when_done_{this, &Stream::OnDone};
  Operation finished_{this, &Stream::OnFinished};
  std::atomic<int> outstanding_{2};  // the end of the call, and Finish
  std::atomic<bool> gone_{false};
  bool counted_ = false;
};

Reflection::Reflection(std::vector<std::string> services)
    : services_(WithOwn(std::move(services))),
      service_({"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
  // Links v1alpha's file, which nothing else refers to: its messages are read as v1's.
  grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
}

void Reflection::Start(Queue* queue) {
  queue_ = queue;
  for (const int method : {0, 1}) new Stream(this, method);
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
