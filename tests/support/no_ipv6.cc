// A library for LD_PRELOAD: a kernel without IPv6, as one started with ipv6.disable=1.
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>

extern "C" __attribute__((visibility("default"))) int socket(int family, int type,
                                                             int protocol) noexcept {
  using Function = int (*)(int, int, int);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "socket"));
  if (family != AF_INET6) return real(family, type, protocol);
  errno = EAFNOSUPPORT;
  return -1;
}
