#ifndef SPARKGATE_CLIENT_TESTING_TEST_SERVER_H_
#define SPARKGATE_CLIENT_TESTING_TEST_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/call_error.h"
#include "sparkgate/v1/debug_service.pb.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::client {

// The status of a made-up call, with serialised google.rpc details.
struct TestStatus {
  int code = 0;
  std::string message;
  std::string details;
  Metadata trailers;
};

// A call that has begun.
struct TestedCall {
  v1::ChatRequest request;
  Metadata metadata;
  bool streaming = false;
  std::string rpc;  // the method's name
};

// One call as its handler sees it, on a thread of gRPC's.
class TestCall {
 public:
  virtual ~TestCall() = default;
  virtual const v1::ChatRequest& request() const = 0;
  virtual const Metadata& metadata() const = 0;
  virtual bool streaming() const = 0;

  // Before the first Write.
  virtual void AddInitialMetadata(const std::string& name, const std::string& value) = 0;

  // StreamChat alone. false: the caller is gone.
  virtual bool Write(const v1::StreamChatResponse& message) = 0;
  // Chat alone.
  virtual v1::ChatResponse* response() = 0;

  virtual void WaitForCancel() = 0;
};

// A gRPC server in the test's process, on a free port of the loopback, whose answers are the
// test's.
class TestServer {
 public:
  using Handler = std::function<TestStatus(TestCall*)>;
  struct Tls {
    std::string key_pem;
    std::string certificate_pem;
  };

  // The other services; one that is not set is not served, as by a server that has it switched off.
  struct Others {
    std::function<TestStatus(v1::ListModelsResponse*)> list_models;
    std::function<TestStatus(v1::ExplainChatResponse*)> explain;
  };

  explicit TestServer(Handler handler) : TestServer(std::move(handler), Tls{}) {}
  TestServer(Handler handler, const Tls& tls);  // empty: without TLS
  explicit TestServer(Others others);           // a chat is UNIMPLEMENTED
  ~TestServer();

  // "127.0.0.1:PORT"
  std::string target() const;

  // What has been asked so far, in order.
  std::vector<TestedCall> calls() const;
  std::vector<v1::ChatRequest> requests() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Pieces of answers.
v1::StreamChatResponse Delta(const std::string& content);
v1::StreamChatResponse FinishDelta(const std::string& reason);

// The status that Sparkgate sends, with ErrorInfo and, if positive, RetryInfo.
TestStatus SparkgateStatus(int code, const std::string& message, const std::string& reason,
                           bool may_have_run, int retry_ms = 0);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_TESTING_TEST_SERVER_H_
