package reply

import (
	"bytes"
)

// fail ends a call that is not well formed, or takes it back if it may have been text.
func (p *Parser) fail(err error, msg string) {
	c := &p.call
	if c.maybe {
		n := len(c.raw)
		p.buf = append(bytes.Clone(c.raw), p.buf...)
		p.leaveCalls()
		p.fresh = false
		p.say(Text, n)
		return
	}
	p.emit(Event{Kind: CallFailed, Call: p.calls, Err: &CallError{
		Call: p.calls, Name: c.name, Raw: string(c.raw[:min(len(c.raw), maxRaw)]), Msg: msg, Err: err}})
	p.calls++
	p.call = call{}
	p.mode = (*Parser).skip
}

// skip drops the rest of a call that failed, up to a mark that ends or begins calls.
func (p *Parser) skip(final bool) bool {
	marks := p.ends()
	n, hit := p.find(marks, final)
	p.use(n)
	if hit < 0 {
		return false
	}
	p.use(len(marks[hit].lit))
	p.leaveCalls()
	if do := marks[hit].do; do != nil {
		do(p, marks[hit].next)
	}
	return true
}

// ends are the marks that begin calls, and those that end them.
func (p *Parser) ends() []mark {
	if p.format.Calls == Harmony {
		return p.marks
	}
	var out []mark
	for _, b := range p.lay.opens {
		out = append(out, mark{b.lit, (*Parser).enterCalls, b.next})
	}
	if p.lay.end != "" {
		out = append(out, mark{lit: p.lay.end})
	}
	return out
}
