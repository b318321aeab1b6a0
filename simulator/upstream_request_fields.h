// The text of tests/data/upstream_request_fields.json, put into the program when it is built.
#ifndef SPARKGATE_SIMULATOR_UPSTREAM_REQUEST_FIELDS_H_
#define SPARKGATE_SIMULATOR_UPSTREAM_REQUEST_FIELDS_H_

namespace sparkgate::simulator {

extern const char kUpstreamRequestFields[];

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_UPSTREAM_REQUEST_FIELDS_H_
