package jinja

import "strings"

// strMethods are the methods of str and Markup.
var strMethods = table(
	fn("strip", "chars? /", strip(strings.TrimFunc)),
	fn("lstrip", "chars? /", strip(strings.TrimLeftFunc)),
	fn("rstrip", "chars? /", strip(strings.TrimRightFunc)),
	fn("split", "sep? maxsplit?", splitMethod(false)),
	fn("rsplit", "sep? maxsplit?", splitMethod(true)),
	fn("splitlines", "keepends?", func(m *machine, self Value, p params) (Value, error) {
		keep, err := p.boolArg(m, 0, false)
		if err != nil {
			return nil, err
		}
		return m.texts(self, splitLines(selfText(self), keep))
	}),
	fn("join", "iterable /", joinMethod),
	fn("replace", "old new count? /", replaceMethod),
	fn("startswith", "prefix start? end? /", affix(strings.HasPrefix)),
	fn("endswith", "suffix start? end? /", affix(strings.HasSuffix)),
	fn("removeprefix", "prefix /", func(m *machine, self Value, p params) (Value, error) {
		s, err := p.textArg("removeprefix", 0)
		return like(self, strings.TrimPrefix(selfText(self), s)), err
	}),
	fn("removesuffix", "suffix /", func(m *machine, self Value, p params) (Value, error) {
		s, err := p.textArg("removesuffix", 0)
		return like(self, strings.TrimSuffix(selfText(self), s)), err
	}),
	fn("find", "sub start? end? /", search("find", strings.Index, false)),
	fn("rfind", "sub start? end? /", search("rfind", strings.LastIndex, false)),
	fn("index", "sub start? end? /", search("index", strings.Index, true)),
	fn("rindex", "sub start? end? /", search("rindex", strings.LastIndex, true)),
	fn("count", "sub start? end? /", countMethod),
	fn("partition", "sep /", partition(strings.Index, false)),
	fn("rpartition", "sep /", partition(strings.LastIndex, true)),
	fn("upper", "/", mapped(upper)),
	fn("lower", "/", mapped(lower)),
	fn("title", "/", mapped(title)),
	fn("capitalize", "/", mapped(capitalize)),
	fn("swapcase", "/", mapped(swapCase)),
	fn("casefold", "/", func(m *machine, self Value, _ params) (Value, error) {
		s := selfText(self)
		if !isASCII(s) {
			return nil, unsupportedf("casefold of text outside ASCII")
		}
		return like(self, strings.ToLower(s)), m.made(len(s))
	}),
	fn("center", "width fillchar? /", pad("center")),
	fn("ljust", "width fillchar? /", pad("ljust")),
	fn("rjust", "width fillchar? /", pad("rjust")),
	fn("zfill", "width /", zfill),
	fn("expandtabs", "tabsize?", expandTabs),
	fn("isalpha", "/", all("isalpha", isAlpha)),
	fn("isdigit", "/", all("isdigit", isDigitRune)),
	fn("isdecimal", "/", all("isdecimal", func(r rune) bool { _, ok := decimalDigit(r); return ok })),
	fn("isnumeric", "/", isNumeric),
	fn("isalnum", "/", isAlnum),
	fn("isspace", "/", all("isspace", isSpace)),
	fn("isprintable", "/", isPrintable),
	fn("isidentifier", "/", isIdentifier),
	fn("isascii", "/", func(_ *machine, self Value, _ params) (Value, error) { return Bool(isASCII(selfText(self))), nil }),
	fn("islower", "/", func(_ *machine, self Value, _ params) (Value, error) { return Bool(isLowerText(selfText(self))), nil }),
	fn("isupper", "/", func(_ *machine, self Value, _ params) (Value, error) { return Bool(isUpperText(selfText(self))), nil }),
	fn("istitle", "/", isTitle),
	refused("encode"), refused("translate"), refused("maketrans"), refused("format_map"),
)

// refused is a method that Python has and this package does not.
func refused(name string) *builtin {
	return fn(name, "* **", func(_ *machine, self Value, _ params) (Value, error) {
		return nil, unsupportedf("the method %s of %s", name, self.typeName())
	})
}

func selfText(v Value) string {
	s, _ := text(v)
	return s
}

