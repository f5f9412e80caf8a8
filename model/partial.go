package model

// partialJSON is the beginning of a JSON text, and the last place in it at which closing what is open gives a JSON text
// without half a value.
type partialJSON struct {
	text   []byte
	at     int    // bytes of text that were read
	open   []byte // the closing brackets of what is open, outermost first
	cut    int    // the place
	cutOff []byte // open at the place

	inString, escaped, inWord, isKey bool
}

// add appends text. It reports whether a value has become complete.
func (p *partialJSON) add(text string) bool {
	before := p.cut
	p.text = append(p.text, text...)
	for ; p.at < len(p.text); p.at++ {
		p.read(p.text[p.at])
	}
	return p.cut > before
}

func (p *partialJSON) read(c byte) {
	if p.inString {
		switch {
		case p.escaped:
			p.escaped = false
		case c == '\\':
			p.escaped = true
		case c == '"':
			if p.inString = false; !p.isKey {
				p.complete(p.at + 1)
			}
		}
		return
	}
	switch c {
	case ',', '}', ']', ' ', '\n', '\t', '\r':
		if p.inWord { // a number or literal ends here
			p.inWord = false
			p.complete(p.at)
		}
	}
	switch c {
	case '"':
		p.inString = true
	case '{', '[':
		p.open = append(p.open, c+2) // the closing bracket comes two later
		p.isKey = c == '{'
	case '}', ']':
		p.open = p.open[:max(0, len(p.open)-1)]
		p.complete(p.at + 1)
	case ',':
		p.isKey = len(p.open) > 0 && p.open[len(p.open)-1] == '}'
	case ':':
		p.isKey = false
	case ' ', '\n', '\t', '\r':
	default:
		p.inWord = true
	}
}

// complete notes that a value ends before byte n.
func (p *partialJSON) complete(n int) {
	p.cut = n
	p.cutOff = append(p.cutOff[:0], p.open...)
}

// closed returns the text up to the place, with everything closed.
func (p *partialJSON) closed() []byte {
	doc := append([]byte(nil), p.text[:p.cut]...)
	for i := len(p.cutOff) - 1; i >= 0; i-- {
		doc = append(doc, p.cutOff[i])
	}
	return doc
}
