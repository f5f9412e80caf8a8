package model

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed64708441/ember/model/sample"
	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// Event is a piece of what a session generates. Text comes as soon as it is whole characters and cannot be the beginning
// of a stop text or mark. The last event has a Finish and the Usage.
type Event struct {
	// Kind says what Text is; EventText where the model's answer is not split into parts.
	Kind EventKind
	// Text is new text of the Kind; "" for a token that completes none, and mostly for the last event.
	Text string
	// Call is the call that the event is about, for the kinds of calls.
	Call ToolCall
	// CallError says what is wrong with a call, for EventCallFailed.
	CallError *reply.CallError
	// Token is the token chosen, or -1 for an event without one. A token may give several events.
	Token int32
	// LogProb is ln p of the token under the model, where Request.LogProbs asks for it.
	LogProb float32
	// TopLogProbs are the most probable tokens at this place, where asked for; valid until the next event.
	TopLogProbs []sample.TokenLogProb

	// Finish says why the generation ended; FinishNone for all events but the last.
	Finish Finish
	// Stop is the text of Request.Stop that ended it, for FinishStop.
	Stop string
	// Usage counts tokens and time; set in the last event.
	Usage Usage
}

// EventKind says what an event is about.
type EventKind uint8

// The kinds. Answers to Messages are split where the chat template of the model marks reasoning and calls.
const (
	// EventText is a piece of the answer.
	EventText EventKind = iota
	// EventReasoning is a piece of what the model thinks before it answers.
	EventReasoning
	// EventCallStart says that a call of a tool begins: Call has its Index and Name.
	EventCallStart
	// EventCallArguments is a piece of the JSON text of the arguments.
	EventCallArguments
	// EventCall is a whole call: Call is complete.
	EventCall
	// EventCallFailed is a call that is not what the syntax of the model wants: CallError says why.
	EventCallFailed
)

// String returns a short name.
func (k EventKind) String() string {
	names := [...]string{"text", "reasoning", "call start", "call arguments", "call", "call failed"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// ToolCall is a call of a tool.
type ToolCall struct {
	// Index counts the calls of an answer from 0.
	Index int
	// ID names the call, Name the tool.
	ID, Name string
	// Arguments is a valid JSON object, in EventCall.
	Arguments json.RawMessage
}

// Finish is why a generation ended.
type Finish uint8

// The reasons.
const (
	// FinishNone: it has not ended.
	FinishNone Finish = iota
	// FinishEOG: the model ended the text, or the grammar that holds it is at its end.
	FinishEOG
	// FinishStop: a text of Request.Stop was generated.
	FinishStop
	// FinishLength: Request.MaxTokens were generated.
	FinishLength
	// FinishContext: the context of the session is full.
	FinishContext
)

// String returns a short name.
func (f Finish) String() string {
	names := [...]string{"none", "end", "stop", "length", "context"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("Finish(%d)", uint8(f))
}

// Usage counts what a request took.
type Usage struct {
	// Reused tokens of the prompt were in the cache; Prefilled ones were computed; Generated ones are the answer, the
	// token that ends it included.
	Reused, Prefilled, Generated int
	// Proposed tokens were guessed (Request.Speculate), and Accepted of them were right.
	Proposed, Accepted int
	// PrefillTime is from the start until the first token can be chosen, DecodeTime from then on, the time that the
	// caller takes for events included.
	PrefillTime, DecodeTime time.Duration
}
