package model

import (
	"context"
	"errors"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/seed64708441/ember/model/sample"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// Generate completes the text of a request. The events come as they are generated; the last one has a Finish. Breaking
// out of the loop ends the generation and leaves the session usable: its history then ends with the last token chosen.
//
// After an error there are no further events. Errors are those of Request.Validate and of package chat, ErrSessionBusy,
// ErrClosed, a [*ContextFullError] before anything is computed, backend.ErrCacheFull when there is no memory for further
// cache pages, sample.ErrNoToken, and the cause of ctx.
//
// In a steady state a token costs no allocation, where the answer is not split into parts or held to a grammar. The next
// token is computed while the caller handles an event.
func (s *Session) Generate(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := s.generate(ctx, &r, yield); err != nil && !errors.Is(err, errBreak) {
			yield(Event{Token: -1}, err)
		}
	}
}

// Complete collects the events of Generate: the text of the answer, without reasoning and calls, and the last event.
func (s *Session) Complete(ctx context.Context, r Request) (text string, last Event, err error) {
	said, last, err := s.Reply(ctx, r)
	return said.Text, last, err
}

// Reply collects the events of Generate: reasoning, text and calls, and the last event. Calls that failed are in
// Reply.Errors. Message makes it a message of the conversation, for the next request.
func (s *Session) Reply(ctx context.Context, r Request) (said reply.Reply, last Event, err error) {
	var text, reasoning []byte
	for ev, e := range s.Generate(ctx, r) {
		if err = e; err != nil {
			break
		}
		switch ev.Kind {
		case EventText:
			text = append(text, ev.Text...)
		case EventReasoning:
			reasoning = append(reasoning, ev.Text...)
		case EventCall:
			said.Calls = append(said.Calls, reply.Call{ID: ev.Call.ID, Name: ev.Call.Name, Arguments: ev.Call.Arguments})
		case EventCallFailed:
			said.Errors = append(said.Errors, ev.CallError)
		}
		last = ev
	}
	said.Text, said.Reasoning = string(text), string(reasoning)
	return said, last, err
}

// errBreak says that the caller has left the loop.
var errBreak = errors.New("model: loop left")

// generation is one request being answered.
type generation struct {
	s       *Session
	r       *Request
	sampler *sample.Sampler
	answer  answer
	held    *constraint // nil where every token may come
	forced  []int32     // tokens that come next, whatever the model thinks
	guess   *speculator // nil without speculation
	draft   []int32     // what was computed beyond the history
	row     int         // of the logits that the next token is chosen from; row i is after i tokens of draft
	running bool        // a step has been submitted and not waited for
	usage   Usage
	started time.Time
	decoded time.Time // when the first token could be chosen
	top     []sample.TokenLogProb
}

func (s *Session) generate(ctx context.Context, r *Request, yield func(Event, error) bool) error {
	ctx, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer s.leave()
	g := &generation{s: s, r: r, started: time.Now()}
	defer g.settle() // also when the caller's loop ends by a panic
	if err := g.prepare(ctx); err != nil {
		return err
	}
	s.submit(ctx, nil)
	if err := s.wait(); err != nil {
		s.m.steps.chosen()
		return err
	}
	g.decoded = time.Now()
	g.usage.PrefillTime = g.decoded.Sub(g.started)
	for {
		more, err := g.next(ctx, yield)
		if !more {
			return errors.Join(err, g.settle())
		}
	}
}

// prepare makes the prompt the history and sets up what chooses and splits the answer.
func (g *generation) prepare(ctx context.Context) (err error) {
	s, r := g.s, g.r
	var text string
	if g.usage.Reused, text, err = s.prompt(ctx, r); err != nil {
		return err
	}
	g.usage.Prefilled = len(s.tokens) - g.usage.Reused
	if g.sampler, err = sample.New(r.params(), s.m.arch.Config.Vocab); err != nil {
		return err
	}
	if err := g.sampler.Accept(s.tokens...); err != nil {
		return err
	}
	format := s.m.replyFormat(r)
	if err := g.answer.init(s.m, r, format, text); err != nil {
		return err
	}
	// The answer goes on after the prompt: a character that the prompt began is finished, a space at its start is kept.
	if err := g.answer.begin(s.tokens[len(s.tokens)-1]); err != nil {
		return err
	}
	if g.held, err = s.m.newConstraint(r, format, text, g.answer.thinking()); err != nil {
		return err
	}
	g.guess, err = s.speculator(r)
	return err
}

// next chooses a token, lets the model go on with it, and hands out its events. The session counts as choosing at the
// beginning, and afterwards when there is more.
func (g *generation) next(ctx context.Context, yield func(Event, error) bool) (more bool, err error) {
	s := g.s
	last, err := g.choose()
	if err != nil {
		s.m.steps.chosen()
		return false, err
	}
	if last.Finish != FinishNone {
		s.m.steps.chosen()
		g.usage.DecodeTime = time.Since(g.decoded)
		last.Usage = g.usage
		g.hand(last, yield)
		return false, nil
	}
	computed := g.accept(last.Token)
	if !computed {
		if err := g.propose(ctx); err != nil {
			s.m.steps.chosen()
			return false, err
		}
		s.submit(ctx, g.draft)
		g.running = true
	}
	s.m.steps.chosen()
	if !g.hand(last, yield) {
		return false, errBreak
	}
	if g.held != nil {
		g.held.allowed() // while the model computes
	}
	if computed {
		s.m.steps.choose()
	} else {
		err = s.wait()
		g.running = false
	}
	if err == nil && ctx.Err() != nil { // what is computed already does not hide the end
		err = context.Cause(ctx)
	}
	if err != nil {
		s.m.steps.chosen()
		return false, err
	}
	return true, nil
}

