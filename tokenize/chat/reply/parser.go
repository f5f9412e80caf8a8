package reply

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// Options are given to Format.Parser. The zero value works.
type Options struct {
	// Tools are the tools that may be called; a call of another one fails with ErrUnknown. Their schemas tell texts from
	// numbers in syntaxes that do not. With none, every name is accepted, but syntaxes without marks (JSON, Llama) are text.
	Tools []tool.Def
	// Prompt is the text that the model continues, or its end. It tells whether reasoning or a call is already open.
	Prompt       string
	FirstCall    int // number of the first call in the ids callNNNNN, so that they differ within a conversation
	MaxCallBytes int // length of a call; 0: 1 MiB
}

const defaultCallBytes = 1 << 20

// Parser splits a reply while it is made. It holds back what may become a mark, and white space that may turn out to
// surround one: at most a few hundred bytes. In syntaxes without marks it also holds back what begins like a call until
// the name of the tool is there. Time is linear in the reply, memory is bounded by MaxCallBytes. Not safe for concurrent use.
type Parser struct {
	format Format
	lay    *layout
	tools  map[string]*schema // nil: any
	opts   Options

	buf  []byte // received and not used yet
	out  []Event
	mode func(*Parser, bool) bool // reads something; false: needs more

	marks    []mark // of text mode
	space    []byte // white space held back
	trim     bool   // white space that comes next is dropped
	fresh    bool   // the answer has not begun
	thinking bool
	closed   bool
	calls    int // begun so far
	call     call
	header   []byte // of Harmony
}

// mark is a literal of text mode and what it does.
type mark struct {
	lit  string
	do   func(p *Parser, label string)
	next string
}

// Parser returns a parser for one reply.
func (f Format) Parser(o Options) (*Parser, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if o.MaxCallBytes < 0 || o.FirstCall < 0 {
		return nil, fmt.Errorf("reply: Options.MaxCallBytes is %d and FirstCall %d, want 0 or more", o.MaxCallBytes, o.FirstCall)
	}
	if o.MaxCallBytes == 0 {
		o.MaxCallBytes = defaultCallBytes
	}
	p := &Parser{format: f, lay: &layouts[f.Calls], opts: o, fresh: true, mode: (*Parser).text}
	if o.Tools != nil {
		p.tools = map[string]*schema{}
	}
	for _, d := range o.Tools {
		if err := d.Validate(); err != nil {
			return nil, err
		}
		s, err := parseSchema(d.Schema())
		if err != nil {
			return nil, fmt.Errorf("reply: tool %s: %w", d.Name, err)
		}
		p.tools[d.Name] = s
	}
	p.textMarks()
	p.begin(o.Prompt)
	return p, nil
}

// textMarks lists what ends or interrupts text.
func (p *Parser) textMarks() {
	add := func(lit string, do func(*Parser, string), next string) {
		if lit != "" {
			p.marks = append(p.marks, mark{lit, do, next})
		}
	}
	drop := func(p *Parser, _ string) {}
	if p.format.Calls == Harmony {
		p.harmonyMarks()
		return
	}
	add(p.format.Think.Open, (*Parser).think, "")
	add(p.format.Think.Close, drop, "")
	gap := func(p *Parser, _ string) { p.trim = true }
	add(p.format.Answer.Open, gap, "")
	add(p.format.Answer.Close, drop, "")
	for _, b := range p.lay.opens {
		add(b.lit, (*Parser).enterCalls, b.next)
	}
	for _, d := range p.format.Drop {
		add(d, drop, "")
	}
}

// begin looks at the end of the prompt for what is already open.
func (p *Parser) begin(prompt string) {
	if p.format.Calls == Harmony {
		p.harmonyBegin(prompt)
		return
	}
	end := strings.TrimRight(prompt, space)
	if open := p.format.Think.Open; open != "" && strings.HasSuffix(end, strings.TrimRight(open, space)) {
		p.think("")
		return
	}
	for _, b := range p.lay.opens {
		if strings.HasSuffix(end, strings.TrimRight(b.lit, space)) {
			p.enterCalls(b.next)
			return
		}
	}
}

