#ifndef SPARKGATE_SERVICE_UPSTREAM_JOB_CALLBACKS_H_
#define SPARKGATE_SERVICE_UPSTREAM_JOB_CALLBACKS_H_

#include <curl/curl.h>

#include "service/upstream/job.h"

namespace sparkgate::upstream {

// What libcurl calls while it runs a job.
struct JobCallbacks {
  static void Install(Job* job);

  static curl_socket_t OnOpenSocket(void* job, curlsocktype purpose, curl_sockaddr* address);
  static int OnPrerequest(void* job, char* remote_ip, char* local_ip, int remote_port,
                          int local_port);
  static size_t OnRead(char* buffer, size_t size, size_t count, void* job);
  static size_t OnHeader(char* line, size_t size, size_t count, void* job);
  static int OnDebug(CURL* easy, curl_infotype type, char* text, size_t size, void* data);
  static size_t OnWrite(char* bytes, size_t size, size_t count, void* job);
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_JOB_CALLBACKS_H_
