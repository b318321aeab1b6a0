#include "client/extra_joiner.h"

#include <algorithm>

namespace sparkgate::client {
namespace {

std::string TextOf(const JsonValue& value) {
  return value.is(JsonKind::kString) ? std::string(value.AsText()) : "";
}

// Of JSON text that is known to be some.
JsonKind KindOf(std::string_view text) {
  switch (text.front()) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 'n':
      return JsonKind::kNull;
    case 't':
    case 'f':
      return JsonKind::kBool;
    default:
      return JsonKind::kNumber;
  }
}

// Members that name a thing: a stream says them again with every piece of it.
bool IsName(std::string_view key) {
  return key == "type" || key == "id" || key == "index" || key == "format";
}

// A part of `content` that says nothing but its text can go on in the next part.
bool IsOnlyText(std::string_view type, std::string_view part) {
  if (type != "text" && type != "thinking") return false;
  JsonDocument document;
  document.Parse(part);
  bool only = true;
  document.root().ForEachMember([&](const JsonMember& member) {
    only = only && (member.key == "type" || member.key == "text" || member.key == "thinking" ||
                    member.key == "closed" || member.key == "signature");
  });
  return only;
}

}  // namespace

void ExtraJoiner::Add(std::string_view extra_json) {
  JsonDocument document;
  if (document.Parse(extra_json, JsonDocument::Source::kCaller) != JsonDocument::Result::kOk ||
      !document.root().is(JsonKind::kObject)) {
    return;
  }
  if (root_.text.empty() && root_.form == Node::Form::kText) {
    root_.text = extra_json;
  } else {
    Open(&root_);
    JoinMembers(document.root(), &root_);
  }
}

std::string ExtraJoiner::Text() const {
  std::string text;
  Render(root_, &text);
  return text;
}

ExtraJoiner::Node ExtraJoiner::NodeOf(const JsonValue& value) {
  Node node;
  node.text = value.raw();
  return node;
}

ExtraJoiner::Node ExtraJoiner::ElementOf(const JsonValue& value) {
  Node node = NodeOf(value);
  if (!value.is(JsonKind::kObject)) return node;
  if (const auto type = value.Find("type")) node.type = TextOf(*type);
  const auto index = value.Find("index");
  if (index && !index->is(JsonKind::kNull)) node.index = index->raw();
  return node;
}

void ExtraJoiner::Open(Node* node) {
  if (node->form != Node::Form::kText) return;
  const std::string text = std::move(node->text);
  node->text.clear();
  JsonDocument document;
  document.Parse(text);
  if (document.root().is(JsonKind::kObject)) {
    node->form = Node::Form::kObject;
    document.root().ForEachMember([&](const JsonMember& member) {
      node->members.push_back(
          {std::string(member.key), std::string(member.raw_key), NodeOf(member.value)});
    });
  } else {
    node->form = Node::Form::kArray;
    document.root().ForEachElement(
        [&](const JsonValue& element) { node->elements.push_back(ElementOf(element)); });
  }
}

void ExtraJoiner::JoinMembers(const JsonValue& next, Node* object) {
  next.ForEachMember([&](const JsonMember& member) {
    const auto known = std::find_if(object->members.begin(), object->members.end(),
                                    [&](const Member& other) { return other.key == member.key; });
    if (known != object->members.end()) {
      Join(member.key, member.value, &known->value);
    } else {
      object->members.push_back(
          {std::string(member.key), std::string(member.raw_key), NodeOf(member.value)});
    }
  });
}

void ExtraJoiner::Join(std::string_view key, const JsonValue& next, Node* node) {
  const JsonKind kind = next.kind();
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
    node->text.append(next.raw().substr(1));
  } else {
    *node = NodeOf(next);
  }
}

void ExtraJoiner::JoinElements(std::string_view key, const JsonValue& next, Node* array) {
  const bool content = key == "content" || key == "thinking";
  next.ForEachElement([&](const JsonValue& value) {
    Node element = ElementOf(value);
    if (Node* continued = Continued(content, element, array)) {
      Open(continued);
      JoinMembers(value, continued);
    } else {
      array->elements.push_back(std::move(element));
    }
  });
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
    out->append(",").append(member.raw_key).append(":");
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
