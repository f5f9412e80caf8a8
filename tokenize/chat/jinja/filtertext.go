package jinja

import "strings"

// textFilters are the filters that work on text.
var textFilters = table(
	fn("string", "/", func(m *machine, v Value, _ params) (Value, error) { return m.soft(v) }),
	fn("upper", "/", softly(upper)),
	fn("lower", "/", softly(lower)),
	fn("capitalize", "/", softly(capitalize)),
	fn("title", "/", softly(titleFilter)),
	fn("trim", "chars?", func(m *machine, v Value, p params) (Value, error) {
		s, err := m.soft(v)
		if err != nil {
			return nil, err
		}
		return strMethods["strip"].fn(m, s, p)
	}),
	fn("replace", "old new count?", replaceFilter),
	fn("center", "width?", func(m *machine, v Value, p params) (Value, error) {
		s, err := m.soft(v)
		if err != nil {
			return nil, err
		}
		width, err := p.intArg("center", 0, 80)
		if err != nil {
			return nil, err
		}
		t, err := m.pad(selfText(s), width, " ", "center")
		return like(s, t), err
	}),
	fn("indent", "width? first? blank?", indentFilter),
	fn("truncate", "length? killwords? end? leeway?", truncateFilter),
	fn("wordcount", "/", func(m *machine, v Value, _ params) (Value, error) {
		s, err := m.soft(v)
		if err != nil {
			return nil, err
		}
		words, inside := 0, false
		for _, r := range selfText(s) {
			in := r == '_' || isAlpha(r) || isNumericRune(r)
			if in && !inside {
				words++
			}
			inside = in
		}
		return Int(words), m.work(4 * len(selfText(s)))
	}),
	fn("format", "* **", func(m *machine, v Value, p params) (Value, error) {
		s, err := m.soft(v)
		if err != nil {
			return nil, err
		}
		if len(p.rest) > 0 && len(p.kw) > 0 {
			return nil, valueErrf("format: positional and keyword arguments at the same time")
		}
		if len(p.kw) == 0 {
			return m.percent(s, selfText(s), NewTuple(p.rest...))
		}
		d := NewDict()
		for _, k := range p.kw {
			if err := m.put(d, String(k.name), k.v); err != nil {
				return nil, err
			}
		}
		return m.percent(s, selfText(s), d)
	}),
	fn("safe", "/", func(m *machine, v Value, _ params) (Value, error) {
		s, err := m.str(v)
		return Markup(s), err
	}),
	fn("escape", "/", escapeFilter),
	fn("e", "/", escapeFilter),
	fn("forceescape", "/", func(m *machine, v Value, _ params) (Value, error) {
		s, err := m.str(v)
		if err != nil {
			return nil, err
		}
		if err := m.made(5 * len(s)); err != nil {
			return nil, err
		}
		return Markup(escapeHTML(s)), nil
	}),
	fn("urlencode", "/", urlEncode),
	fn("xmlattr", "autospace?", xmlAttr),
	fn("tojson", "ensure_ascii? indent? separators? sort_keys?", toJSON),
	refusedFilter("pprint"), refusedFilter("urlize"), refusedFilter("wordwrap"), refusedFilter("random"),
	refusedFilter("striptags"),
)

// soft is Python's soft_str: text stays as it is, everything else becomes text.
func (m *machine) soft(v Value) (Value, error) {
	if _, ok := text(v); ok {
		return v, nil
	}
	s, err := m.str(v)
	return String(s), err
}

// softly makes a filter of a function from text to text of similar length.
func softly(f func(string) string) func(*machine, Value, params) (Value, error) {
	apply := mapped(f)
	return func(m *machine, v Value, p params) (Value, error) {
		s, err := m.soft(v)
		if err != nil {
			return nil, err
		}
		return apply(m, s, p)
	}
}

