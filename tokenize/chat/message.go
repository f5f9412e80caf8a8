package chat

import (
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// Message is one message of a conversation. Templates see it as a dict with the keys role, content, reasoning_content, name,
// tool_calls and tool_call_id, in this order or that of the JSON it was decoded from, and those of Extra. A zero field is a
// key that is not there.
type Message struct {
	Role       string // "system", "user", "assistant", "tool" or another that the template knows
	Content    Content
	Reasoning  string  // what the assistant thought before it answered
	Name       string  // of the tool whose result this is, or of the speaker
	ToolCalls  []Value // what ToolCall returns, or other JSON objects
	ToolCallID string  // the call that this is the result of
	Extra      []Field // further keys

	keys []string // order of the keys in JSON
}

// Field is a key of a message with its value.
type Field struct {
	Name  string
	Value Value
}

// System returns a message with instructions.
func System(text string) Message { return Message{Role: "system", Content: Text(text)} }

// User returns a message of the user.
func User(text string) Message { return Message{Role: "user", Content: Text(text)} }

// UserParts returns a message of the user made of parts, such as text and images, in order.
func UserParts(parts ...Part) Message { return Message{Role: "user", Content: Parts(parts...)} }

// Assistant returns an answer of the model.
func Assistant(text string) Message { return Message{Role: "assistant", Content: Text(text)} }

// Tool returns the result of a tool that the assistant called. callID may be empty where the template needs none.
func Tool(callID, name, result string) Message {
	return Message{Role: "tool", Content: Text(result), Name: name, ToolCallID: callID}
}

// ToolCall returns a call of a function for Message.ToolCalls, in the form most templates know. Most want arguments to be a
// JSON object, some want its text.
func ToolCall(id, name string, arguments Value) Value {
	if arguments == nil {
		arguments = jinja.NewDict()
	}
	f := jinja.NewDict()
	f.Set("name", jinja.String(name))
	f.Set("arguments", arguments)
	call := jinja.NewDict()
	if id != "" {
		call.Set("id", jinja.String(id))
	}
	call.Set("type", jinja.String("function"))
	call.Set("function", f)
	return call
}

// Value returns the message as templates see it.
func (m *Message) Value() Value {
	d := jinja.NewDict()
	set := func(name string) {
		if v := m.field(name); v != nil {
			d.Set(name, v)
		}
	}
	for _, name := range m.keys {
		set(name)
	}
	for _, name := range []string{"role", "content", "reasoning_content", "name", "tool_calls", "tool_call_id"} {
		set(name)
	}
	for _, f := range m.Extra {
		set(f.Name)
	}
	return d
}

// field returns the value of a key, or nil. Of a key that is both a field and in Extra, the field counts.
func (m *Message) field(name string) Value {
	text := ""
	switch name {
	case "role":
		text = m.Role
	case "reasoning_content":
		text = m.Reasoning
	case "name":
		text = m.Name
	case "tool_call_id":
		text = m.ToolCallID
	case "content":
		if v := m.Content.Value(); v != nil {
			return v
		}
	case "tool_calls":
		if len(m.ToolCalls) > 0 {
			return jinja.NewList(m.ToolCalls...)
		}
	}
	if text != "" {
		return jinja.String(text)
	}
	for _, f := range m.Extra {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// UnmarshalJSON reads a message in the form of the OpenAI and Hugging Face interfaces. Every key is kept, in its order:
// those that have no field here, or have a value that the field cannot hold, are in Extra.
func (m *Message) UnmarshalJSON(data []byte) error {
	v, err := JSON(data)
	if err != nil {
		return err
	}
	d, ok := v.(*jinja.Dict)
	if !ok {
		return fmt.Errorf("chat: message is not a JSON object")
	}
	*m = Message{}
	for k, v := range d.All() {
		name := string(k.(jinja.String))
		m.keys = append(m.keys, name)
		if !m.setField(name, v) {
			m.Extra = append(m.Extra, Field{name, v})
		}
	}
	return nil
}

// setField sets the field for a key. It reports false where there is none, and where the field would lose the value.
func (m *Message) setField(name string, v Value) bool {
	text, isText := v.(jinja.String)
	isText = isText && text != ""
	switch name {
	case "role":
		m.Role = string(text)
	case "reasoning_content":
		m.Reasoning = string(text)
	case "name":
		m.Name = string(text)
	case "tool_call_id":
		m.ToolCallID = string(text)
	case "content":
		c, ok := contentOf(v)
		m.Content = c
		return ok
	case "tool_calls":
		list, ok := v.(*jinja.List)
		if !ok || list.Len() == 0 {
			return false
		}
		for i := range list.Len() {
			m.ToolCalls = append(m.ToolCalls, list.At(i))
		}
		return true
	default:
		return false
	}
	return isText
}
