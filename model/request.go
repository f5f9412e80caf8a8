package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/model/sample"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// Request asks a session for text. Exactly one of Messages, Prompt and Tokens says after what; each is the whole text
// that the model shall see, and what the session already holds of it is not computed again. The zero values of the other
// fields work: greedy choice until the model ends the text.
type Request struct {
	// Messages is a conversation, rendered with the chat template of the model's file.
	Messages []chat.Message
	// Prompt is a text to complete as it is, after the token that begins texts where the model has one.
	Prompt string
	// Tokens is a text to complete as token ids, taken as they are.
	Tokens []int32
	// Append puts Prompt or Tokens after what the session holds, instead of comparing them with it.
	Append bool
	// ParseSpecial lets special tokens written in Prompt, such as <|im_end|>, be those tokens. Text of users should not
	// be able to write them. Messages are always parsed so, since templates write them.
	ParseSpecial bool

	// Template gives further input of the chat template.
	Template TemplateInput

	// Tools may be called by the answer to Messages. What the model writes as a call is held to its own syntax and to the
	// schemas of the tools while it is generated, so that every call can be carried out.
	Tools []tool.Def
	// ToolChoice says whether a tool must be called; the zero value leaves it to the model.
	ToolChoice reply.Choice
	// Schema is a JSON Schema that the answer is held to, after reasoning; with Tools the answer is that or calls.
	Schema json.RawMessage
	// Grammar is what the answer is held to, after reasoning; not with Tools or Schema. Use the same Grammar for further
	// requests: it is prepared once.
	Grammar *grammar.Grammar
	// ThinkTokens is the most tokens of reasoning, after which the model is led to its answer; 0 is no limit.
	ThinkTokens int

	// MaxTokens is the most tokens to generate; 0 is until the text or the context ends.
	MaxTokens int
	// Temperature, when not nil, replaces Sampling.Temperature.
	Temperature *float64
	// Seed, when not 0, replaces Sampling.Seed.
	Seed uint64
	// Sampling says how tokens are chosen; its zero value is greedy. Penalties see the prompt too.
	Sampling sample.Params
	// Stop are texts that end the generation; they are not part of it. They are looked for in the answer, not in reasoning
	// and calls.
	Stop []string
	// IgnoreEOG goes on where the model would end the text.
	IgnoreEOG bool
	// Speculate lets several tokens be computed in one step where they can be guessed. It never changes what is generated.
	Speculate Speculation
	// LogProbs asks for Event.LogProb, and TopLogProbs for that many alternatives of every token, at most 1000.
	LogProbs    bool
	TopLogProbs int
}

// TemplateInput is what a chat template may use beside the messages.
type TemplateInput struct {
	// Tools and Documents are JSON objects as package chat makes them.
	Tools, Documents []chat.Value
	// Now is the time that the template may write; zero is the present.
	Now time.Time
	// Extra are further variables, such as enable_thinking.
	Extra map[string]any
}

const maxTopLogProbs = 1000

// Validate lists every problem that can be seen without the model in one error.
func (r *Request) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("model: Request."+format, args...))
	}
	given := 0
	for _, is := range []bool{len(r.Messages) > 0, r.Prompt != "", len(r.Tokens) > 0} {
		if is {
			given++
		}
	}
	if given > 1 {
		bad("Messages, Prompt and Tokens: %d of them are given, want one", given)
	}
	if r.Append && len(r.Messages) > 0 {
		bad("Append is set with Messages, which are a whole conversation")
	}
	if r.MaxTokens < 0 {
		bad("MaxTokens is %d, want at least 0", r.MaxTokens)
	}
	if r.TopLogProbs < 0 || r.TopLogProbs > maxTopLogProbs {
		bad("TopLogProbs is %d, want 0 to %d", r.TopLogProbs, maxTopLogProbs)
	}
	if len(r.Tools) > 0 && len(r.Messages) == 0 {
		bad("Tools are given without Messages: a chat template tells the model about them")
	}
	if c := r.ToolChoice; c != (reply.Choice{}) && len(r.Tools) == 0 {
		bad("ToolChoice is given without Tools")
	}
	if r.Grammar != nil && (len(r.Tools) > 0 || r.Schema != nil) {
		bad("Grammar is given with Tools or Schema, want one of them")
	}
	if len(r.Tools) > 0 && len(r.Template.Tools) > 0 {
		bad("Tools and Template.Tools are given, want one of them")
	}
	if r.ThinkTokens < 0 {
		bad("ThinkTokens is %d, want at least 0", r.ThinkTokens)
	}
	if k := r.Speculate.Tokens; k < 0 || k > maxDraft {
		bad("Speculate.Tokens is %d, want 0 to %d", k, maxDraft)
	}
	if err := r.params().Validate(); err != nil {
		errs = append(errs, err)
	}
	if _, err := sample.NewStopMatcher(r.Stop); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// params returns the sampling parameters with the fields of the request applied.
func (r *Request) params() sample.Params {
	p := r.Sampling
	if r.Temperature != nil {
		p.Temperature = *r.Temperature
	}
	if r.Seed != 0 {
		p.Seed = r.Seed
	}
	p.LogProb = p.LogProb || r.LogProbs || r.TopLogProbs > 0
	return p
}
