#ifndef SPARKGATE_TESTS_FIELD_CASE_FILE_H_
#define SPARKGATE_TESTS_FIELD_CASE_FILE_H_

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace sparkgate::field {

// The bytes of cases/NAME.http.
inline std::string ReadCase(const std::string& name) {
  std::ifstream file("tests/field/cases/" + name + ".http", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace sparkgate::field

#endif  // SPARKGATE_TESTS_FIELD_CASE_FILE_H_
