package reply

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// call is the call being read.
type call struct {
	label   string // step of the program
	id      string
	name    string
	schema  *schema
	args    []byte // JSON text so far
	sent    int    // bytes of args in events
	done    bool   // a call before this one is complete
	started bool   // CallStart was emitted
	size    int    // bytes read
	maybe   bool   // it may turn out to be text
	raw     []byte // what was read, or only its beginning where it cannot be text
	key     string // name of the parameter whose value comes next
	keys    map[string]bool
	scanned int // bytes of the buffer that were searched in this step
	bracket jsonScan
	whole   bool // bracket has found the end
	plain   bool // the value is a text after all
	depth   int  // of Gemma's brackets
	quoted  bool // inside a string of Gemma's
	object  objectScan
}

const maxRaw = 1 << 10 // of CallError.Raw

// enterCalls begins to read calls at a step of the program.
func (p *Parser) enterCalls(label string) {
	if !p.lay.maybe {
		p.flushSpace(false)
	}
	p.call = call{label: label, maybe: p.lay.maybe}
	p.mode = (*Parser).callStep
}

// leaveCalls goes back to text.
func (p *Parser) leaveCalls() {
	if !p.call.maybe {
		p.trim = true
	}
	p.call = call{}
	p.mode = (*Parser).text
	if p.format.Calls == Harmony {
		p.mode = (*Parser).harmonyBody
	}
}

// callStep runs a step of the program of the syntax.
func (p *Parser) callStep(final bool) bool {
	c := &p.call
	if c.label == "" {
		p.leaveCalls()
		return len(p.buf) > 0 || final
	}
	if c.size > p.opts.MaxCallBytes || len(p.buf) > p.opts.MaxCallBytes+8192 {
		p.fail(ErrTooLong, fmt.Sprintf("more than %d bytes", p.opts.MaxCallBytes))
		return true
	}
	s := p.lay.prog[c.label]
	var more bool
	switch s.kind {
	case choose:
		more = p.choose(s, final)
	case until, channel:
		more = p.capture(s)
	case raw:
		more = p.rawValue(s)
	case gemma:
		more = p.gemmaValue(s)
	case pythonic:
		more = p.pythonCalls(s)
	case value, object:
		more = p.jsonValue(s)
	}
	if !more && final && c.done && c.name == "" && s.kind == choose && len(bytes.Trim(p.buf, space)) == 0 {
		c.label = "" // only the mark that ends the calls is not there
		return true
	}
	if !more && final {
		p.fail(ErrCut, "it is not complete")
		return true
	}
	return more
}

// take uses n bytes of the buffer as part of a call.
func (p *Parser) take(n int) {
	c := &p.call
	c.size += n
	if keep := min(n, maxRaw-len(c.raw)); c.maybe {
		c.raw = append(c.raw, p.buf[:n]...)
	} else if keep > 0 {
		c.raw = append(c.raw, p.buf[:keep]...)
	}
	p.use(n)
	c.scanned = 0
}

// choose skips white space and goes on with the literal that is there.
func (p *Parser) choose(s step, final bool) bool {
	i := 0
	for i < len(p.buf) && isSpace(p.buf[i]) {
		i++
	}
	rest := p.buf[i:]
	waits := len(rest) == 0
	for _, b := range s.lits {
		if bytes.HasPrefix(rest, []byte(b.lit)) {
			if !b.peek {
				i += len(b.lit)
			}
			p.take(i)
			p.goTo(b)
			return true
		}
		waits = waits || len(rest) < len(b.lit) && strings.HasPrefix(b.lit, string(rest))
	}
	if waits && !final {
		if i >= maxSpace && s.els { // white space belongs to what follows
			p.call.label = s.next
			return true
		}
		if i > maxSpace {
			p.take(i)
		}
		return false
	}
	if s.els {
		p.call.label = s.next
		return true
	}
	if waits {
		return false // cut
	}
	p.fail(ErrSyntax, fmt.Sprintf("got %.20q, want %s", rest, wanted(s.lits)))
	return true
}

