package model

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// constraint holds the tokens of an answer to a grammar. Reasoning before the answer is free, and so is an answer until a
// text in it triggers the grammar.
type constraint struct {
	m        *Model
	st       *grammar.State
	phase    phase
	format   reply.Format
	triggers []reply.Trigger
	open     int32   // the token that begins reasoning, or -1 where the answer must come
	lines    []int32 // tokens of line feeds that may stand between reasoning and answer
	led      int     // how many may still come

	text []byte // of the reasoning or free answer: all of it while short, then its end
	mask []uint64
	ends []uint64 // every token but those that end the answer
	on   bool     // Request.IgnoreEOG: the grammar goes on while it can
}

type phase uint8

const (
	phaseBefore phase = iota // nothing of the answer is there: reasoning may begin, or the grammar
	phaseThink               // inside reasoning
	phaseFree                // inside the answer, before a trigger
	phaseHeld                // inside the grammar
)

// maxLead is how many tokens of line feeds may stand between reasoning and answer.
const maxLead = 2

// keepText is how much text a constraint looks back on: more than the longest mark.
const keepText = 1 << 10

// newConstraint returns nil where a request wants none. thinking says that the prompt has opened the reasoning.
func (m *Model) newConstraint(r *Request, f reply.Format, thinking bool) (*constraint, error) {
	c, triggers, err := m.grammarOf(r, f)
	if c == nil || err != nil {
		return nil, err
	}
	k := &constraint{m: m, st: c.NewState(), format: f, triggers: triggers, open: -1, on: r.IgnoreEOG}
	words := (m.arch.Config.Vocab + 63) / 64
	k.mask = make([]uint64, words)
	if len(triggers) == 0 || r.IgnoreEOG {
		k.ends = make([]uint64, words)
		for id := range m.tok.Vocab() {
			if !m.tok.IsEOG(int32(id)) {
				k.ends[id/64] |= 1 << (id % 64)
			}
		}
	}
	for _, feed := range []string{"\n", "\n\n"} {
		if ids, err := m.tok.Encode(nil, feed, tokenize.EncodeOptions{}); err == nil && len(ids) == 1 {
			k.lines = append(k.lines, ids[0])
		}
	}
	if f.Think.Open != "" {
		k.open = m.tok.ID(f.Think.Open)
	}
	switch {
	case thinking:
		k.phase = phaseThink
	case len(triggers) > 0:
		k.phase = phaseFree
	}
	return k, nil
}

// allowed returns the mask of the tokens that may be chosen, nil for all. It may take a while, and run while the model
// computes.
func (k *constraint) allowed() []uint64 {
	switch k.phase {
	case phaseThink, phaseFree:
		return k.ends
	case phaseHeld:
		k.held()
		return k.mask
	}
	k.held()
	if k.open >= 0 {
		k.mask[k.open/64] |= 1 << (k.open % 64)
	}
	if k.led > 0 {
		for _, id := range k.lines {
			k.mask[id/64] |= 1 << (id % 64)
		}
	}
	return k.mask
}

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
	if k.phase != phaseThink && k.phase != phaseFree {
		return true
	}
	begin, rest, hit := k.scan(id)
	if !hit {
		return true
	}
	return k.accepts(begin + k.lead(rest))
}

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

// scan reads the text of a token in free text. hit says that a mark ends in it: begin is what the grammar derives of the
// mark, and rest follows it.
func (k *constraint) scan(id int32) (begin, rest string, hit bool) {
	piece := k.m.marked(id)
	text := string(k.text) + piece
	old := len(k.text)
	if k.phase == phaseThink {
		at := strings.Index(text, k.format.Think.Close)
		if at < 0 || at+len(k.format.Think.Close) <= old || len(k.triggers) > 0 {
			return "", "", false
		}
		return "", text[at+len(k.format.Think.Close):], true
	}
	for _, t := range k.triggers {
		for at := max(0, old-len(t.Text)+1); ; at++ {
			i := strings.Index(text[at:], t.Text)
			if i < 0 {
				break
			}
			at += i
			if end := at + len(t.Text); end > old && (!t.Start || strings.TrimSpace(text[:at]) == "") {
				return t.Text, text[end:], true
			}
		}
	}
	return "", "", false
}

