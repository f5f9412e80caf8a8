package reply

import (
	"bytes"
	"encoding/json"
)

// jsonScan finds the end of a value in pieces of text. It counts brackets and strings and leaves the rest to json.Valid.
type jsonScan struct {
	begun  bool
	scalar bool
	depth  int
	quote  byte // the quote of the string it is in, or 0
	esc    bool
	python bool // strings may have single quotes
}

// feed returns how many bytes of b belong to the value, and whether it is complete. The first byte must not be white space.
func (s *jsonScan) feed(b []byte) (n int, done bool) {
	for i, c := range b {
		switch {
		case s.esc:
			s.esc = false
		case s.quote != 0:
			if c == '\\' {
				s.esc = true
			} else if c == s.quote {
				s.quote = 0
				if s.depth == 0 {
					return i + 1, true
				}
			}
		case c == '"' || s.python && c == '\'':
			if s.scalar {
				return i, true
			}
			s.quote = c
		case c == '{' || c == '[' || s.python && c == '(':
			s.depth++
		case c == '}' || c == ']' || s.python && c == ')':
			if s.depth == 0 {
				return i, true
			}
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		case s.depth > 0:
		case !s.begun && scalarByte(c):
			s.scalar = true
		case !scalarByte(c):
			return i, true
		}
		s.begun = true
	}
	return len(b), false
}

func scalarByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
}

// objectScan reads a call object: where it is, and the key and value it is at.
type objectScan struct {
	at   objectPlace
	key  string
	text []byte // key or value being read
	scan jsonScan
}

type objectPlace uint8

const (
	beforeObject objectPlace = iota
	beforeKey
	inKey
	beforeColon
	beforeValue
	inValue
	afterValue
)

// jsonValue reads a step of kind value or object. What it reads it uses at once.
func (p *Parser) jsonValue(s step) bool {
	for {
		o := &p.call.object
		if o.at != inKey && o.at != inValue {
			n := 0
			for n < len(p.buf) && isSpace(p.buf[n]) {
				n++
			}
			if p.take(n); len(p.buf) == 0 {
				return false
			}
			if s.kind == value {
				*o = objectScan{at: inValue}
				continue
			}
			if ended, ok := p.objectPunct(p.buf[0]); !ok || ended {
				if ended {
					p.call.label = s.next
					p.finish()
				}
				return true
			}
			continue
		}
		if len(p.buf) == 0 {
			return false
		}
		n, done := o.scan.feed(p.buf)
		if o.text = append(o.text, p.buf[:n]...); len(o.text) == 0 || s.kind == value && o.text[0] != '{' && o.text[0] != '"' {
			p.fail(ErrSyntax, "the arguments are not a JSON object")
			return true
		}
		streams := o.at == inValue && (s.kind == value || p.isArguments(o.key)) && o.text[0] == '{'
		if streams {
			p.call.args = append(p.call.args, p.buf[:n]...)
			o.text = o.text[:1]
			if p.call.name != "" {
				p.start()
			}
		}
		p.take(n)
		if !done {
			return false
		}
		if ok := p.objectPart(s, streams); !ok {
			return true
		}
		if s.kind == value {
			p.call.label = s.next
			p.finish()
			return true
		}
	}
}

// objectPunct reads a byte between keys and values.
func (p *Parser) objectPunct(c byte) (ended, ok bool) {
	o := &p.call.object
	if o.at == beforeValue {
		*o = objectScan{at: inValue, key: o.key}
		return false, true
	}
	if c == '}' && (o.at == afterValue || o.at == beforeKey) {
		p.take(1)
		return true, true
	}
	to := beforeObject
	switch {
	case o.at == beforeObject && c == '{', o.at == afterValue && c == ',':
		to = beforeKey
	case o.at == beforeKey && c == '"':
		to = inKey
	case o.at == beforeColon && c == ':':
		to = beforeValue
	default:
		p.fail(ErrSyntax, "not a JSON object with the name of a tool and arguments")
		return false, false
	}
	if to == inKey {
		*o = objectScan{at: inKey}
		return false, true
	}
	o.at = to
	p.take(1)
	return false, true
}

// isArguments tells whether a key of a call object has the arguments as its value.
func (p *Parser) isArguments(key string) bool {
	return p.lay.keyed || key == "arguments" || key == "parameters"
}

// objectPart takes note of a key or value that is complete.
func (p *Parser) objectPart(s step, streamed bool) bool {
	c := &p.call
	o := &c.object
	if o.at == inKey {
		var key string
		if json.Unmarshal(o.text, &key) != nil {
			p.fail(ErrSyntax, "a key is not a JSON string")
			return false
		}
		*o = objectScan{at: beforeColon, key: key}
		if p.lay.keyed {
			return p.setName(key)
		}
		return true
	}
	text := o.text
	key := o.key
	*o = objectScan{at: afterValue}
	var word string
	isText := !streamed && text[0] == '"' && json.Unmarshal(text, &word) == nil
	switch {
	case streamed:
	case s.kind == value || p.isArguments(key):
		if !isText || len(bytes.TrimLeft([]byte(word), space)) == 0 {
			p.fail(ErrSyntax, "the arguments are not a JSON object")
			return false
		}
		c.args = append(c.args, bytes.Trim([]byte(word), space)...)
	case key == "name" || key == "tool_name":
		if !isText {
			p.fail(ErrSyntax, "the name is not a JSON string")
			return false
		}
		return p.setName(word)
	case key == "id" || key == "tool_call_id":
		c.id = word
	default:
		if !json.Valid(text) {
			p.fail(ErrSyntax, "not a JSON object with the name of a tool and arguments")
			return false
		}
	}
	return true
}
