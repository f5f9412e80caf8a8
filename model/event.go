package model

import (
	"fmt"
	"time"

	"github.com/seed64708441/ember/model/sample"
)

// Event is a piece of what a session generates. Text comes as soon as it is whole characters and cannot be the beginning
// of a stop text. The last event has a Finish and the Usage.
type Event struct {
	// Text is new text; "" for a token that completes no character, and mostly for the last event.
	Text string
	// Token is the token chosen, or -1 for an event without one.
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

// Finish is why a generation ended.
type Finish uint8

// The reasons.
const (
	// FinishNone: it has not ended.
	FinishNone Finish = iota
	// FinishEOG: the model ended the text.
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
