#include "service/rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <malloc.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "service/rpc/server_call.h"
#include "sparkgate/v1/chat_service.grpc.pb.h"
#include "sparkgate/v1/debug_service.grpc.pb.h"
#include "sparkgate/v1/model_service.grpc.pb.h"

namespace sparkgate::rpc {
namespace {

using std::chrono::steady_clock;

constexpr int kWorkerThreads = 3;

// Requests that wait for a call, for each method. A call that comes finds one as long as fewer than
// this many come before the queue's thread has run.
constexpr int kAwaitedCalls = 64;

// To the upstream, over all loops, while no call uses them: a part of the descriptors that
// --max_calls and --max_connections leave (config/limits.h).
constexpr int kKeptConnections = 64;

// A cut call has this long to end: its forced Finish, then its Cancel after a second.
constexpr std::chrono::seconds kCutTime{3};
constexpr std::chrono::milliseconds kLookAgain{5};

// Beyond the time that a reader may stall: he is told first, and has a second to read it.
constexpr std::chrono::seconds kStuckTime{2};

// More than any call takes to end behind its last moment.
constexpr std::chrono::minutes kAgeGrace{1};

// As a channel argument has it.
int Milliseconds(std::chrono::milliseconds time) {
  return static_cast<int>(std::min<int64_t>(time.count(), std::numeric_limits<int>::max()));
}

void SetChannelArguments(grpc::ServerBuilder* builder, const ServerOptions& options) {
  // Callers may ping a silent connection every five seconds, give or take: a long time to first
  // token looks dead.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 4'500);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A caller whose machine vanished holds a generation that somebody pays for.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, std::max(options.max_calls, 1));
  // What is larger ends the whole connection in gRPC 1.51, with all calls on it. So it must be more
  // than the proxies let through that share a connection among callers (Envoy: 60 KiB).
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 128 * 1024);
  // A connection that does not greet holds a descriptor: two minutes by default.
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (options.max_connection_age.count() > 0) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                Milliseconds(options.max_connection_age));
    // No call is cut by it: each ends within its own time.
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                                Milliseconds(options.limits.max_call_time + kAgeGrace));
  }
  builder->SetMaxReceiveMessageSize(options.max_receive_bytes);
  // gRPC expands a message before it asks for its size: one megabyte of gzip became one gigabyte.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  if (options.max_request_memory > 0) {
    builder->SetResourceQuota(grpc::ResourceQuota("requests").Resize(options.max_request_memory));
  }
}

std::vector<std::string> ServiceNames(const ServerOptions& options) {
  std::vector<std::string> names = {v1::ChatService::service_full_name(),
                                    v1::ModelService::service_full_name()};
  if (options.debug_service) names.push_back(v1::DebugService::service_full_name());
  return names;
}

}  // namespace

Server::Server(ServerOptions options)
    : context_(std::move(options)),
      options_(context_.options),
      workers_(kWorkerThreads, [] { malloc_trim(0); }),
      chat_(MethodNames()),
      health_(ServiceNames(options_)) {
  if (options_.reflection) reflection_ = std::make_unique<Reflection>(ServiceNames(options_));
  if (options_.debug_service) explain_ = std::make_unique<Explain>(&context_);
}

Server::~Server() {
  if (server_ && !drained_) Drain();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                                      const upstream::Resolver* resolver) {
  std::unique_ptr<Server> server(new Server(std::move(options)));
  const absl::Status status = server->Build(resolver);
  if (!status.ok()) return status;
  return server;
}