// titleFilter is not the method: words begin after white space, hyphens and opening brackets.
func titleFilter(s string) string {
	var b strings.Builder
	isBreak := func(r rune) bool { return isSpace(r) || strings.ContainsRune("-({[<", r) }
	for s != "" {
		end := strings.IndexFunc(s, isBreak)
		if end == 0 {
			end = strings.IndexFunc(s, func(r rune) bool { return !isBreak(r) })
		}
		if end < 0 {
			end = len(s)
		}
		n := byteOffset(s, 1)
		b.WriteString(upper(s[:n]))
		b.WriteString(lower(s[n:end]))
		s = s[end:]
	}
	return b.String()
}

func replaceFilter(m *machine, v Value, p params) (Value, error) {
	var parts [3]string
	var err error
	for i, x := range []Value{v, p.v[0], p.v[1]} {
		if parts[i], err = m.str(x); err != nil {
			return nil, err
		}
	}
	n := -1
	if p.present(2) {
		if n, err = p.intArg("replace", 2, -1); err != nil {
			return nil, err
		}
	}
	s, err := m.replace(parts[0], parts[1], parts[2], n)
	return String(s), err
}

func indentFilter(m *machine, v Value, p params) (Value, error) {
	s, ok := text(v)
	if !ok {
		if u, undef := v.(*undefined); undef {
			return nil, u.use()
		}
		return nil, typeErrf("indent: the value is %s, want a str", v.typeName())
	}
	indent := "    "
	if p.v[0] != nil {
		if indent, ok = text(p.v[0]); !ok {
			width, err := p.intArg("indent", 0, 4)
			if err != nil {
				return nil, err
			}
			if err := m.fits(max(width, 0)); err != nil {
				return nil, err
			}
			indent = strings.Repeat(" ", max(width, 0))
		}
	}
	first, err := p.boolArg(m, 1, false)
	if err != nil {
		return nil, err
	}
	blank, err := p.boolArg(m, 2, false)
	if err != nil {
		return nil, err
	}
	if err := m.made(8 * len(s)); err != nil {
		return nil, err
	}
	b := &builder{m: m}
	for i, line := range splitLines(s+"\n", false) {
		if i > 0 {
			b.b = append(b.b, '\n')
		}
		if i == 0 && first || i > 0 && (blank || line != "") {
			b.b = append(b.b, indent...)
		}
		if err := b.add(line); err != nil {
			return nil, err
		}
	}
	t, err := b.done()
	return like(v, t), err
}

func truncateFilter(m *machine, v Value, p params) (Value, error) {
	s, isText := text(v)
	n, ok := m.len(v)
	if !ok {
		return nil, typeErrf("truncate: the value is %s, want a str", v.typeName())
	}
	length, err := p.intArg("truncate", 0, 255)
	if err != nil {
		return nil, err
	}
	kill, err := p.boolArg(m, 1, false)
	if err != nil {
		return nil, err
	}
	end := "..."
	if p.v[2] != nil {
		if end, err = p.textArg("truncate", 2); err != nil {
			return nil, err
		}
	}
	leeway := 5
	if p.present(3) {
		if leeway, err = p.intArg("truncate", 3, 5); err != nil {
			return nil, err
		}
	}
	keep := length - runeLen(end)
	if keep < 0 || leeway < 0 {
		return nil, valueErrf("truncate: length %d and leeway %d, want at least %d and 0", length, leeway, runeLen(end))
	}
	if err := m.made(len(s) + len(end)); err != nil {
		return nil, err
	}
	if n <= length || n-length <= leeway {
		return v, nil
	}
	if !isText {
		return nil, typeErrf("truncate: the value is %s, want a str", v.typeName())
	}
	cut := s[:byteOffset(s, keep)]
	if i := strings.LastIndexByte(cut, ' '); i >= 0 && !kill {
		cut = cut[:i]
	}
	if _, mark := v.(Markup); mark {
		end, err = m.escape(String(end))
	}
	return like(v, cut+end), err
}
