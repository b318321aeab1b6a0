#include "client/extra_joiner.h"

#include <algorithm>

#include "client/json_text.h"

namespace sparkgate::client {
namespace {

std::string Meaning(std::string_view string) {
  return KindOf(string) == JsonKind::kString ? TextOf(string).value_or("") : "";
}

bool SameKey(std::string_view a, std::string_view b) { return a == b || Meaning(a) == Meaning(b); }

// Members that name a thing: a stream says them again with every piece of it.
bool IsName(std::string_view key) {
  return key == "type" || key == "id" || key == "index" || key == "format";
}

// A part of `content` that says nothing but its text can go on in the next part.
bool IsOnlyText(std::string_view type, std::string_view part) {
  if (type != "text" && type != "thinking") return false;
  const auto members = MembersOf(part);
  return std::all_of(members.begin(), members.end(), [](const JsonMember& member) {
    const std::string key = Meaning(member.key);
    return key == "type" || key == "text" || key == "thinking" || key == "closed" ||
           key == "signature";
  });
}

}  // namespace

void ExtraJoiner::Add(std::string_view extra_json) {
  if (!CheckJson(extra_json).ok() || KindOf(extra_json) != JsonKind::kObject) return;
  if (root_.text.empty() && root_.form == Node::Form::kText) {
    root_.text = extra_json;
  } else {
    Open(&root_);
    JoinMembers(extra_json, &root_);
  }
}

std::string ExtraJoiner::Text() const {
  std::string text;
  Render(root_, &text);
  return text;
}

ExtraJoiner::Node ExtraJoiner::NodeOf(std::string_view text) {
  Node node;
  node.text = text;
  return node;
}

ExtraJoiner::Node ExtraJoiner::ElementOf(std::string_view text) {
  Node node = NodeOf(text);
  if (KindOf(text) != JsonKind::kObject) return node;
  for (const JsonMember& member : MembersOf(text)) {
    const std::string key = Meaning(member.key);
    if (key == "type") node.type = Meaning(member.value);
    if (key == "index" && KindOf(member.value) != JsonKind::kNull) node.index = member.value;
  }
  return node;
}

void ExtraJoiner::Open(Node* node) {
  if (node->form != Node::Form::kText) return;
  const std::string text = std::move(node->text);
  node->text.clear();
  if (KindOf(text) == JsonKind::kObject) {
    node->form = Node::Form::kObject;
    for (const JsonMember& member : MembersOf(text)) {
      node->members.push_back({std::string(member.key), NodeOf(member.value)});
    }
  } else {
    node->form = Node::Form::kArray;
    for (const std::string_view element : ElementsOf(text)) {
      node->elements.push_back(ElementOf(element));
    }
  }
}

ExtraJoiner::Node* ExtraJoiner::Find(std::string_view key, Node* object) {
  for (Member& member : object->members) {
    if (SameKey(member.key, key)) return &member.value;
  }
  return nullptr;
}

void ExtraJoiner::JoinMembers(std::string_view next, Node* object) {
  for (const JsonMember& member : MembersOf(next)) {
    if (Node* known = Find(member.key, object)) {
      Join(Meaning(member.key), member.value, known);
    } else {
      object->members.push_back({std::string(member.key), NodeOf(member.value)});
    }
  }
}

void ExtraJoiner::Join(std::string_view key, std::string_view next, Node* node) {
  const JsonKind kind = KindOf(next);
  if (kind == JsonKind::kNull) return;
  const JsonKind known = node->form == Node::Form::kObject  ? JsonKind::kObject
                         : node->form == Node::Form::kArray ? JsonKind::kArray
                                                            : KindOf(node->text);
  if (kind == known && kind == JsonKind::kObject) {
    Open(node);
    JoinMembers(next, node);
  } else if (kind == known && kind == JsonKind::kArray) {
    Open(node);
    JoinElements(key, next, node);
  } else if (kind == known && kind == JsonKind::kString && !IsName(key)) {
    node->text.pop_back();  // the quote between the two
    node->text.append(next.substr(1));
  } else {
    *node = NodeOf(next);
  }
}

void ExtraJoiner::JoinElements(std::string_view key, std::string_view next, Node* array) {
  const bool content = key == "content" || key == "thinking";
  for (const std::string_view text : ElementsOf(next)) {
    Node element = ElementOf(text);
    if (Node* continued = Continued(content, element, array)) {
      Open(continued);
      JoinMembers(text, continued);
    } else {
      array->elements.push_back(std::move(element));
    }
  }
}

// The element that `element` goes on with; null if it is a new one.
ExtraJoiner::Node* ExtraJoiner::Continued(bool content, const Node& element, Node* array) {
  if (!element.index.empty()) {
    const auto known =
        std::find_if(array->elements.rbegin(), array->elements.rend(), [&](const Node& other) {
          const bool same_type =
              other.type == element.type || other.type.empty() || element.type.empty();
          return other.index == element.index && same_type;
        });
    return known == array->elements.rend() ? nullptr : &*known;
  }
  if (!content || array->elements.empty()) return nullptr;
  Node& last = array->elements.back();
  if (last.type != element.type || !last.index.empty()) return nullptr;
  // What is open has been joined before, with the like.
  const bool text = IsOnlyText(element.type, element.text) &&
                    (last.form != Node::Form::kText || IsOnlyText(last.type, last.text));
  return text ? &last : nullptr;
}

void ExtraJoiner::Render(const Node& node, std::string* out) {
  const bool object = node.form == Node::Form::kObject;
  if (node.form == Node::Form::kText) {
    out->append(node.text);
    return;
  }
  const size_t begin = out->size();
  for (const Member& member : node.members) {
    out->append(",").append(member.key).append(":");
    Render(member.value, out);
  }
  for (const Node& element : node.elements) {
    out->push_back(',');
    Render(element, out);
  }
  if (out->size() == begin) out->push_back(' ');
  (*out)[begin] = object ? '{' : '[';  // in place of the first comma
  out->push_back(object ? '}' : ']');
}

}  // namespace sparkgate::client