absl::Status Server::Build(const upstream::Resolver* resolver) {
  auto acceptor =
      Acceptor::Listen(options_.listen_host, options_.listen_port, options_.max_connections);
  if (!acceptor.ok()) return acceptor.status();
  acceptor_ = *std::move(acceptor);

  grpc::ServerBuilder builder;
  SetChannelArguments(&builder, options_);
  builder.RegisterService(&chat_);
  builder.RegisterService(health_.service());
  if (reflection_) builder.RegisterService(reflection_->service());
  if (explain_) builder.RegisterService(explain_->service());
  auto target = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      options_.credentials ? options_.credentials : grpc::InsecureServerCredentials());
  queue_ = std::make_unique<Queue>(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  if (!server_) return absl::InternalError("gRPC did not start; its own log says why");

  upstream::ClientOptions client = options_.client;
  client.kept_connections = std::max(kKeptConnections / options_.loops, 1);
  for (int i = 0; i < options_.loops; ++i) {
    loops_.push_back(std::make_unique<call::LoopThread>(client, resolver, &workers_));
    context_.loops.push_back(loops_.back().get());
  }
  // Started now: when the process ends there may be no thread left to be had.
  shutdown_thread_ = std::thread([this] {
    drain_begun_.get_future().wait();
    server_->Shutdown(std::chrono::system_clock::now() + options_.drain_grace + kCutTime +
                      std::chrono::seconds(2));
  });
  AwaitCalls();
  queue_->Start();
  acceptor_->Start(std::move(target), options_.limits.reader_stall + kStuckTime);
  return absl::OkStatus();
}

void Server::AwaitCalls() {
  context_.queue = queue_.get();
  context_.workers = &workers_;
  context_.acceptor = acceptor_.get();
  RequestTimer* const timer = &context_.request_timer;
  timer->Start(queue_.get(), options_.request_timeout);
  for (int i = 0; i < kAwaitedCalls; ++i) {
    for (const Method method : kMethods) ServerCall::Await(&context_, &chat_, method);
  }
  health_.Start(queue_.get(), timer);
  if (reflection_) reflection_->Start(queue_.get(), timer, acceptor_.get());
  if (explain_) explain_->Start();
}

void Server::Drain() {
  drained_ = true;
  health_.SetNotServing();
  Notice("draining: not ready, still taking calls");
  std::this_thread::sleep_for(options_.drain_delay);

  acceptor_->Stop();
  // GOAWAY goes out at once; running calls go on. Its own deadline must never be met by one of
  // ours: what it cancels ends as UNAVAILABLE, which would invite the caller to send again what has
  // run.
  drain_begun_.set_value();
  // A call that gRPC had taken by then is one of ours like any other: refusing it with a status
  // would not move its caller to another server. Once no request waits for a call, none can come
  // any more.
  WaitForNone(&Server::Awaiting, kCutTime);
  if (!WaitForNone(&Server::OwnCalls, options_.drain_grace)) CutOwnCalls();
  // Only now: watches and reflection streams would hold Shutdown until its deadline.
  grpc_server_cancel_all_calls(server_->c_server());
  shutdown_thread_.join();
  // Shutdown may return before what was cancelled is over.
  if (!WaitForNone(&Server::QueueUsers, kCutTime)) {
    Notice("gRPC still holds " + std::to_string(QueueUsers()) + " calls; ending without it");
    options_.end_process(1);
  }
  if (const int abandoned = context_.abandoned.load(); abandoned > 0) {
    Notice("drained, but for " + std::to_string(abandoned) + " calls that gRPC never gave back");
    options_.end_process(0);
  }
  queue_->ShutdownAndJoin();
  // Before the loops, to which workers post what they have decoded, if for callers who have left.
  workers_.Join();
  loops_.clear();
  Notice("drained");
}

void Server::CutOwnCalls() {
  Notice("drain_grace is over: ending " + std::to_string(OwnCalls()) + " calls");
  for (auto& loop : loops_) {
    loop->Post([loop = loop.get()] { loop->DrainCalls(); });
  }
  if (!WaitForNone(&Server::OwnCalls, kCutTime)) {
    Notice("calls did not end when told to: " + std::to_string(OwnCalls()));
  }
}

bool Server::WaitForNone(int (Server::*count)() const, std::chrono::milliseconds limit) const {
  const auto until = steady_clock::now() + limit;
  while ((this->*count)() > 0 && steady_clock::now() < until) {
    std::this_thread::sleep_for(kLookAgain);
  }
  return (this->*count)() == 0;
}

void Server::Notice(const std::string& message) const {
  if (options_.on_notice) options_.on_notice(message);
}

}  // namespace sparkgate::rpc