// Push gives the parser the next piece of the reply and returns what became known by it. Marks must be in the text, also
// those that are special tokens; the token that ends the turn need not be.
func (p *Parser) Push(text string) []Event {
	p.out = nil
	if !p.closed {
		for text != "" { // in pieces, so that a search that finds nothing is short
			n := min(len(text), 1024)
			p.buf = append(p.buf, text[:n]...)
			text = text[n:]
			p.run(false)
		}
	}
	return p.out
}

// Close ends the reply and returns the rest. A call that is not complete fails with ErrCut. It may be called again.
func (p *Parser) Close() []Event {
	p.out = nil
	if !p.closed {
		p.run(true)
		p.flushSpace(true)
		p.closed = true
	}
	return p.out
}

// Thinking tells whether the text that comes next is reasoning.
func (p *Parser) Thinking() bool { return p.thinking }

func (p *Parser) run(final bool) {
	for p.mode(p, final) {
	}
}

// use takes n bytes off the buffer.
func (p *Parser) use(n int) { p.buf = p.buf[n:] }

func (p *Parser) emit(e Event) { p.out = append(p.out, e) }

// think begins reasoning.
func (p *Parser) think(string) {
	p.flushSpace(false)
	p.thinking, p.trim = true, true
	p.mode = (*Parser).thought
}

// thought reads reasoning.
func (p *Parser) thought(final bool) bool {
	marks := []mark{{lit: p.format.Think.Close}}
	if p.trim { // nothing was thought yet: some models repeat the mark that the prompt ends with
		marks = append(marks, mark{lit: p.format.Think.Open})
	}
	n, hit := p.find(marks, final)
	p.say(Reasoning, n)
	if hit < 0 {
		return false
	}
	p.use(len(marks[hit].lit))
	if hit == 0 {
		p.flushSpace(false)
		p.thinking, p.trim, p.fresh = false, true, true
		p.mode = (*Parser).text
	}
	return true
}

// text reads the answer.
func (p *Parser) text(final bool) bool {
	if p.lay.bare && p.fresh && p.tools != nil {
		i := 0
		for i < len(p.buf) && isSpace(p.buf[i]) {
			i++
		}
		if i == len(p.buf) && !final && i < maxSpace {
			return false
		}
		if i < len(p.buf) && (p.buf[i] == '{' || p.buf[i] == '[') {
			p.fresh = false
			p.enterCalls("start")
			return true
		}
	}
	n, hit := p.find(p.marks, final)
	p.say(Text, n)
	if hit < 0 {
		return false
	}
	m := p.marks[hit]
	p.use(len(m.lit))
	m.do(p, m.next)
	if p.call.maybe {
		p.call.raw = append(p.call.raw, m.lit...)
	}
	return true
}

// find returns how many bytes of the buffer come before the first mark, and which it is; or -1, and how many bytes cannot
// be part of one.
func (p *Parser) find(marks []mark, final bool) (n, hit int) {
	n, hit = len(p.buf), -1
	for i, m := range marks {
		at := bytes.Index(p.buf[:min(len(p.buf), n+len(m.lit))], []byte(m.lit))
		if at >= 0 && (at < n || at == n && (hit < 0 || len(m.lit) > len(marks[hit].lit))) {
			n, hit = at, i
		}
	}
	if final {
		return n, hit
	}
	if hit >= 0 {
		for _, m := range marks {
			if rest := p.buf[n:]; len(rest) < len(m.lit) && strings.HasPrefix(m.lit, string(rest)) {
				return n, -1 // it may become a longer mark
			}
		}
		return n, hit
	}
	for _, m := range marks {
		n = min(n, len(p.buf)-partial(p.buf, m.lit))
	}
	return n, -1
}

// partial returns the length of the longest end of b that begins lit, but is not all of it.
func partial(b []byte, lit string) int {
	for n := min(len(b), len(lit)-1); n > 0; n-- {
		if string(b[len(b)-n:]) == lit[:n] {
			return n
		}
	}
	return 0
}
