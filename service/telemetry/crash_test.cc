#include "service/telemetry/crash.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sparkgate::telemetry {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

constexpr char kMadeUpKey[] = "fw_madeUpKeyOfTheCrash";

class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    setenv("FIREWORKS_API_KEY", kMadeUpKey, 1);
  }

  static void Die(int signal) {
    const std::string key = kMadeUpKey;  // in memory, as in the server
    InstallCrashHandler("sparkgate 0.1.0");
    raise(signal);
    _exit(key.empty() ? 1 : 0);
  }
};

TEST_F(CrashTest, TellsWhereAndDiesByTheSignal) {
  const struct {
    int signal;
    const char* name;
  } cases[] = {{SIGSEGV, "SIGSEGV"},
               {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},
               {SIGILL, "SIGILL"},
               {SIGABRT, "SIGABRT"}};
  for (const auto& c : cases) {
    EXPECT_EXIT(Die(c.signal), KilledBySignal(c.signal),
                AllOf(HasSubstr(std::string("*** sparkgate 0.1.0 died of ") + c.name + "; stack"),
                      HasSubstr("crash_test"), Not(HasSubstr("madeUp"))));
  }
}

TEST_F(CrashTest, AFaultOnAnotherThread) {
  EXPECT_EXIT(
      {
        InstallCrashHandler("sparkgate");
        std::thread([] {
          volatile uintptr_t nowhere = 64;  // the compiler must not see it
          *reinterpret_cast<volatile int*>(nowhere) = 1;
        }).join();
      },
      KilledBySignal(SIGSEGV), AllOf(HasSubstr("died of SIGSEGV"), Not(HasSubstr("madeUp"))));
}

TEST_F(CrashTest, AbortInTheMiddle) {
  EXPECT_EXIT(
      {
        InstallCrashHandler("sparkgate");
        std::abort();
      },
      KilledBySignal(SIGABRT), HasSubstr("died of SIGABRT"));
}

TEST_F(CrashTest, ForbidsCoreDumps) {
  EXPECT_EXIT(
      {
        const bool forbidden = ForbidCoreDumps();
        rlimit limit = {};
        getrlimit(RLIMIT_CORE, &limit);
        const bool right = forbidden && prctl(PR_GET_DUMPABLE) == 0 && limit.rlim_cur == 1;
        _exit(right ? 7 : 8);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace sparkgate::telemetry
