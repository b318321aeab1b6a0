#ifndef SPARKGATE_TESTS_BENCH_GATEWAY_H_
#define SPARKGATE_TESTS_BENCH_GATEWAY_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load_client.h"

namespace sparkgate::bench {

// A system that is measured: a process of its own between the client and the upstream, or nothing.
class Gateway {
 public:
  // Where the gateways find the upstream.
  struct Upstream {
    int port = 0;
    bool tls = false;  // with a certificate by tests/support's throw-away authority
  };
  // Any build of Sparkgate, by its path. No log line for each call, as nginx writes none.
  static std::unique_ptr<Gateway> Sparkgate(const std::string& name, const std::string& path,
                                            const Upstream& upstream, int loops);
  // `config`: the path of nginx.conf.
  static std::unique_ptr<Gateway> Nginx(const std::string& config, const Upstream& upstream,
                                        int workers);
  // Not measured: takes TLS 1.3 and hands the rest to the upstream.
  static std::unique_ptr<Gateway> TlsFront(const std::string& config, int upstream_port);
  // The client speaks to the upstream itself.
  static std::unique_ptr<Gateway> Direct(int upstream_port);

  ~Gateway() { Stop(); }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  const std::string& name() const { return name_; }
  bool is_grpc() const { return grpc_; }  // else HTTP/1.1
  int port() const { return port_; }
  pid_t pid() const { return pid_; }             // -1: there is no process
  double start_ms() const { return start_ms_; }  // until it accepted a connection
  uint64_t idle_rss_kib() const { return idle_rss_kib_; }

  std::unique_ptr<LoadClient> Client(const ClientOptions& options, LoadEvents* events) const;

  // Ends it; false if it did not end as it should.
  bool Stop();

 private:
  Gateway(std::string name, bool grpc) : name_(std::move(name)), grpc_(grpc) {}
  void Run(const std::vector<std::string>& arguments);
  // `replacements`: of what stands in the configuration, as @PORT@.
  void RunNginx(const std::string& config, std::map<std::string, std::string> replacements);

  const std::string name_;
  const bool grpc_;
  pid_t pid_ = -1;
  int port_ = 0;
  double start_ms_ = 0;
  uint64_t idle_rss_kib_ = 0;
  std::string folder_;  // removed at the end
};

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_GATEWAY_H_
