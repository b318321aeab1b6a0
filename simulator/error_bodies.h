// The upstream's error answers, in its several shapes.
#ifndef SPARKGATE_SIMULATOR_ERROR_BODIES_H_
#define SPARKGATE_SIMULATOR_ERROR_BODIES_H_

#include <string>

#include "simulator/plan.h"
#include "simulator/wire.h"

namespace sparkgate::simulator {

struct ErrorAnswer {
  int status = 500;
  std::string content_type = "application/json";
  std::string body;
  Fields fields;  // Further ones, such as Retry-After.
};

// What the upstream says with this status; statuses that nobody saw get the gateway's shape.
ErrorAnswer StatusError(int status, const std::string& request_id);

// 400 of the inference layer.
ErrorAnswer InvalidRequest(const std::string& message, const std::string& request_id);

// The answer for every fault that is an error instead of a completion.
ErrorAnswer PlannedError(const Plan& plan, const std::string& request_id);

// The object that arrives inside of a stream, after a 200.
std::string ErrorEvent(const std::string& request_id);
// The same as some gateways send it: without a member `error`.
std::string BareErrorEvent();

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ERROR_BODIES_H_
