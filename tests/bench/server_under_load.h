#ifndef SPARKGATE_TESTS_BENCH_SERVER_UNDER_LOAD_H_
#define SPARKGATE_TESTS_BENCH_SERVER_UNDER_LOAD_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace sparkgate::bench {

// A process of the server that is measured: any build of it, given by its path.
class ServerUnderLoad {
 public:
  // Waits until it listens; port() is 0 if it does not.
  ServerUnderLoad(const std::string& path, int upstream_port, int loops);
  ~ServerUnderLoad() { Stop(); }
  ServerUnderLoad(const ServerUnderLoad&) = delete;
  ServerUnderLoad& operator=(const ServerUnderLoad&) = delete;

  pid_t pid() const { return pid_; }
  int port() const { return port_; }
  double start_ms() const { return start_ms_; }  // until it listened

  // Stubs on so many connections of their own.
  std::vector<std::unique_ptr<grpc::GenericStub>> Connect(int connections) const;

  // Drains it; whether it ended as it should.
  bool Stop();

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  double start_ms_ = 0;
};

// A request with a prompt of 1 KiB.
grpc::ByteBuffer ChatRequestBytes();

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_SERVER_UNDER_LOAD_H_
