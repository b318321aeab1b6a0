#include "service/config/config_file.h"

#include <unistd.h>

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "service/config/files.h"
#include "service/config/nearest.h"
#include "yaml-cpp/yaml.h"

namespace sparkgate::config {
namespace {

using google::protobuf::FieldDescriptor;

constexpr size_t kMostBytes = 1 << 20;

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  absl::StatusOr<Settings> Read(const std::string& text) {
    try {
      ReadDocuments(YAML::LoadAll(text));
    } catch (const YAML::Exception& error) {
      Complain(error.mark, absl::StrCat("is neither YAML nor JSON here: ", error.msg));
    }
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(settings_);
  }

 private:
  void ReadDocuments(const std::vector<YAML::Node>& documents) {
    if (documents.empty()) return;
    if (documents.size() > 1) Complain(documents[1].Mark(), "begins a second document; give one");
    const YAML::Node& root = documents[0];
    if (root.IsNull()) return;
    if (!root.IsMap()) return Complain(root.Mark(), "is no mapping; give lines such as loops: 2");
    for (const auto& entry : root) ReadEntry(entry.first, entry.second);
  }

  void ReadEntry(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) return Complain(key.Mark(), "has a key that is no word");
    const std::string& name = key.Scalar();
    const FieldDescriptor* field = v1::Config::descriptor()->FindFieldByName(name);
    if (field == nullptr) {
      return Complain(key.Mark(), absl::StrCat("unknown key \"", name.substr(0, 64), "\"",
                                               DidYouMean(name, SettingNames(), "")));
    }
    if (settings_.origins.count(name) > 0) {
      return Complain(key.Mark(), absl::StrCat(name, " stands there twice"));
    }
    settings_.origins[name] = absl::StrCat(Place(key.Mark()), name);
    const absl::Status status = ReadValue(field, value);
    if (!status.ok()) {
      Complain(value.IsNull() ? key.Mark() : value.Mark(),
               absl::StrCat(name, ": ", status.message()));
    }
  }

  absl::Status ReadValue(const FieldDescriptor* field, const YAML::Node& value) {
    if (value.IsNull()) return absl::InvalidArgumentError("has no value");
    if (field->message_type() == v1::StringList::descriptor()) return ReadList(value);
    if (!value.IsScalar())
      return absl::InvalidArgumentError("is a list or a mapping; give one value");
    const bool quoted = value.Tag() == "!";
    const bool plain = field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL ||
                       field->cpp_type() == FieldDescriptor::CPPTYPE_INT32;
    if (quoted && plain) return absl::InvalidArgumentError("is text in quotes; leave them out");
    return SetFromText(field->name(), value.Scalar(), &settings_.values);
  }

  absl::Status ReadList(const YAML::Node& value) {
    if (!value.IsSequence()) return absl::InvalidArgumentError("is no list; give [name, name]");
    v1::StringList* list = settings_.values.mutable_header_allow_list();
    for (const YAML::Node& element : value) {
      if (!element.IsScalar()) return absl::InvalidArgumentError("has an element that is no text");
      list->add_values(element.Scalar());
    }
    return absl::OkStatus();
  }

  std::string Place(const YAML::Mark& mark) const {
    if (mark.is_null()) return absl::StrCat(path_, ": ");
    return absl::StrCat(path_, ":", mark.line + 1, ": ");
  }

  void Complain(const YAML::Mark& mark, const std::string& what) {
    problems_.push_back(Place(mark) + what);
  }

  const std::string path_;
  Settings settings_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<Settings> ParseConfigText(const std::string& text, const std::string& path) {
  return Reader(path).Read(text);
}

absl::StatusOr<Settings> ReadConfigFile(const std::string& path) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (fd.ok()) close(*fd);
  std::ifstream file;
  if (fd.ok()) file.open(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), text.size());
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--config=", path, ": cannot be read; give a file of settings in YAML or JSON"));
  }
  text.resize(file.gcount());
  if (text.size() > kMostBytes) {
    return absl::InvalidArgumentError(absl::StrCat("--config=", path, ": is over 1 MiB"));
  }
  return ParseConfigText(text, path);
}

}  // namespace sparkgate::config