// texts makes a list of texts of the type of self. The texts are parts of self.
func (m *machine) texts(self Value, parts []string) (Value, error) {
	if err := m.step(len(selfText(self))>>4 + len(parts)); err != nil {
		return nil, err
	}
	if err := m.made(32 * len(parts)); err != nil {
		return nil, err
	}
	l := &List{make([]Value, len(parts))}
	for i, s := range parts {
		l.items[i] = like(self, s)
	}
	return l, nil
}

// mapped makes a method of a function from text to text of similar length.
func mapped(f func(string) string) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, _ params) (Value, error) {
		s := selfText(self)
		if err := m.made(3 * len(s)); err != nil {
			return nil, err
		}
		if err := m.step(len(s) >> 4); err != nil {
			return nil, err
		}
		return like(self, f(s)), nil
	}
}

func strip(trim func(string, func(rune) bool) string) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		s, in := selfText(self), isSpace
		if p.present(0) {
			set, err := p.textArg("strip", 0)
			if err != nil {
				return nil, err
			}
			if err := m.step(len(set) >> 2); err != nil {
				return nil, err
			}
			in = charSet(set)
		}
		return like(self, trim(s, in)), m.work(len(s))
	}
}

// charSet returns a function that says whether a character is in s. Making it takes time in proportion to s, asking does not.
func charSet(s string) func(rune) bool {
	if len(s) <= 8 {
		return func(r rune) bool { return strings.ContainsRune(s, r) }
	}
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return func(r rune) bool { return set[r] }
}

func splitMethod(right bool) func(*machine, Value, params) (Value, error) {
	return func(m *machine, self Value, p params) (Value, error) {
		s := selfText(self)
		most, err := p.intArg("split", 1, -1)
		if err != nil {
			return nil, err
		}
		if err := m.work(len(s)); err != nil {
			return nil, err
		}
		if !p.present(0) {
			if err := m.made(8 * len(s)); err != nil { // at most half as many parts of 16 bytes
				return nil, err
			}
			if right {
				return m.texts(self, rsplitSpace(s, most))
			}
			return m.texts(self, splitSpace(s, most))
		}
		sep, err := p.textArg("split", 0)
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, valueErrf("split: empty separator")
		}
		n := strings.Count(s, sep)
		if most >= 0 {
			n = min(n, most)
		}
		if err := m.madeItems(n); err != nil {
			return nil, err
		}
		if right {
			return m.texts(self, rsplitSep(s, sep, most))
		}
		return m.texts(self, strings.SplitN(s, sep, n+1))
	}
}

func joinMethod(m *machine, self Value, p params) (Value, error) {
	items, err := m.items(p.v[0])
	if err != nil {
		return nil, err
	}
	_, mark := self.(Markup)
	b := &builder{m: m}
	for i, v := range items {
		s, ok := text(v)
		if mark {
			s, err = m.escape(v)
		} else if !ok {
			err = typeErrf("join: item %d is %s, want a str", i, v.typeName())
		}
		if err == nil && i > 0 {
			err = b.add(selfText(self))
		}
		if err == nil {
			err = b.add(s)
		}
		if err != nil {
			return nil, err
		}
	}
	s, err := b.done()
	return like(self, s), err
}

func replaceMethod(m *machine, self Value, p params) (Value, error) {
	old, err := p.textArg("replace", 0)
	if err != nil {
		return nil, err
	}
	with, err := p.textArg("replace", 1)
	if err != nil {
		return nil, err
	}
	if _, mark := self.(Markup); mark {
		if with, err = m.escape(p.v[1]); err != nil {
			return nil, err
		}
	}
	n, err := p.intArg("replace", 2, -1)
	if err != nil {
		return nil, err
	}
	s, err := m.replace(selfText(self), old, with, n)
	return like(self, s), err
}

// replace is str.replace.
func (m *machine) replace(s, old, with string, most int) (string, error) {
	if err := m.work(len(s)); err != nil {
		return "", err
	}
	n := strings.Count(s, old)
	if most >= 0 {
		n = min(n, most)
	}
	if n == 0 {
		return s, nil
	}
	if grow := len(with) - len(old); grow > 0 && n > (m.lim.ValueBytes-len(s))/grow {
		return "", m.fits(m.lim.ValueBytes + 1)
	}
	if err := m.made(len(s) + n*(len(with)-len(old))); err != nil {
		return "", err
	}
	if err := m.step(n >> 2); err != nil {
		return "", err
	}
	return strings.Replace(s, old, with, n), nil
}