// hand gives the caller the events of a token: what the answer has become, then or with it what is known of the token.
// It returns false when the caller leaves the loop.
func (g *generation) hand(last Event, yield func(Event, error) bool) bool {
	events := g.answer.events
	for i := range events {
		ev := &events[i]
		ev.Token = last.Token
		if i == 0 {
			ev.LogProb, ev.TopLogProbs = last.LogProb, last.TopLogProbs
		}
		if i == len(events)-1 {
			ev.Finish, ev.Stop, ev.Usage = last.Finish, last.Stop, last.Usage
		}
		if !yield(*ev, nil) {
			return false
		}
	}
	if len(events) == 0 && (last.Finish != FinishNone || g.r.LogProbs || g.r.TopLogProbs > 0) {
		return yield(last, nil)
	}
	return true
}

// choose takes the next token, adds it to the history and the answer, and decides whether it is the last. The event has
// what is known of the token itself.
func (g *generation) choose() (Event, error) {
	s := g.s
	vocab := s.m.arch.Config.Vocab
	logits := s.logits.v[g.row*vocab : (g.row+1)*vocab]
	c, err := g.pick(logits)
	if err != nil {
		return Event{}, err
	}
	if err := g.sampler.Accept(c.ID); err != nil {
		return Event{}, err
	}
	if g.held != nil {
		if err := g.held.accept(c.ID); err != nil {
			return Event{}, err
		}
	}
	ev := Event{Token: c.ID}
	if g.r.LogProbs || g.r.TopLogProbs > 0 {
		ev.LogProb = c.LogProb
	}
	if g.r.TopLogProbs > 0 {
		if g.top, err = g.sampler.TopLogProbs(g.top[:0], logits, g.r.TopLogProbs); err != nil {
			return Event{}, err
		}
		ev.TopLogProbs = g.top
	}
	s.tokens = append(s.tokens, c.ID)
	g.usage.Generated++
	if s.m.tok.IsEOG(c.ID) && !g.r.IgnoreEOG {
		g.answer.events = g.answer.events[:0]
		ev.Finish = FinishEOG
		g.end(&ev)
		return ev, nil
	}
	stop, err := g.answer.push(c.ID)
	if err != nil {
		return Event{}, err
	}
	switch {
	case stop >= 0:
		ev.Finish, ev.Stop = FinishStop, g.r.Stop[stop]
	case g.held != nil && g.held.finished():
		ev.Finish = FinishEOG
	case g.usage.Generated == g.r.MaxTokens:
		ev.Finish = FinishLength
	case len(s.tokens) == s.context:
		ev.Finish = FinishContext
	}
	if ev.Finish != FinishNone && ev.Finish != FinishStop {
		g.end(&ev)
	}
	return ev, g.budget()
}

// end adds to the events of the last token what was held back. Only that may have made a stop text of it.
func (g *generation) end(ev *Event) {
	if stop := g.answer.end(); stop >= 0 {
		ev.Finish, ev.Stop = FinishStop, g.r.Stop[stop]
	}
}

// pick chooses a token from logits: the next of those that are forced, or one that the constraint allows.
func (g *generation) pick(logits []float32) (sample.Choice, error) {
	if len(g.forced) > 0 {
		id := g.forced[0]
		g.forced = g.forced[1:]
		p, err := sample.LogProbs(nil, logits, []int32{id})
		if err != nil {
			return sample.Choice{}, err
		}
		return sample.Choice{ID: id, Prob: 1, LogProb: p[0]}, nil
	}
	if g.held == nil {
		return g.sampler.Sample(logits)
	}
	mask := g.held.allowed()
	for {
		c, err := g.sampler.SampleMasked(logits, mask)
		if err != nil || g.held.fits(c.ID) {
			return c, err
		}
		mask = g.held.without(mask, c.ID)
	}
}

// budget forces the end of reasoning that has become too long.
func (g *generation) budget() error {
	if g.r.ThinkTokens == 0 || !g.answer.thinking() {
		return nil
	}
	if g.answer.thought++; g.answer.thought < g.r.ThinkTokens || len(g.forced) > 0 {
		return nil
	}
	if g.answer.stream.Inside() && g.answer.thought < g.r.ThinkTokens+utf8.UTFMax {
		return nil // the character may be finished
	}
	end := g.answer.format.EndThinking(g.held != nil && len(g.r.Tools) > 0)
	if g.held != nil && !g.held.may(end) {
		return nil // inside a mark: after it
	}
	var err error
	g.forced, err = g.s.m.tok.Encode(nil, end, tokenize.EncodeOptions{ParseSpecial: true})
	return err
}