func wanted(lits []branch) string {
	var names []string
	for _, b := range lits {
		names = append(names, fmt.Sprintf("%q", b.lit))
	}
	return strings.Join(names, " or ")
}

func (p *Parser) goTo(b branch) {
	p.call.label = b.next
	if b.end {
		p.finish()
		p.call.label = b.next
	}
}

// capture reads text up to a literal.
func (p *Parser) capture(s step) bool {
	n, b := p.search(s.lits)
	if n > maxCapture || b == nil && len(p.buf) > maxCapture+maxMarker {
		p.fail(ErrSyntax, fmt.Sprintf("no %s within %d bytes", wanted(s.lits), maxCapture))
		return true
	}
	if b == nil {
		return false
	}
	text := strings.Trim(string(p.buf[:n]), space)
	if b.peek {
		p.take(n)
	} else {
		p.take(n + len(b.lit))
	}
	if s.kind == channel && text == "all" {
		p.call.label = ""
		return true
	}
	if !p.set(s, text) {
		return true
	}
	p.goTo(*b)
	return true
}

// maxCapture bounds names, ids and keys.
const maxCapture = 256

// search finds the first literal in the buffer, the longest where several begin. It remembers how far it looked.
func (p *Parser) search(lits []branch) (int, *branch) {
	from := max(p.call.scanned, 0)
	n, hit := len(p.buf), -1
	for i, b := range lits {
		at := bytes.Index(p.buf[min(from, n):min(len(p.buf), n+len(b.lit))], []byte(b.lit))
		if at < 0 {
			continue
		}
		if at += min(from, n); at < n || at == n && (hit < 0 || len(b.lit) > len(lits[hit].lit)) {
			n, hit = at, i
		}
	}
	if hit >= 0 {
		return n, &lits[hit]
	}
	for _, b := range lits {
		n = min(n, len(p.buf)-partial(p.buf, b.lit))
	}
	p.call.scanned = n
	return n, nil
}

// set stores what was captured.
func (p *Parser) set(s step, text string) bool {
	c := &p.call
	switch {
	case s.kind == channel || s.to == toName:
		return p.setName(text)
	case s.to == toID:
		c.id = text
	case s.to == toKimi:
		c.id = text
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "functions."), ":")
		return p.setName(name)
	case s.to == toKey:
		c.key = text
	}
	return true
}

// setName makes the name of the tool known. It reports false where the call has failed.
func (p *Parser) setName(name string) bool {
	c := &p.call
	c.name = name
	if p.tools != nil {
		known := false
		if c.schema, known = p.tools[name]; !known {
			p.fail(ErrUnknown, fmt.Sprintf("%.80q is not among the tools", name))
			return false
		}
	}
	if name == "" {
		p.fail(ErrSyntax, "no name")
		return false
	}
	p.start()
	return true
}

// start emits CallStart, and the arguments so far.
func (p *Parser) start() {
	c := &p.call
	if !c.started {
		if c.maybe {
			p.flushSpace(false)
			c.maybe = false
		}
		c.started = true
		p.emit(Event{Kind: CallStart, Call: p.calls, ID: c.id, Name: c.name})
	}
	if c.sent < len(c.args) {
		p.emit(Event{Kind: CallArguments, Call: p.calls, Text: string(c.args[c.sent:])})
		c.sent = len(c.args)
	}
}

// finish completes the call.
func (p *Parser) finish() {
	c := &p.call
	if c.name == "" {
		p.fail(ErrSyntax, "no name")
		return
	}
	switch {
	case c.keys != nil:
		c.args = append(c.args, '}')
	case len(c.args) == 0:
		c.args = append(c.args, "{}"...)
	}
	if !json.Valid(c.args) || !utf8.Valid(c.args) || c.args[0] != '{' {
		p.fail(ErrSyntax, "the arguments are not a JSON object")
		return
	}
	p.start()
	if c.id == "" {
		c.id = fmt.Sprintf("call%05d", p.opts.FirstCall+p.calls)
	}
	p.emit(Event{Kind: CallEnd, Call: p.calls, ID: c.id, Name: c.name, Arguments: bytes.Clone(c.args)})
	p.calls++
	p.call = call{label: c.label, done: true}
}
