package reply

import (
	"encoding/json"

	"github.com/seed64708441/ember/tokenize/chat"
)

// Reply is a whole answer of a model.
type Reply struct {
	Reasoning string
	Text      string
	Calls     []Call
	Errors    []*CallError // calls that failed
}

// Call is a call of a tool.
type Call struct {
	ID, Name  string
	Arguments json.RawMessage // a valid JSON object
}

// Add adds an event.
func (r *Reply) Add(e Event) {
	switch e.Kind {
	case Reasoning:
		r.Reasoning += e.Text
	case Text:
		r.Text += e.Text
	case CallEnd:
		r.Calls = append(r.Calls, Call{e.ID, e.Name, e.Arguments})
	case CallFailed:
		r.Errors = append(r.Errors, e.Err)
	}
}

// Parse splits a whole reply. The error is that of Parser; what is wrong with calls is in Reply.Errors.
func (f Format) Parse(text string, o Options) (Reply, error) {
	var r Reply
	p, err := f.Parser(o)
	if err != nil {
		return r, err
	}
	for _, e := range append(p.Push(text), p.Close()...) {
		r.Add(e)
	}
	return r, nil
}

// Message returns the reply as a message for the next turn of the conversation.
func (r *Reply) Message() (chat.Message, error) {
	m := chat.Assistant(r.Text)
	m.Reasoning = r.Reasoning
	for _, c := range r.Calls {
		arguments, err := chat.JSON(c.Arguments)
		if err != nil {
			return chat.Message{}, err
		}
		m.ToolCalls = append(m.ToolCalls, chat.ToolCall(c.ID, c.Name, arguments))
	}
	return m, nil
}
