"""Joins the deltas of StreamChat to the message that Chat would have returned, to append it to the next request.

    message = message_pb2.ChatMessage()
    for chunk in stub.StreamChat(request):
        add_delta(message, chunk.choices[0].delta)
    request.messages.append(message)

Text, reasoning and tool calls are all that most loops join. `extra_json` has what the upstream added: some models
want it back, such as signatures of their reasoning. Its rule stands with ChatMessage.extra_json in proto/.
"""

import json

NAMES = ("type", "id", "index", "format")  # said again with every piece of a thing


def add_delta(message, delta):
    """Adds one delta to `message`, which is empty at first."""
    message.role = delta.role or message.role or "assistant"
    append(message, delta, "content", "reasoning_content")
    add_extra(message, delta)
    for fragment in delta.tool_calls:
        if fragment.index == len(message.tool_calls):
            message.tool_calls.add()
        call = message.tool_calls[fragment.index]
        append(call, fragment, "id", "type")
        append(call.function, fragment.function, "name", "arguments")
        add_extra(call, fragment)
        add_extra(call.function, fragment.function)


def append(to, increment, *fields):
    for field in fields:
        if increment.HasField(field):  # what never came stays absent, and is not sent
            setattr(to, field, getattr(to, field) + getattr(increment, field))


def add_extra(to, increment):
    if not to.extra_json or not increment.extra_json:
        append(to, increment, "extra_json")  # as it came: json would write 1e400 as Infinity
    else:
        to.extra_json = json.dumps(joined("", json.loads(to.extra_json), json.loads(increment.extra_json)))


def joined(key, old, new):
    """What `old` and `new`, two values that came under `key`, are together."""
    if new is None:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: joined(name, old.get(name), value) for name, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        for element in new:
            at = continued(key, old, element)
            if at is None:
                old = old + [element]
            else:
                old = old[:at] + [joined("", old[at], element)] + old[at + 1 :]
        return old
    if isinstance(old, str) and isinstance(new, str) and key not in NAMES:
        return old + new
    return new


def continued(key, old, new):
    """The place in `old` of the element that `new` goes on with: the same `index`, or the text before it."""
    if not isinstance(new, dict):
        return None
    if new.get("index") is not None:
        for at, element in reversed(list(enumerate(old))):
            same = isinstance(element, dict) and element.get("index") == new["index"]
            if same and element.get("type", new.get("type")) == new.get("type", element.get("type")):
                return at
    elif key in ("content", "thinking") and old and is_text(old[-1]) and is_text(new):
        if old[-1]["type"] == new["type"]:
            return len(old) - 1
    return None


def is_text(part):
    members = {"type", "text", "thinking", "closed", "signature"}
    return isinstance(part, dict) and part.get("type") in ("text", "thinking") and part.keys() <= members
