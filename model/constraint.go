package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// constraint holds the tokens of an answer to a grammar. Reasoning before the answer is free, and so is an answer until a
// text in it triggers the grammar.
type constraint struct {
	m     *Model
	c     *grammar.Compiled
	st    *grammar.State
	then  *grammar.State // what follows where st only leads to it; nil where nothing does
	phase phase
	marks marks   // of what is free
	open  int32   // the token that begins reasoning, or -1 where it is none or the answer must come
	rest  string  // of a mark that begins reasoning and is several tokens, "" where it cannot come
	fails bool    // the grammar cannot go on as the mark does that has begun
	lines []int32 // tokens of line feeds that may stand between reasoning and answer
	led   int     // how many may still come

	mask []uint64
	ends []uint64 // every token but those that end the answer
	on   bool     // Request.IgnoreEOG: the grammar goes on while it can
}

type phase uint8

const (
	phaseBefore phase = iota // nothing of the answer is there: reasoning may begin, or the grammar
	phaseFree                // reasoning, or an answer before a trigger
	phaseHeld                // inside the grammar
)

// maxLead is how many tokens of line feeds may stand between reasoning and answer.
const maxLead = 2

// newConstraint returns nil where a request wants none. thinking says that the prompt, which the answer goes on with, has
// opened the reasoning.
func (m *Model) newConstraint(r *Request, f reply.Format, prompt string, thinking bool) (*constraint, error) {
	h, err := m.grammarOf(r, f)
	if h.grammar == nil || err != nil {
		return nil, err
	}
	k := &constraint{m: m, c: h.grammar, st: h.grammar.NewState(), open: -1, lines: m.lineFeeds(), on: r.IgnoreEOG}
	k.marks = newMarks(f.Think, h.triggers, thinking)
	words := (m.arch.Config.Vocab + 63) / 64
	k.mask = make([]uint64, words)
	if len(h.triggers) == 0 || r.IgnoreEOG {
		k.ends = make([]uint64, words)
		for id := range m.tok.Vocab() {
			if !m.tok.IsEOG(int32(id)) {
				k.ends[id/64] |= 1 << (id % 64)
			}
		}
	}
	if h.lead != nil {
		k.st, k.then = h.lead.NewState(), k.st
	}
	switch {
	case h.lead != nil || f.Calls == reply.Harmony:
		k.phase = phaseHeld
		if st := k.st.Clone(); st.AcceptBytes([]byte(f.Begun(prompt))) == nil {
			k.st = st
			k.follow()
		}
	case thinking || len(h.triggers) > 0:
		k.phase = phaseFree
	case f.Think.Open != "":
		if k.open = m.tok.ID(f.Think.Open); k.open < 0 {
			k.rest = f.Think.Open
		}
	}
	return k, nil
}

// allowed returns the mask of the tokens that may be chosen, nil for all. It may take a while, and run while the model
// computes.
func (k *constraint) allowed() []uint64 {
	if k.phase == phaseFree {
		return k.ends
	}
	k.held()
	if k.phase == phaseHeld {
		return k.mask
	}
	if k.fails {
		clear(k.mask)
	}
	if k.open >= 0 {
		k.mask[k.open/64] |= 1 << (k.open % 64)
	}
	if k.rest != "" {
		for id := range k.m.tok.Vocab() {
			if k.opens(k.m.marked(int32(id))) {
				k.mask[id/64] |= 1 << (id % 64)
			}
		}
	}
	if k.led > 0 {
		for _, id := range k.lines {
			k.mask[id/64] |= 1 << (id % 64)
		}
	}
	return k.mask
}

// opens reports whether a text goes on with the mark that begins reasoning.
func (k *constraint) opens(piece string) bool { return piece != "" && strings.HasPrefix(k.rest, piece) }

// held makes the mask that of the grammar, without the end where that is ignored and something else may follow.
func (k *constraint) held() {
	k.st.Mask(k.mask)
	if !k.on {
		return
	}
	more := uint64(0)
	for i, w := range k.ends {
		more |= k.mask[i] & w
	}
	for i, w := range k.ends {
		if more != 0 {
			k.mask[i] &= w
		}
	}
}

// fits reports whether a token may be chosen where the mask allows all: one that completes a mark must go on as the
// grammar does.
func (k *constraint) fits(id int32) bool {
	if k.phase != phaseFree {
		return true
	}
	after := k.marks
	begin, rest, hit := after.read(k.m.marked(id))
	return !hit || k.accepts(begin+k.lead(begin, rest))
}

// may reports whether a text may come that is not chosen.
func (k *constraint) may(text string) bool { return k.phase != phaseHeld || k.accepts(text) }

// accepts reports whether the grammar can go on with a text.
func (k *constraint) accepts(text string) bool { return k.st.Clone().AcceptBytes([]byte(text)) == nil }

