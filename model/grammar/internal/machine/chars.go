package machine

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// A charSet is a set of kinds of characters, a bit each: ASCII letters and digits by kind, all other ASCII characters that
// text has singly, and the rest by the first byte of UTF-8.
type charSet uint64

// stringMarks are the characters that mean something inside a JSON string, or may not stand there.
const stringMarks charSet = 1<<4 - 1 | 1<<(7+'"'-' ') | 1<<(30+'\\'-'[')

// noChar stands for bytes that are no character. No region has it.
const noChar charSet = 1 << 63

// charKind returns the set of the characters that a first byte begins.
func charKind(b byte) charSet {
	switch {
	case b == '\t':
		return 1 << 0
	case b == '\n':
		return 1 << 1
	case b == '\r':
		return 1 << 2
	case b < ' ' || b == 0x7F:
		return 1 << 3
	case b >= '0' && b <= '9':
		return 1 << 4
	case b >= 'A' && b <= 'Z':
		return 1 << 5
	case b >= 'a' && b <= 'z':
		return 1 << 6
	case b <= '/':
		return 1 << (7 + b - ' ')
	case b <= '@':
		return 1 << (23 + b - ':')
	case b <= '`':
		return 1 << (30 + b - '[')
	case b < 0x80:
		return 1 << (36 + b - '{')
	case b < 0xC2 || b > 0xF4: // see lead
		return noChar
	case b < 0xE0: // Latin, Greek, Cyrillic; Hebrew, Arabic
		return 1 << (40 + (b-0xC0)/8)
	case b < 0xF0:
		return 1 << (44 + b - 0xE0)
	}
	return 1 << 60
}

// charsBetween returns the kinds that have a character between lo and hi. Surrogates are no characters.
func charsBetween(lo, hi rune) charSet {
	var set charSet
	for ; lo <= min(hi, unicode.MaxASCII); lo++ {
		set |= charKind(byte(lo))
	}
	if lo > unicode.MaxRune || lo > hi || isSurrogate(lo) {
		return set
	}
	var first, last [utf8.UTFMax]byte
	utf8.EncodeRune(first[:], lo)
	utf8.EncodeRune(last[:], min(hi, unicode.MaxRune))
	for b := first[0]; b <= last[0]; b++ {
		set |= charKind(b)
	}
	return set
}

func isSurrogate(r rune) bool { return r >= 0xD800 && r <= 0xDFFF }

// survey notes for each node which characters begin there and below, and how many.
func (t *Trie) survey() {
	t.length = make([]uint16, len(t.tokens))
	const broken lexer = math.MaxUint32   // after bytes that are no character
	reached := make([]lexer, t.longest+1) // by depth
	t.nodes[0].whole = true
	for i := 1; i < t.Nodes(); i++ {
		n := &t.nodes[i]
		d := t.depth[i]
		lx, ok := reached[d-1], true
		switch {
		case lx == broken:
			ok = false
		case lx != lexNone:
			lx, _, _, ok = continueUTF8(lx, n.b)
		default:
			n.chars, n.height = charKind(n.b), 1
			if n.b >= utf8.RuneSelf {
				lx, ok = lead(n.b)
			}
		}
		if !ok {
			lx, n.chars = broken, noChar
		}
		reached[d] = lx
		n.whole = lx == lexNone
		n.begun = t.nodes[t.parent[i]].begun + n.height
		for k := n.first; k < t.nodes[i+1].first; k++ {
			t.length[k] = n.begun
		}
	}
	for i := t.Nodes() - 1; i > 0; i-- { // children stand behind their parents
		n, up := &t.nodes[i], &t.nodes[t.parent[i]]
		up.chars |= n.chars
		own := up.begun
		if g := t.parent[t.parent[i]]; g >= 0 {
			own -= t.nodes[g].begun
		}
		up.height = max(up.height, own+n.height)
	}
}

// A region says that from some state up to depth characters of a set can be read, whatever they are.
type region struct {
	chars charSet
	depth int
	exits bool // Text: each of them leads back to the state, which may end or call
	ends  bool // no more than depth of them can be read
}

// Bounds of the search for the regions of a state: transitions looked at, regions, and the characters they are followed.
const (
	maxRegionWork = 1 << 12
	maxRegions    = 4
	maxDepth      = 24
)

