#ifndef SPARKGATE_CLIENT_EXTRA_JOINER_H_
#define SPARKGATE_CLIENT_EXTRA_JOINER_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"

namespace sparkgate::client {

// Joins the extra_json of a stream's increments to the one that Chat would have returned, by the
// rule that stands with ChatMessage.extra_json. Values that came once keep every byte. What is no
// JSON object is passed over. What was added is not read again: a value of any length may come in
// any number of pieces.
class ExtraJoiner {
 public:
  void Add(std::string_view extra_json);

  // All so far as an object; "" if there was none.
  std::string Text() const;

 private:
  struct Member;

  // A value; text until something has to be joined with it.
  struct Node {
    enum class Form { kText, kObject, kArray };

    Form form = Form::kText;
    std::string text;
    std::vector<Member> members;
    std::vector<Node> elements;
    // Of an element that is an object: by what another one is known to go on with it.
    std::string index;  // as it is written
    std::string type;   // its meaning
  };

  static Node NodeOf(const JsonValue& value);
  static Node ElementOf(const JsonValue& value);
  static void Open(Node* node);
  static void Join(std::string_view key, const JsonValue& next, Node* node);
  static void JoinMembers(const JsonValue& next, Node* object);
  static void JoinElements(std::string_view key, const JsonValue& next, Node* array);
  static Node* Continued(bool content, const Node& element, Node* array);
  static void Render(const Node& node, std::string* out);

  Node root_;
};

struct ExtraJoiner::Member {
  std::string key;
  std::string raw_key;  // as it was written, with its quotes
  Node value;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_EXTRA_JOINER_H_
