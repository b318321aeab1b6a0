#ifndef SPARKGATE_CLIENT_VERSION_H_
#define SPARKGATE_CLIENT_VERSION_H_

namespace sparkgate::client {

// Of the library and of sparkgate-chat.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_VERSION_H_
