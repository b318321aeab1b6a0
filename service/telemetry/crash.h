#ifndef SPARKGATE_SERVICE_TELEMETRY_CRASH_H_
#define SPARKGATE_SERVICE_TELEMETRY_CRASH_H_

namespace sparkgate::telemetry {

// On a fatal signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT): the signal's name and a stack trace
// to stderr, functions and addresses only, then death by that signal. Called once, from main, at
// start, with the name to print. Who blocks signals must leave these five alone: a fault while its
// signal is blocked kills without a word.
void InstallCrashHandler(const char* program);

// No core dumps, no debuggers: memory holds the key and prompts. Called at start unless the
// configuration allows it. False if the kernel refused. (LeakSanitizer, too, looks into the process
// from outside, and cannot after this unless it runs as root.)
bool ForbidCoreDumps();

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_CRASH_H_
