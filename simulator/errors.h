// The upstream's error answers, in its several shapes.
#ifndef SPARKGATE_SIMULATOR_ERRORS_H_
#define SPARKGATE_SIMULATOR_ERRORS_H_

#include <string>

#include "simulator/http.h"
#include "simulator/plan.h"

namespace sparkgate::simulator {

struct ErrorAnswer {
  int status = 500;
  std::string content_type = "application/json";
  std::string body;
  Fields fields;  // Further ones, such as Retry-After.
};

// The upstream's answer with this status; one that was never seen gets the gateway's shape.
ErrorAnswer StatusError(int status, const std::string& request_id);

// 400 of the inference layer.
ErrorAnswer InvalidRequest(const std::string& message, const std::string& request_id);

// The answer for every fault that is an error instead of a completion.
ErrorAnswer PlannedError(const Plan& plan, const std::string& request_id);

// The error object inside a stream, after a 200.
std::string ErrorEvent(const std::string& request_id);
// The same as some gateways send it: without a member `error`.
std::string BareErrorEvent();

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ERRORS_H_