// regions returns regions of a state, those with most characters and least depth first. New ones are found only where size
// nodes are worth it.
func (l *local) regions(q, size int32) []region {
	if l.last.valid && l.last.q == q {
		return l.last.regions
	}
	r, ok := l.known.get(q)
	if !ok {
		if size < worthFinding {
			return nil
		}
		r = l.find(q)
		l.known.put(q, r)
	}
	l.last.q, l.last.regions, l.last.valid = q, r, true
	return r
}

func (l *local) find(q int32) []region {
	var out []region
	work := 0
	for set := l.live(q, &work); set != 0 && len(out) < maxRegions && work < maxRegionWork; {
		r, least := l.grow(q, set, &work)
		if r.depth > 0 {
			out = append(out, r)
		}
		if least == set {
			break
		}
		set = least
	}
	return out
}

// regionTable keeps the regions of states.
type regionTable struct {
	mu   sync.RWMutex
	kept map[int32][]region
}

// maxKnownRegions bounds the states in a table; a few hundred bytes each.
const maxKnownRegions = 1 << 12

func (t *regionTable) get(q int32) ([]region, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	r, ok := t.kept[q]
	return r, ok
}

func (t *regionTable) put(q int32, r []region) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= maxKnownRegions {
		t.kept = map[int32][]region{}
	}
	t.kept[q] = r
}

// grow finds how many characters of a set can be read from q. least are those of them that may get further.
func (l *local) grow(q int32, set charSet, work *int) (r region, least charSet) {
	d := l.n.DFA
	r = region{chars: set}
	seen, via := []int32{q}, []charSet{set} // states, and the characters that lead to them
	for from := 0; r.depth < maxDepth; r.depth++ {
		level := seen[from:]
		from = len(seen)
		least = set
		fresh := true // all states that are reached are new
		for _, s := range level {
			for c, kinds := range l.n.kinds {
				if kinds &= set; kinds == 0 {
					continue
				}
				*work += 1 + len(seen)/16
				to := d.StepClass(s, c)
				if l.n.Kind == Text && l.n.states[to].exits() {
					if to == q {
						r.exits = true
					} else {
						least &^= kinds
					}
				}
				if i := slices.Index(seen, to); i < 0 {
					seen, via = append(seen, to), append(via, kinds)
				} else {
					via[i] |= kinds
					fresh = fresh && i >= from
				}
			}
		}
		bad := least != set || r.exits && len(seen) > 1
		for i, s := range seen[from:] {
			lost := set &^ l.live(s, work)
			if r.exits || bits.OnesCount64(uint64(lost)) > bits.OnesCount64(uint64(via[from+i])) {
				lost = via[from+i]
			}
			least &^= lost
		}
		if bad {
			r.exits = false
			return r, least
		}
		if len(seen) == from { // nothing new: it goes on for ever
			r.depth = math.MaxInt32
			return r, set
		}
		if least != set || *work >= maxRegionWork {
			r.depth++
			r.ends = fresh && l.dead(seen[from:], set, work)
			return r, least
		}
	}
	return r, set
}

// dead reports whether no character of a set leads on from any of the states.
func (l *local) dead(states []int32, set charSet, work *int) bool {
	for _, s := range states {
		for c, kinds := range l.n.kinds {
			*work++
			if kinds&set != 0 && l.n.DFA.StepClass(s, c) >= 0 {
				return false
			}
		}
	}
	return true
}

// live returns the kinds of characters all of which lead on from q.
func (l *local) live(q int32, work *int) charSet {
	d := l.n.DFA
	set := ^charSet(0) >> 1
	for c, kinds := range l.n.kinds {
		if kinds == 0 {
			continue
		}
		*work++
		if to := d.StepClass(q, c); to < 0 || l.n.looksBack() && l.n.quick(to, l.labels, l.single, l.seen) != yes {
			set &^= kinds
		}
	}
	if l.n.Kind == String {
		set &^= stringMarks
	}
	return set
}

// kindsOf returns the kinds of characters of each class.
func kindsOf(d *dfa.DFA) []charSet {
	out := make([]charSet, d.Classes())
	for c := range out {
		out[c] = charsBetween(d.Class(c))
	}
	return out
}
