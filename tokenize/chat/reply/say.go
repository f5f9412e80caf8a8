package reply

// space is what counts as white space around marks.
const space = " \t\r\n"

// maxSpace bounds the white space that is held back.
const maxSpace = 256

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// say takes n bytes off the buffer as text or reasoning. White space at the end is held back: it is not part of the text if
// a mark follows.
func (p *Parser) say(kind Kind, n int) {
	b := p.buf[:n]
	p.use(n)
	if p.trim {
		for len(b) > 0 && isSpace(b[0]) {
			b = b[1:]
		}
	}
	if len(b) == 0 {
		return
	}
	end := len(b)
	for end > 0 && isSpace(b[end-1]) {
		end--
	}
	p.trim = false
	if end > 0 {
		p.fresh = false
		p.emit(Event{Kind: kind, Text: string(p.space) + string(b[:end])})
		p.space = p.space[:0]
	}
	p.space = append(p.space, b[end:]...)
	if len(p.space) > maxSpace {
		p.emit(Event{Kind: kind, Text: string(p.space)})
		p.space = p.space[:0]
	}
}

// flushSpace ends a text. The white space at its end is kept only at the end of the reply.
func (p *Parser) flushSpace(keep bool) {
	if keep && len(p.space) > 0 {
		kind := Text
		if p.thinking {
			kind = Reasoning
		}
		p.emit(Event{Kind: kind, Text: string(p.space)})
	}
	p.space = p.space[:0]
}
