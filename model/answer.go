package model

import (
	"github.com/seed64708441/ember/model/sample"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// answer turns the tokens of an answer into events: decoded, split into reasoning, text and calls where the model marks
// them, and cut at stop texts.
type answer struct {
	vocab   int
	format  reply.Format
	stream  *tokenize.Stream
	parser  *reply.Parser // nil where nothing is split
	stops   *sample.StopMatcher
	events  []Event // of the last token
	thought int     // tokens of reasoning
}

// replyFormat returns how the answer to a request is written: plain text, but for Messages of a model that marks parts.
func (m *Model) replyFormat(r *Request) reply.Format {
	if len(r.Messages) == 0 {
		return reply.Format{}
	}
	f := m.template.format
	if len(r.Tools) == 0 && len(r.Template.Tools) == 0 {
		f = f.WithoutCalls()
	}
	return f
}

func (a *answer) init(m *Model, r *Request, f reply.Format, prompt string) (err error) {
	a.vocab, a.format = m.tok.Vocab(), f
	if a.stops, err = sample.NewStopMatcher(r.Stop); err != nil {
		return err
	}
	split := f.Think.Open != "" || f.Calls != reply.NoCalls
	if split {
		o := reply.Options{Tools: r.Tools, Prompt: prompt}
		for i := range r.Messages { // so that ids differ within the conversation
			o.FirstCall += len(r.Messages[i].ToolCalls)
		}
		a.parser, err = f.Parser(o)
	}
	// Marks are mostly special tokens, which the parser must see.
	a.stream = m.tok.NewStream(tokenize.DecodeOptions{SkipSpecial: !split})
	return err
}

// thinking reports whether the next token is reasoning.
func (a *answer) thinking() bool { return a.parser != nil && a.parser.Thinking() }

// begin takes the last token of the prompt.
func (a *answer) begin(id int32) error {
	_, err := a.decode(id)
	return err
}

// push takes the next token. It returns the index of the stop text that ends with it, or -1.
func (a *answer) push(id int32) (stop int, err error) {
	a.events = a.events[:0]
	text, err := a.decode(id)
	if err != nil {
		return -1, err
	}
	return a.write(text), nil
}

// decode returns the text that is complete with a token. Ids between the end of the tokenizer's vocabulary and that of the
// model are padding without text.
func (a *answer) decode(id int32) (string, error) {
	if int(id) >= a.vocab {
		return "", nil
	}
	return a.stream.Push(id)
}

func (a *answer) write(text string) (stop int) {
	if a.parser == nil {
		return a.say(text)
	}
	return a.split(a.parser.Push(text))
}

// say adds text of the answer.
func (a *answer) say(text string) (stop int) {
	text, stop = a.stops.Feed(text)
	if text != "" {
		a.events = append(a.events, Event{Text: text})
	}
	return stop
}

// split adds what the parser made of a text, up to a stop text. Text on both sides of another part is not one text.
func (a *answer) split(parts []reply.Event) (stop int) {
	for _, p := range parts {
		if p.Kind != reply.Text {
			a.flush()
		}
		ev := Event{Text: p.Text, Call: ToolCall{Index: p.Call, ID: p.ID, Name: p.Name, Arguments: p.Arguments}, CallError: p.Err}
		switch p.Kind {
		case reply.Text:
			if stop := a.say(p.Text); stop >= 0 {
				return stop
			}
			continue
		case reply.Reasoning:
			ev.Kind = EventReasoning
		case reply.CallStart:
			ev.Kind = EventCallStart
		case reply.CallArguments:
			ev.Kind = EventCallArguments
		case reply.CallEnd:
			ev.Kind = EventCall
		case reply.CallFailed:
			ev.Kind = EventCallFailed
		}
		a.events = append(a.events, ev)
	}
	return -1
}

// end adds the end of the answer to the events of the last token: what was held back because it could have become a
// character, a mark or a stop text. It returns the index of the stop text that came of it, or -1.
func (a *answer) end() (stop int) {
	stop = a.write(a.stream.Flush())
	if a.parser != nil && stop < 0 {
		stop = a.split(a.parser.Close())
	}
	if stop < 0 {
		a.flush()
	}
	return stop
}

// flush adds text that was held back because it could have become a stop text.
func (a *answer) flush() {
	if rest := a.stops.Flush(); rest != "" {
		a.events = append(a.events, Event{Text: rest})
	}
}
