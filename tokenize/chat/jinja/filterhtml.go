package jinja

import (
	"strings"
	"unicode"
)

// escapeHTML replaces the five characters that MarkupSafe escapes.
func escapeHTML(s string) string { return htmlEscaper.Replace(s) }

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;")

// escape returns the text of v, escaped unless it is Markup.
func (m *machine) escape(v Value) (string, error) {
	s, err := m.str(v)
	if _, mark := v.(Markup); mark || err != nil {
		return s, err
	}
	if err := m.made(5 * len(s)); err != nil {
		return "", err
	}
	return escapeHTML(s), nil
}

func escapeFilter(m *machine, v Value, _ params) (Value, error) {
	s, err := m.escape(v)
	return Markup(s), err
}

// urlEncode percent-encodes text, or the pairs of a mapping or list as a query.
func urlEncode(m *machine, v Value, _ params) (Value, error) {
	_, isText := text(v)
	if _, iterable := m.tryIterate(v); isText || !iterable {
		s, err := m.quoteURL(v, "/")
		return String(s), err
	}
	if d, ok := v.(*Dict); ok {
		v = &view{d, viewItems}
	}
	pairs, err := m.items(v)
	if err != nil {
		return nil, err
	}
	b := &builder{m: m}
	for i, pair := range pairs {
		kv, err := m.items(pair)
		if err != nil {
			return nil, err
		}
		if len(kv) != 2 {
			return nil, valueErrf("urlencode: item %d has length %d, want 2", i, len(kv))
		}
		key, err := m.quoteURL(kv[0], "")
		if err != nil {
			return nil, err
		}
		val, err := m.quoteURL(kv[1], "")
		if err != nil {
			return nil, err
		}
		if i > 0 {
			key = "&" + key
		}
		if err := b.add(strings.ReplaceAll(key+"="+val, "%20", "+")); err != nil {
			return nil, err
		}
	}
	s, err := b.done()
	return String(s), err
}

func (m *machine) quoteURL(v Value, safe string) (string, error) {
	s, err := m.str(v)
	if err != nil {
		return "", err
	}
	if err := m.made(3 * len(s)); err != nil {
		return "", err
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < 0x80 && (unicode.IsLetter(rune(c)) || isDigit(c)) || strings.IndexByte("_.-~"+safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String(), nil
}

func xmlAttr(m *machine, v Value, p params) (Value, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, typeErrf("xmlattr: the value is %s, want a dict", v.typeName())
	}
	space, err := p.boolArg(m, 0, true)
	if err != nil {
		return nil, err
	}
	b := &builder{m: m}
	for i, k := range d.keys {
		name, ok := text(k)
		if !ok || strings.ContainsAny(name, " \t\n\r\f\v/>=") {
			return nil, valueErrf("xmlattr: %s is no attribute name", shortRepr(k))
		}
		switch d.vals[i].(type) {
		case None, *undefined:
			continue
		}
		val, err := m.escape(d.vals[i])
		if err != nil {
			return nil, err
		}
		if space || len(b.b) > 0 {
			b.b = append(b.b, ' ')
		}
		if name, err = m.escape(k); err == nil {
			err = b.add(name + `="` + val + `"`)
		}
		if err != nil {
			return nil, err
		}
	}
	s, err := b.done()
	return String(s), err
}
