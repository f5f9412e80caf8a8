package schema

import (
	"sort"
	"strconv"
	"strings"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// A formula says which values are meant. Formulas are interned: equal ones are the same pointer. Negation stands only
// at leaves.
type formula struct {
	op   op
	neg  bool       // opAtom, opRef, opOne
	kids []*formula // opAnd, opOr, opOne
	atom *atom
	ref  key
	id   int
}

type op uint8

const (
	opTrue    op = iota
	opFalse      // no value
	opUnknown    // left to validation afterwards; its negation is unknown, too
	opAnd        // every kid
	opOr         // some kid
	opOne        // exactly one kid
	opAtom       // see atom
	opRef        // the values of a schema
)

// kind is a type of JSON value.
type kind uint8

const (
	kNull kind = iota
	kFalse
	kTrue
	kNumber
	kString
	kArray
	kObject
	kinds
)

// An atom is a condition on values of one type; values of other types satisfy it. aType is about the type itself.
type atom struct {
	op    atomOp
	types uint8 // aType: a bit per kind

	num  number // aCompare, aMultiple
	sign uint8  // aCompare: which signs of value minus num are meant (bits: below, equal, above)

	text  string   // aConst: the string
	lang  *dfa.DFA // aLang
	keys  *keySet  // aMembers, aExists
	child *formula // aItem, aRest, aContains, aMembers, aExists
	at    int      // aItem: index; aRest, aContains: first index
	lo    int      // aLength, aItems, aContains, aSize
	hi    int      // -1: no bound

	where place // for errors
	id    int
}

// place is where a keyword stands.
type place struct{ keyword, pointer string }

type atomOp uint8

const (
	aType     atomOp = iota
	aInteger         // number without fraction
	aCompare         // number compared with num
	aMultiple        // number is a multiple of num
	aLength          // string has lo to hi code points
	aLang            // string is accepted by lang
	aConst           // string equals text
	aItems           // array has lo to hi items
	aItem            // item at, if there is one, satisfies child
	aRest            // items from at on satisfy child
	aContains        // lo to hi of the items from at on satisfy child
	aUnique          // items differ
	aSize            // object has lo to hi members
	aMembers         // members whose key is in keys have a value that satisfies child
	aExists          // some member has a key in keys and a value that satisfies child
)

// about returns the type an atom is about.
func (a *atom) about() kind {
	switch a.op {
	case aInteger, aCompare, aMultiple:
		return kNumber
	case aLength, aLang, aConst:
		return kString
	case aItems, aItem, aRest, aContains, aUnique:
		return kArray
	}
	return kObject
}

// A keySet is a set of object keys: names, the words of languages, and other sets together, or all keys but these.
type keySet struct {
	names      []string
	langs      []*dfa.DFA
	sets       []*keySet
	complement bool
	id         int
}

// has reports whether a key is in the set. in tells which languages the key is in.
func (k *keySet) has(name string, named bool, in func(*dfa.DFA) bool) bool {
	found := false
	for _, n := range k.names {
		found = found || named && n == name
	}
	for _, l := range k.langs {
		found = found || in(l)
	}
	for _, s := range k.sets {
		found = found || s.has(name, named, in)
	}
	return found != k.complement
}

// single returns the only key of the set, if there is just one.
func (k *keySet) single() (string, bool) {
	if len(k.names) == 1 && len(k.langs) == 0 && len(k.sets) == 0 && !k.complement {
		return k.names[0], true
	}
	return "", false
}

// interner makes equal formulas, atoms and key sets the same pointer.
type interner struct {
	formulas map[string]*formula
	atoms    map[string]*atom
	sets     map[string]*keySet
	langs    map[*dfa.DFA]int
	refs     map[key]int
	yes, no  *formula
	unknown  *formula
}

func newInterner() *interner {
	in := &interner{formulas: map[string]*formula{}, atoms: map[string]*atom{}, sets: map[string]*keySet{},
		langs: map[*dfa.DFA]int{}, refs: map[key]int{}}
	in.yes = in.intern("t", formula{op: opTrue})
	in.no = in.intern("f", formula{op: opFalse})
	in.unknown = in.intern("u", formula{op: opUnknown})
	return in
}

func (in *interner) intern(key string, f formula) *formula {
	if old, ok := in.formulas[key]; ok {
		return old
	}
	f.id = len(in.formulas)
	in.formulas[key] = &f
	return &f
}

func (in *interner) bool(b bool) *formula {
	if b {
		return in.yes
	}
	return in.no
}

func (in *interner) lang(d *dfa.DFA) int {
	id, ok := in.langs[d]
	if !ok {
		id = len(in.langs)
		in.langs[d] = id
	}
	return id
}

// keySet interns a set.
func (in *interner) keySet(k keySet) *keySet {
	if len(k.sets) == 1 && len(k.names) == 0 && len(k.langs) == 0 { // a set of a set
		inner := *k.sets[0]
		inner.complement = inner.complement != k.complement
		k = inner
	}
	var b strings.Builder
	b.WriteString(strconv.FormatBool(k.complement))
	for _, n := range k.names {
		b.WriteString(strconv.Quote(n))
	}
	for _, l := range k.langs {
		b.WriteString(" l" + strconv.Itoa(in.lang(l)))
	}
	for _, s := range k.sets {
		b.WriteString(" s" + strconv.Itoa(s.id))
	}
	if old, ok := in.sets[b.String()]; ok {
		return old
	}
	k.id = len(in.sets)
	in.sets[b.String()] = &k
	return &k
}

// is returns the formula of an atom.
func (in *interner) is(a atom) *formula {
	var b strings.Builder
	put := func(n int) { b.WriteString(strconv.Itoa(n)); b.WriteByte(' ') }
	for _, n := range []int{int(a.op), int(a.types), int(a.sign), a.at, a.lo, a.hi} {
		put(n)
	}
	if a.lang != nil {
		put(in.lang(a.lang))
	}
	if a.keys != nil {
		put(a.keys.id)
	}
	if a.child != nil {
		put(a.child.id)
	}
	b.WriteString(a.num.key())
	b.WriteString(strconv.Quote(a.text))
	k := b.String()
	at, ok := in.atoms[k]
	if !ok {
		a.id = len(in.atoms)
		at = &a
		in.atoms[k] = at
	}
	return in.intern("a"+strconv.Itoa(at.id), formula{op: opAtom, atom: at})
}

// schema returns the formula of the values of a schema, to be opened when needed.
func (in *interner) schema(k key) *formula {
	if b, ok := k.loc.val.(bool); ok {
		return in.bool(b)
	}
	id, ok := in.refs[k]
	if !ok {
		id = len(in.refs)
		in.refs[k] = id
	}
	return in.intern("r"+strconv.Itoa(id), formula{op: opRef, ref: k})
}

// not returns the complement.
func (in *interner) not(f *formula) *formula {
	switch f.op {
	case opTrue:
		return in.no
	case opFalse:
		return in.yes
	case opUnknown:
		return f
	case opAnd, opOr:
		kids := make([]*formula, len(f.kids))
		for i, k := range f.kids {
			kids[i] = in.not(k)
		}
		if f.op == opAnd {
			return in.or(kids...)
		}
		return in.and(kids...)
	}
	g := *f
	g.neg = !f.neg
	return in.intern(in.leafKey(&g), g)
}

// leafKey is the key of an atom, reference or opOne.
func (in *interner) leafKey(f *formula) string {
	k := ""
	switch f.op {
	case opAtom:
		k = "a" + strconv.Itoa(f.atom.id)
	case opRef:
		k = "r" + strconv.Itoa(in.refs[f.ref])
	case opOne:
		k = listKey("x", f.kids)
	}
	if f.neg {
		return "!" + k
	}
	return k
}

func listKey(name string, kids []*formula) string {
	b := []byte(name)
	for _, k := range kids {
		b = strconv.AppendInt(b, int64(k.id), 10)
		b = append(b, ' ')
	}
	return string(b)
}

func (in *interner) and(kids ...*formula) *formula { return in.join(opAnd, in.yes, in.no, kids) }
func (in *interner) or(kids ...*formula) *formula  { return in.join(opOr, in.no, in.yes, kids) }

// join flattens, sorts and dedupes. unit says nothing, zero decides.
func (in *interner) join(o op, unit, zero *formula, kids []*formula) *formula {
	var flat []*formula
	seen := map[*formula]bool{}
	var add func(k *formula)
	add = func(k *formula) {
		if k.op == o {
			for _, g := range k.kids {
				add(g)
			}
			return
		}
		if k != unit && !seen[k] {
			seen[k] = true
			flat = append(flat, k)
		}
	}
	for _, k := range kids {
		add(k)
	}
	for _, k := range flat {
		if k == zero {
			return zero
		}
		if k.op >= opOne {
			neg := *k
			neg.neg = !k.neg
			if other, ok := in.formulas[in.leafKey(&neg)]; ok && seen[other] {
				return zero
			}
		}
	}
	switch len(flat) {
	case 0:
		return unit
	case 1:
		return flat[0]
	}
	// The order of members follows the schema, so the kids keep their order; the key does not depend on it.
	sorted := append([]*formula(nil), flat...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].id < sorted[j].id })
	name := "&"
	if o == opOr {
		name = "|"
	}
	return in.intern(listKey(name, sorted), formula{op: o, kids: flat})
}

// one returns the formula of the values that satisfy exactly one kid.
func (in *interner) one(kids []*formula) *formula {
	return in.intern(listKey("x", kids), formula{op: opOne, kids: kids})
}

// types returns the formula of the values of some types.
func (in *interner) types(set uint8) *formula {
	return in.is(atom{op: aType, types: set})
}
