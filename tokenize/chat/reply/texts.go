package reply

import (
	"encoding/json"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

const (
	maxLength  = 1 << 12 // of texts in a grammar
	maxPattern = 1 << 10 // repetitions in a pattern
)

// formats are patterns for the formats of texts. They are narrower than the formats.
var formats = map[string]string{
	"date":      `^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$`,
	"time":      `^([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$`,
	"date-time": `^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$`,
	"uuid":      `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`,
	"ipv4":      `^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$`,
	"email":     `^[a-z0-9]+([._-][a-z0-9]+)*@[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]{2,8})+$`,
	"uri":       `^https?://[a-z0-9]+([.-][a-z0-9]+)*(/[A-Za-z0-9._~-]*)*$`,
}

// textOf returns the expression for a text that is valid for the schema and does not hold the literal that ends it.
func (b *builder) textOf(n *node, path, end string) string {
	var values []json.RawMessage
	if v, ok := n.vals["const"]; ok {
		values = []json.RawMessage{v}
	}
	if n.read("enum", &values) || values != nil {
		b.keywords(n, path, "enum", "const")
		return b.textEnum(values, path, end)
	}
	b.keywords(n, path, "minLength", "maxLength", "pattern", "format")
	var pattern, format string
	low, high := 0, -1
	lengths := n.read("minLength", &low)
	lengths = n.read("maxLength", &high) || lengths
	switch hasPattern, hasFormat := n.read("pattern", &pattern), n.read("format", &format); {
	case hasPattern && (hasFormat || lengths), hasFormat && lengths:
		return b.refuse(path, "pattern", "together with other demands on the text")
	case hasPattern:
		return b.pattern(pattern, path)
	case hasFormat:
		if formats[format] == "" {
			return b.refuse(path, "format", fmt.Sprintf("%.80q is not known", format))
		}
		return b.pattern(formats[format], path)
	case !lengths:
		return b.without(end)
	}
	if low > maxLength || high > maxLength || high >= 0 && low > high || low < 0 {
		return b.refuse(path, "maxLength", fmt.Sprintf("want lengths of 0 to %d", maxLength))
	}
	class := b.others("")
	if high < 0 {
		return fmt.Sprintf("%s{%d,}", class, low)
	}
	return fmt.Sprintf("%s{%d,%d}", class, low, high)
}

func (b *builder) textEnum(values []json.RawMessage, path, end string) string {
	var out []string
	for _, v := range values {
		var s string
		if json.Unmarshal(v, &s) != nil || v[0] != '"' {
			continue // the schema allows texts only
		}
		if strings.Contains(s+end, end) && strings.Index(s+end, end) < len(s) {
			b.refuse(path, "enum", fmt.Sprintf("%.80q holds the mark that ends it", s))
		}
		if s == "" {
			s = `""`
		} else {
			s = quote(s)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return b.refuse(path, "enum", "no value is possible")
	}
	return "(" + strings.Join(out, " | ") + ")"
}

// without returns a rule for texts that do not hold a literal. The literal begins with a character that is nowhere else in
// it, so the first one in text and literal together is the one after the text. The rule is a repetition and does not call
// itself: then the tokens of a whole text are one mask, worked out once.
func (b *builder) without(lit string) string {
	if b.syntax == Pythonic {
		return `([^"\\\n] | "\\" ["\\nt])*`
	}
	if name, ok := b.free[lit]; ok {
		return name
	}
	if b.free == nil {
		b.free = map[string]string{}
	}
	name := fmt.Sprintf("text-%d", len(b.free))
	b.free[lit] = name
	b.rule(name, avoid([]rune(lit)))
	return name
}

// avoid returns the expression for texts without a literal of at least two characters. A piece of such a text is another
// character than the first, or the first and what follows it: again and again more of the literal and then its first, at
// last more of it and then what is neither its next nor its first. The text may end inside the literal.
func avoid(lit []rune) string {
	first, open := classRune(lit[0]), quote(string(lit[0]))
	end := len(lit) - 1
	again, leave, stop := open, fmt.Sprintf("[^%s%s]", first, classRune(lit[end])), `""`
	for i := end - 1; i > 0; i-- {
		next := quote(string(lit[i]))
		again = fmt.Sprintf("(%s | %s %s)", open, next, again)
		leave = fmt.Sprintf("([^%s%s] | %s %s)", first, classRune(lit[i]), next, leave)
		stop = fmt.Sprintf("(%s %s)?", next, stop)
	}
	return fmt.Sprintf("([^%[1]s] | %[2]s %[3]s* %[4]s)* (%[2]s %[3]s* %[5]s)?", first, open, again, leave, stop)
}

// classRune writes a character of a class in GBNF.
func classRune(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r == '\\' || r == ']' || r == '[':
		return `\` + string(r)
	case r < 0x20 || r == '^' || r == '-':
		return fmt.Sprintf(`\x%02X`, r)
	case r >= 0x10000:
		return fmt.Sprintf(`\U%08X`, r)
	case r >= 0x7f:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return string(r)
}

// excluded are the characters that texts with a demand on them do not have: '<', with which all marks begin, or what ends
// or changes a text of Python's.
func (b *builder) excluded() string {
	if b.syntax == Pythonic {
		return "\"\\\n"
	}
	return "<"
}

// others returns the class of all other characters, without those of a class.
func (b *builder) others(class string) string {
	for _, r := range b.excluded() {
		class += classRune(r)
	}
	return "[^" + class + "]"
}

// pattern returns the expression for texts that match a regular expression and have none of the excluded characters.
// JSON Schema looks for the pattern anywhere in the text, so without ^ or $ more may stand around it.
func (b *builder) pattern(p, path string) string {
	re, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return b.refuse(path, "pattern", fmt.Sprintf("%.80q is not a regular expression of the syntax RE2", p))
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	before, after := true, true
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		before, parts = false, parts[1:]
	}
	if len(parts) > 0 && parts[len(parts)-1].Op == syntax.OpEndText {
		after, parts = false, parts[:len(parts)-1]
	}
	out := b.regexps(parts, path)
	if before {
		out = b.others("") + "* " + out
	}
	if after {
		out += " " + b.others("") + "*"
	}
	if strings.TrimSpace(out) == "" {
		return `""`
	}
	return out
}

func (b *builder) regexps(list []*syntax.Regexp, path string) string {
	var out []string
	for _, re := range list {
		out = append(out, b.regexp(re, path))
	}
	return strings.Join(out, " ")
}

func (b *builder) regexp(re *syntax.Regexp, path string) string {
	sub := func() string { return "(" + b.regexps(re.Sub, path) + ")" }
	switch re.Op {
	case syntax.OpEmptyMatch:
		return `""`
	case syntax.OpLiteral:
		if s := string(re.Rune); re.Flags&syntax.FoldCase == 0 && !strings.ContainsAny(s, b.excluded()) {
			return quote(s)
		}
	case syntax.OpCharClass:
		return b.class(re.Rune, path)
	case syntax.OpAnyChar:
		return b.others("")
	case syntax.OpAnyCharNotNL:
		return b.others(`\n`)
	case syntax.OpCapture, syntax.OpConcat:
		return sub()
	case syntax.OpAlternate:
		var out []string
		for _, x := range re.Sub {
			out = append(out, b.regexp(x, path))
		}
		return "(" + strings.Join(out, " | ") + ")"
	case syntax.OpStar:
		return sub() + "*"
	case syntax.OpPlus:
		return sub() + "+"
	case syntax.OpQuest:
		return sub() + "?"
	case syntax.OpRepeat:
		if re.Min > maxPattern || re.Max > maxPattern {
			break
		}
		if re.Max < 0 {
			return fmt.Sprintf("%s{%d,}", sub(), re.Min)
		}
		return fmt.Sprintf("%s{%d,%d}", sub(), re.Min, re.Max)
	}
	return b.refuse(path, "pattern", fmt.Sprintf("%.80q cannot be written here", re.String()))
}

// class writes a class of characters without the excluded ones.
func (b *builder) class(ranges []rune, path string) string {
	var out strings.Builder
	add := func(lo, hi rune) {
		hi = min(hi, unicode.MaxRune)
		switch {
		case lo > hi:
		case lo == hi:
			out.WriteString(classRune(lo))
		default:
			out.WriteString(classRune(lo) + "-" + classRune(hi))
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		lo, hi := ranges[i], ranges[i+1]
		for _, r := range []rune{'\n', '"', '<', '\\'} { // in order
			if strings.ContainsRune(b.excluded(), r) && lo <= r && r <= hi {
				add(lo, r-1)
				lo = r + 1
			}
		}
		if lo < 0xD800 && hi > 0xDFFF { // no text has surrogates
			add(lo, 0xD7FF)
			lo = 0xE000
		}
		add(lo, hi)
	}
	if out.Len() == 0 {
		return b.refuse(path, "pattern", "a class of characters is empty")
	}
	return "[" + out.String() + "]"
}