// without returns the mask without one token. A nil mask stands for all tokens.
func (k *constraint) without(mask []uint64, id int32) []uint64 {
	if mask == nil || (len(k.ends) > 0 && &mask[0] == &k.ends[0]) {
		copy(k.mask, mask)
		for i := range k.mask {
			if mask == nil {
				k.mask[i] = ^uint64(0)
			}
		}
		mask = k.mask
	}
	mask[id/64] &^= 1 << (id % 64)
	return mask
}

// lead removes white space that stands between reasoning and the answer, where no trigger begins it.
func (k *constraint) lead(begin, rest string) string {
	if begin == "" {
		return strings.TrimLeft(rest, " \n")
	}
	return rest
}

// accept takes the token that was chosen.
func (k *constraint) accept(id int32) error {
	switch k.phase {
	case phaseHeld:
		err := k.st.Accept(int(id))
		k.follow()
		return err
	case phaseBefore:
		return k.begin(id)
	}
	begin, rest, hit := k.marks.read(k.m.marked(id))
	if !hit {
		return nil
	}
	if rest = k.lead(begin, rest); begin == "" && rest == "" {
		k.phase, k.open, k.rest, k.led = phaseBefore, -1, "", maxLead
		return nil
	}
	k.phase = phaseHeld
	return k.st.AcceptBytes([]byte(begin + rest))
}

// begin takes a token of the answer where nothing of it is there.
func (k *constraint) begin(id int32) error {
	piece := k.m.marked(id)
	switch {
	case id == k.open:
		k.think()
		return nil
	case k.led > 0 && piece != "" && strings.TrimSpace(piece) == "" && !k.accepts(piece): // also what the end of a budget writes
		if slices.Contains(k.lines, id) {
			k.led--
		}
		return nil
	case !k.opens(piece):
		k.phase = phaseHeld
		return k.st.Accept(int(id))
	}
	if k.rest = k.rest[len(piece):]; k.rest == "" {
		k.think()
	} else if !k.fails {
		k.fails = k.st.Accept(int(id)) != nil
	}
	return nil
}

// think begins reasoning. Nothing of the grammar is there yet, even if it could have begun as the mark does.
func (k *constraint) think() {
	k.phase, k.st, k.fails = phaseFree, k.c.NewState(), false
	k.marks.thinking = true
}

// follow goes over to the grammar of the answer where what leads to it is complete.
func (k *constraint) follow() {
	if k.then != nil && k.st.MustEnd() {
		k.st, k.then = k.then, nil
	}
}

// finished reports whether nothing but an end can follow.
func (k *constraint) finished() bool {
	return k.phase == phaseHeld && (k.st.MustEnd() || k.st.Finished())
}

// holding is what a request holds its answer to.
type holding struct {
	grammar  *grammar.Compiled // nil for nothing
	lead     *grammar.Compiled // what comes before it, nil for nothing but reasoning
	triggers []reply.Trigger   // texts that begin it; none: it begins with the answer
}

func (m *Model) grammarOf(r *Request, f reply.Format) (h holding, err error) {
	switch {
	case len(r.Tools) > 0 && f.Calls == reply.NoCalls:
		return h, fmt.Errorf("model: Request.Tools: the chat template of the model has no syntax for calls")
	case len(r.Tools) > 0:
		return m.callGrammar(r, f)
	case r.Grammar != nil:
		h.grammar, err = m.compiled(grammarKey{grammar: r.Grammar}, func() (*grammar.Grammar, error) { return r.Grammar, nil })
	case r.Schema != nil:
		h.grammar, err = m.compiled(grammarKey{text: string(r.Schema)}, func() (*grammar.Grammar, error) {
			return grammar.FromJSONSchema(r.Schema, grammar.Options{})
		})
	default:
		return h, nil
	}
	if lead := f.Lead(); lead != "" && err == nil {
		h.lead, err = m.compiled(grammarKey{text: lead, marked: true}, func() (*grammar.Grammar, error) { return grammar.FromGBNF(lead) })
	}
	return h, err
}

// callGrammar returns the grammar of calls, or of calls and answers that are valid for Request.Schema.
func (m *Model) callGrammar(r *Request, f reply.Format) (h holding, err error) {
	g, err := f.GrammarOr(r.Tools, r.ToolChoice, r.Schema)
	if err != nil {
		return h, err
	}
	schemas := map[string][]byte{}
	key := g.GBNF
	for i, s := range g.Schemas {
		schemas[fmt.Sprintf("schema-%d", i)] = s
		key += "\x00" + string(s)
	}
	h.triggers = g.Triggers
	h.grammar, err = m.compiled(grammarKey{text: key, marked: true}, func() (*grammar.Grammar, error) {
		return grammar.FromGBNFWith(g.GBNF, schemas, grammar.Options{})
	})
	return h, err
}
