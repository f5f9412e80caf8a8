package machine

import (
	"bytes"
	"unicode/utf8"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// stepString reads a byte of a JSON string.
func (w *stepper) stepString(n *Node, f frame, b byte) {
	switch {
	case f.lex == lexOpen:
		if b == '"' {
			f.lex = lexNone
			f.start = int32(len(w.a.text))
			w.ready(f)
		}
	case f.lex == lexNone:
		w.beginChar(n, f, b)
	case f.lex&lexModes == lexUTF8:
		lx, r, done, ok := continueUTF8(f.lex, b)
		w.partChar(n, f, lx, r, done, ok)
	default:
		lx, r, done, ok := escape(f.lex, b)
		w.partChar(n, f, lx, r, done, ok && !(done && n.Plain && !mustEscape(r)))
	}
}

// beginChar reads the first byte of a character, or the closing quote.
func (w *stepper) beginChar(n *Node, f frame, b byte) {
	switch {
	case b == '"':
		if n.DFA.Accepts(f.q) && f.n >= n.Min {
			w.ret(f)
		}
	case b < 0x20 || n.Max >= 0 && f.n >= n.Max:
	case b == '\\':
		f.lex = lexEscape
		if w.canRead(n, &f) {
			w.ready(f)
		}
	case b < 0x80:
		w.char(n, f, rune(b))
	default:
		lx, ok := lead(b)
		w.partChar(n, f, lx, 0, false, ok)
	}
}

func (w *stepper) partChar(n *Node, f frame, lx lexer, r rune, done, ok bool) {
	if !ok {
		return
	}
	f.lex = lx
	if done {
		w.char(n, f, r)
	} else if w.canRead(n, &f) {
		w.ready(f)
	}
}

// char goes on after a whole character.
func (w *stepper) char(n *Node, f frame, r rune) {
	q := n.DFA.Step(f.q, r)
	if q < 0 {
		return
	}
	f.q = q
	f.lex = lexNone
	f.n = n.counted(f.n + 1)
	if n.looksBack() && !w.spare(n, &f, "") {
		return
	}
	w.ready(f)
}

// counted limits the count of code points to what can still matter.
func (n *Node) counted(c int32) int32 {
	if n.Max < 0 && c > n.Min {
		return n.Min
	}
	return c
}

// looksBack reports whether the string must stay apart from values before it.
func (n *Node) looksBack() bool { return n.key || n.Distinct }

// canRead reports whether the begun character can be completed.
func (w *stepper) canRead(n *Node, f *frame) bool {
	r := coming(f.lex, n.Plain)
	if n.looksBack() {
		return w.spareBetween(n, f, r)
	}
	return n.live(f.q, r)
}

// live reports whether a character of the ranges leads on from q.
func (n *Node) live(q int32, r ranges) bool {
	for i := 0; i < len(r); i += 2 {
		if r[i] <= r[i+1] && n.DFA.Live(q, r[i], r[i+1]) {
			return true
		}
	}
	return false
}

// wordTable tells, for each state of an automaton with labels, which labels lie ahead.
type wordTable struct {
	width   int      // 64-bit words per state
	ahead   []uint64 // labels that can be reached
	endless []uint64 // labels that can be reached in infinitely many ways
	plenty  []uint64 // labels that can be reached in more ways than plenty
	count   [][]int32
}

func newWordTable(d *dfa.DFA, labels int) wordTable {
	t := wordTable{width: (labels + 63) / 64}
	t.ahead = make([]uint64, t.width*d.States())
	t.endless = make([]uint64, t.width*d.States())
	t.plenty = make([]uint64, t.width*d.States())
	t.count = make([][]int32, labels)
	for _, l := range d.Labels() {
		c := d.Count(func(x int32) bool { return x == l })
		t.count[l] = c
		for q, words := range c {
			if words > 0 {
				t.ahead[q*t.width+int(l)/64] |= 1 << (l % 64)
			}
			if words > plenty {
				t.plenty[q*t.width+int(l)/64] |= 1 << (l % 64)
			}
			if words == dfa.Infinite {
				t.endless[q*t.width+int(l)/64] |= 1 << (l % 64)
			}
		}
	}
	return t
}

var onlyLabel = []uint64{1}

// allowed returns the labels the string in f may end with, and which of them stand for a single word.
func (w *stepper) allowed(n *Node, f *frame) (labels, single []uint64, seen *seenValue) {
	p := &w.a.frames[f.parent]
	if n.key {
		o := w.p.nodes[p.node].Object
		return p.reg.allowed, o.named, p.reg.values
	}
	if p.reg != nil {
		seen = p.reg.values
	}
	return onlyLabel, nil, seen
}

// spare reports whether a value that was not seen before can still come out of state f.q. typed is what a Text node has
// read; for strings it is worked out when needed.
func (w *stepper) spare(n *Node, f *frame, typed string) bool {
	labels, single, seen := w.allowed(n, f)
	switch n.quick(f.q, labels, single, seen.supply()) {
	case yes:
		return true
	case no:
		return false
	}
	if w.oneOfMany {
		w.undecided = true
		return false
	}
	if n.Kind == String {
		typed = `"` + unescape(w.a.text[f.start:])
	}
	return w.countSpare(n, f.q, labels, seen, typed, func(string) bool { return true }) > 0
}

type answer uint8

const (
	unknown answer = iota
	yes
	no
)

// plenty is a supply of words that lasts where no more values were seen.
const plenty = 1 << 12

// supply is what is known of the values seen.
type supply uint8

const (
	unseen supply = iota // there are none
	few                  // at most plenty
	many
)

func (v *seenValue) supply() supply {
	switch {
	case v == nil:
		return unseen
	case v.count <= plenty:
		return few
	}
	return many
}

// quick decides most cases without looking at the values seen: a label in sufficient supply, or a single word (which is
// taken out of labels once it is used), is enough.
func (n *Node) quick(q int32, labels, single []uint64, seen supply) answer {
	t := &n.words
	base := int(q) * t.width
	endless := t.endless
	if seen == few {
		endless = t.plenty
	}
	some := false
	for i := range t.width {
		ahead := t.ahead[base+i] & labels[i]
		if endless[base+i]&labels[i] != 0 || ahead != 0 && seen == unseen || single != nil && ahead&single[i] != 0 {
			return yes
		}
		some = some || ahead != 0
	}
	if !some {
		return no
	}
	return unknown
}

// countSpare counts the words that may follow in state q after typed and were not seen. more filters the seen words by
// what follows typed.
func (w *stepper) countSpare(n *Node, q int32, labels []uint64, seen *seenValue, typed string, more func(rest string) bool) int64 {
	total := int64(0)
	for l, c := range n.words.count {
		if c != nil && labels[l/64]>>(l%64)&1 != 0 {
			total += int64(c[q])
		}
	}
	return total - n.used(labels, seen, typed, more)
}

// used counts the seen words that begin with typed and belong to one of the labels.
func (n *Node) used(labels []uint64, seen *seenValue, typed string, more func(rest string) bool) int64 {
	total := int64(0)
	for v := seen; v != nil; v = v.prev {
		if len(v.text) < len(typed) || v.text[:len(typed)] != typed || !more(v.text[len(typed):]) {
			continue
		}
		word := v.text
		if n.Kind == String {
			if word == "" || word[0] != '"' {
				continue
			}
			word = word[1:]
		}
		if l := n.DFA.Run(word); l != dfa.NoLabel && labels[l/64]>>(l%64)&1 != 0 {
			total++
		}
	}
	return total
}

// spareBetween is spare for a character that has only begun and will lie in one of the ranges.
func (w *stepper) spareBetween(n *Node, f *frame, r ranges) bool {
	labels, single, seen := w.allowed(n, f)
	total := int64(0)
	result := no
	n.DFA.Edges(f.q, func(lo, hi rune, to int32) {
		width := r.within(lo, hi)
		if width == 0 || result == yes {
			return
		}
		switch n.quick(to, labels, single, seen.supply()) {
		case yes:
			result = yes
		case unknown:
			result = unknown
			total += width * w.countSpare(n, to, labels, nil, "", nil)
		}
	})
	if result != unknown {
		return result == yes
	}
	if w.oneOfMany {
		w.undecided = true
		return false
	}
	typed := `"` + unescape(w.a.text[f.start:])
	return total > n.used(labels, seen, typed, func(rest string) bool {
		for _, c := range rest {
			return r.has(c)
		}
		return false
	})
}

// whole cuts off a code point at the end that is not complete.
func whole(s []byte) []byte {
	for i := len(s) - 1; i >= 0 && i >= len(s)-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRune(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}

// unescape returns the characters that are complete in the beginning of the inside of a JSON string.
func unescape(s []byte) string {
	if bytes.IndexByte(s, '\\') < 0 {
		if end := bytes.IndexByte(s, '"'); end >= 0 {
			s = s[:end]
		}
		return string(whole(s))
	}
	out := make([]rune, 0, len(s))
	lx := lexNone
	for _, b := range s {
		var r rune
		done, ok := false, true
		switch {
		case lx == lexNone && b == '"':
			return string(out)
		case lx == lexNone && b == '\\':
			lx = lexEscape
			continue
		case lx == lexNone && b < 0x80:
			r, done = rune(b), true
		case lx == lexNone:
			lx, ok = lead(b)
		case lx&lexModes == lexUTF8:
			lx, r, done, ok = continueUTF8(lx, b)
		default:
			lx, r, done, ok = escape(lx, b)
		}
		if !ok {
			break
		}
		if done {
			lx = lexNone
			out = append(out, r)
		}
	}
	return string(out)
}
