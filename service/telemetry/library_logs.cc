#include "service/telemetry/library_logs.h"

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"

namespace sparkgate::telemetry {
namespace {

constexpr int kLinesPerSecond = 5;
constexpr size_t kMostSites =
    256;  // the libraries have fewer; beyond it one limit for all the rest

// Where both handlers, which are plain functions, find the logger.
class Router {
 public:
  static Router& Get() {
    static Router* const router = new Router;  // libraries log until the very end
    return *router;
  }

  void Route(Logger* logger) {
    std::lock_guard<std::mutex> lock(mutex_);
    logger_ = logger;
  }

  void Log(Level level, std::string_view library, const char* file, int line,
           std::string_view message) {
    const char* slash = std::strrchr(file, '/');
    const std::string site =
        std::string(slash != nullptr ? slash + 1 : file) + ":" + std::to_string(line);
    std::lock_guard<std::mutex> lock(mutex_);
    if (logger_ == nullptr) return;
    logger_->LogLimited(LimitOf(site), level, message, {{"library", library}, {"site", site}});
  }

 private:
  RateLimit* LimitOf(const std::string& site) {
    const auto found = limits_.find(site);
    if (found != limits_.end()) return &found->second;
    if (limits_.size() >= kMostSites) return &rest_;
    return &limits_.try_emplace(site, kLinesPerSecond).first->second;
  }

  std::mutex mutex_;
  Logger* logger_ = nullptr;
  std::map<std::string, RateLimit> limits_;
  RateLimit rest_{kLinesPerSecond};
};

void OnGrpcLog(gpr_log_func_args* args) {
  const Level level = args->severity == GPR_LOG_SEVERITY_ERROR  ? Level::kError
                      : args->severity == GPR_LOG_SEVERITY_INFO ? Level::kInfo
                                                                : Level::kDebug;
  Router::Get().Log(level, "grpc", args->file, args->line, args->message);
}

void OnProtobufLog(google::protobuf::LogLevel severity, const char* file, int line,
                   const std::string& message) {
  const Level level = severity == google::protobuf::LOGLEVEL_INFO      ? Level::kInfo
                      : severity == google::protobuf::LOGLEVEL_WARNING ? Level::kWarning
                                                                       : Level::kError;
  Router::Get().Log(level, "protobuf", file, line, message);
}

}  // namespace

void RouteLibraryLogs(Logger* logger) {
  static google::protobuf::LogHandler* const own = google::protobuf::SetLogHandler(&OnProtobufLog);
  Router::Get().Route(logger);
  gpr_set_log_function(logger != nullptr ? &OnGrpcLog : nullptr);
  google::protobuf::SetLogHandler(logger != nullptr ? &OnProtobufLog : own);
}

}  // namespace sparkgate::telemetry
