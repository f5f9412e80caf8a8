package reply

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// rawValue reads the value of a parameter in the text form of the syntax. A value that the schema says is no text may hold
// the literal that ends it inside its own strings, so its brackets and strings are followed.
func (p *Parser) rawValue(s step) bool {
	c := &p.call
	types := allTypes
	if s.to == toString {
		types = typeString
	} else if c.schema != nil {
		types = c.schema.property(c.key).types()
	}
	if !c.plain && types&typeString == 0 {
		switch n, found := p.bracketed(s.lits[0].lit); {
		case found == isThere:
			return p.parameter(s, n, types)
		case found == needsMore:
			return false
		}
		c.plain, c.scanned = true, 0
	}
	n, b := p.search(s.lits)
	if b == nil {
		return false
	}
	return p.parameter(s, n, types)
}

type found uint8

const (
	isThere found = iota
	needsMore
	isNot
)

// bracketed finds the end of a value in brackets or quotes that has the literal after it.
func (p *Parser) bracketed(lit string) (int, found) {
	c := &p.call
	i := 0
	for i < len(p.buf) && isSpace(p.buf[i]) {
		i++
	}
	if i == len(p.buf) {
		return 0, needsMore
	}
	if strings.IndexByte(`{["'(`, p.buf[i]) < 0 {
		return 0, isNot
	}
	if !c.whole {
		c.bracket.python = true
		c.scanned = max(c.scanned, i)
		n, done := c.bracket.feed(p.buf[c.scanned:])
		c.scanned += n
		if c.whole = done; !done {
			return 0, needsMore
		}
	}
	end := c.scanned
	for end < len(p.buf) && isSpace(p.buf[end]) {
		end++
	}
	if rest := p.buf[end:]; bytes.HasPrefix(rest, []byte(lit)) {
		return end, isThere
	} else if strings.HasPrefix(lit, string(rest[:min(len(rest), len(lit))])) {
		return 0, needsMore
	}
	return 0, isNot
}

// parameter adds the value in the first n bytes of the buffer to the arguments.
func (p *Parser) parameter(s step, n int, types typeSet) bool {
	c := &p.call
	text := string(p.buf[:n])
	if p.lay.trim {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "\n"), "\n")
	}
	p.take(n + len(s.lits[0].lit))
	c.bracket, c.whole, c.plain = jsonScan{}, false, false
	v, ok := convert(text, types)
	if !ok {
		p.fail(ErrSyntax, fmt.Sprintf("parameter %.80q is %.80q, want a value of its type", c.key, text))
		return true
	}
	if c.keys[c.key] {
		p.fail(ErrSyntax, fmt.Sprintf("parameter %.80q is there twice", c.key))
		return true
	}
	if c.keys == nil {
		c.keys = map[string]bool{}
		c.args = append(c.args, '{')
	} else {
		c.args = append(c.args, ", "...)
	}
	c.keys[c.key] = true
	c.args = append(append(append(c.args, quoteJSON(c.key)...), ": "...), v...)
	p.start()
	p.goTo(s.lits[0])
	return true
}

// convert makes JSON of a value that is written as text, as JSON or as Python writes it.
func convert(text string, types typeSet) (string, bool) {
	if types == typeString {
		return quoteJSON(text), true
	}
	word := strings.Trim(text, space)
	if json.Valid([]byte(word)) {
		if t := typeOfJSON(word); t&types != 0 && (t != typeString || types&typeString == 0) {
			return word, true
		}
	}
	if v, ok := python(word); ok && typeOfJSON(v) != typeString && typeOfJSON(v)&types != 0 {
		return v, true
	}
	if types&typeString != 0 {
		return quoteJSON(text), true
	}
	return "", false
}

// quoteJSON returns the text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func quoteJSON(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(strings.ToValidUTF8(s, string(utf8.RuneError))); err != nil {
		return `""` // strings can be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