// lead removes white space that stands between reasoning and the answer.
func (k *constraint) lead(rest string) string {
	if k.phase == phaseThink {
		return strings.TrimLeft(rest, " \n")
	}
	return rest
}

// accept takes the token that was chosen.
func (k *constraint) accept(id int32) error {
	switch {
	case k.phase == phaseHeld:
		return k.st.Accept(int(id))
	case id == k.open && (k.phase == phaseBefore || k.phase == phaseFree):
		k.phase, k.text = phaseThink, k.text[:0]
		return nil
	case k.phase == phaseBefore:
		if k.led > 0 && slices.Contains(k.lines, id) && !k.accepts(k.m.marked(id)) {
			k.led--
			return nil
		}
		k.phase = phaseHeld
		return k.st.Accept(int(id))
	}
	begin, rest, hit := k.scan(id)
	if hit {
		if k.phase == phaseThink && k.lead(rest) == "" {
			k.phase, k.open, k.led = phaseBefore, -1, maxLead
			return nil
		}
		text := []byte(begin + k.lead(rest))
		k.phase = phaseHeld
		return k.st.AcceptBytes(text)
	}
	if k.phase == phaseThink && len(k.triggers) > 0 {
		all := append(k.text, k.m.marked(id)...)
		if at := bytes.Index(all, []byte(k.format.Think.Close)); at >= 0 {
			k.phase, k.text = phaseFree, append(k.text[:0], all[at+len(k.format.Think.Close):]...)
			return nil
		}
	}
	k.text = append(k.text, k.m.marked(id)...)
	if len(k.text) > 2*keepText {
		k.text = append(k.text[:0], k.text[len(k.text)-keepText:]...)
	}
	return nil
}

// finished reports whether nothing but an end can follow.
func (k *constraint) finished() bool {
	return k.phase == phaseHeld && (k.st.MustEnd() || k.st.Finished())
}

// grammarOf returns what a request holds its answer to, nil for nothing, and the texts that begin it.
func (m *Model) grammarOf(r *Request, f reply.Format) (*grammar.Compiled, []reply.Trigger, error) {
	switch {
	case r.Grammar != nil:
		c, err := m.compiled(grammarKey{grammar: r.Grammar}, func() (*grammar.Grammar, error) { return r.Grammar, nil })
		return c, nil, err
	case len(r.Tools) > 0 && f.Calls != reply.NoCalls:
		choice := r.ToolChoice
		choice.Required = choice.Required || r.Schema != nil
		g, err := f.Grammar(r.Tools, choice)
		if err != nil {
			return nil, nil, err
		}
		schemas := map[string][]byte{}
		key := g.GBNF
		for i, s := range g.Schemas {
			schemas[fmt.Sprintf("schema-%d", i)] = s
			key += "\x00" + string(s)
		}
		if r.Schema != nil && !r.ToolChoice.Required {
			schemas[answerRule] = r.Schema
			key += "\x00" + string(r.Schema)
			root, rules, _ := strings.Cut(g.GBNF, "\n")
			g.GBNF = root + " | " + answerRule + "\n" + rules
		}
		c, err := m.compiled(grammarKey{text: key, marked: true}, func() (*grammar.Grammar, error) {
			return grammar.FromGBNFWith(g.GBNF, schemas, grammar.Options{})
		})
		return c, g.Triggers, err
	case len(r.Tools) > 0:
		return nil, nil, fmt.Errorf("model: Request.Tools: the chat template of the model has no syntax for calls")
	case r.Schema != nil:
		c, err := m.compiled(grammarKey{text: string(r.Schema)}, func() (*grammar.Grammar, error) {
			return grammar.FromJSONSchema(r.Schema, grammar.Options{})
		})
		return c, nil, err
	}
	return nil, nil, nil
}

// answerRule is the rule of an answer by Request.Schema beside calls.
const answerRule = "schema-answer"
