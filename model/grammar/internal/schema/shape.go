package schema

import (
	"math"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

func matches(name string) func(*dfa.DFA) bool {
	return func(d *dfa.DFA) bool { return d.Match(name) }
}

// objectShape is a conjunction of atoms about objects, sorted.
type objectShape struct {
	members []*atom         // aMembers
	must    map[string]bool // required names
	loose   []*atom         // aExists that several keys can meet
	lo, hi  int
	names   []string // all names that are told apart, in the order of the schema
	langs   []*dfa.DFA
}

func (b *builder) objectShape(c conj) *objectShape {
	s := &objectShape{must: map[string]bool{}, hi: -1}
	seenName, seenLang := map[string]bool{}, map[*dfa.DFA]bool{}
	var note func(k *keySet)
	note = func(k *keySet) {
		for _, n := range k.names {
			if !seenName[n] {
				seenName[n] = true
				s.names = append(s.names, n)
			}
		}
		for _, l := range k.langs {
			if !seenLang[l] {
				seenLang[l] = true
				s.langs = append(s.langs, l)
			}
		}
		for _, sub := range k.sets {
			note(sub)
		}
	}
	for _, a := range c {
		switch a.op {
		case aSize:
			s.lo = max(s.lo, a.lo)
			if a.hi >= 0 && (s.hi < 0 || a.hi < s.hi) {
				s.hi = a.hi
			}
			continue
		case aMembers:
			s.members = append(s.members, a)
		case aExists:
			if name, ok := a.keys.single(); ok {
				s.must[name] = true
				if a.child.op != opTrue {
					s.members = append(s.members, &atom{op: aMembers, keys: a.keys, child: a.child})
				}
			} else {
				s.loose = append(s.loose, a)
			}
		}
		note(a.keys)
	}
	return s
}

// object builds the node of a conjunction. grows asks that the object can always get another member, as items of an array
// that must differ.
func (b *builder) object(c conj, grows bool) (machine.Node, error) {
	s := b.objectShape(c)
	if len(s.loose) > machine.MaxLoose {
		return machine.Node{}, &UnsupportedError{Keyword: s.loose[0].where.keyword, Pointer: s.loose[0].where.pointer,
			Reason: "too many members that must exist under some key"}
	}
	spec := &machine.ObjectSpec{Loose: len(s.loose), Min: s.lo, Max: s.hi, Ordered: !b.opt.AnyOrder && !b.opt.Exact, Plain: !b.opt.Exact}
	for i, name := range s.names {
		vals, err := b.values(s, name, true, matches(name))
		if err != nil {
			return machine.Node{}, err
		}
		spec.Classes = append(spec.Classes, machine.Class{Named: true, Required: s.must[name], Order: int32(i), Values: vals})
	}
	keys, sets, err := b.keyClasses(s)
	if err != nil {
		return machine.Node{}, err
	}
	spec.Keys = keys
	for _, in := range sets {
		vals, err := b.values(s, "", false, func(d *dfa.DFA) bool {
			for i, l := range s.langs {
				if l == d {
					return in[i]
				}
			}
			return false
		})
		if err != nil {
			return machine.Node{}, err
		}
		spec.Classes = append(spec.Classes, machine.Class{Order: math.MaxInt32, Values: vals})
	}
	return machine.Node{Kind: machine.Object, Object: spec, MustGrow: grows}, nil
}

// keyClasses builds the automaton that sorts keys: names first, then one class for every set of languages that hold the
// other keys.
func (b *builder) keyClasses(s *objectShape) (*dfa.DFA, [][]bool, error) {
	names, err := dfa.WordsOr(s.names)
	if err != nil {
		return nil, nil, err
	}
	parts := append([]*dfa.DFA{names}, s.langs...)
	classes := map[string]int32{}
	var sets [][]bool
	other := int32(len(s.names))
	keys, err := dfa.Combine(parts, func(labels []int32) int32 {
		if labels[0] != other {
			return labels[0]
		}
		in := make([]bool, len(s.langs))
		k := make([]byte, len(s.langs))
		for i, l := range labels[1:] {
			in[i] = l != dfa.NoLabel
			if in[i] {
				k[i] = 1
			}
		}
		id, ok := classes[string(k)]
		if !ok {
			id = int32(len(s.names) + len(sets))
			classes[string(k)] = id
			sets = append(sets, in)
		}
		return id
	})
	return keys, sets, err
}

// values returns the ways to read the value of a key: what every member must satisfy, together with the loose conditions
// it meets. Where meeting more asks for nothing more, only the greater set is kept.
func (b *builder) values(s *objectShape, name string, named bool, in func(*dfa.DFA) bool) ([]machine.Value, error) {
	var base []*formula
	for _, a := range s.members {
		if a.keys.has(name, named, in) {
			base = append(base, a.child)
		}
	}
	best := map[*formula]uint64{}
	var order []*formula
	for set := range uint64(1) << len(s.loose) {
		kids := append([]*formula(nil), base...)
		fits := true
		for i, a := range s.loose {
			if set>>i&1 != 0 {
				fits = fits && a.keys.has(name, named, in)
				kids = append(kids, a.child)
			}
		}
		f := b.and(kids...)
		if !fits || f.op == opFalse {
			continue
		}
		if _, ok := best[f]; !ok {
			order = append(order, f)
		}
		best[f] |= set
	}
	var out []machine.Value
	for _, f := range order {
		id, err := b.node(f, false)
		if err != nil {
			return nil, err
		}
		out = append(out, machine.Value{Settles: best[f], Node: id})
	}
	return out, nil
}

// maxPositions bounds the items that are told apart.
const maxPositions = 4096

// array builds the node of a conjunction of atoms about arrays.
func (b *builder) array(c conj, grows bool) (machine.Node, error) {
	spec := &machine.ArraySpec{Max: -1}
	positions := 0
	var contains []*atom
	var unique *atom
	for _, a := range c {
		switch a.op {
		case aItems:
			spec.Min = max(spec.Min, a.lo)
			if a.hi >= 0 && (spec.Max < 0 || a.hi < spec.Max) {
				spec.Max = a.hi
			}
		case aItem:
			positions = max(positions, a.at+1)
		case aRest:
			positions = max(positions, a.at)
		case aContains:
			positions = max(positions, a.at)
			contains = append(contains, a)
		case aUnique:
			unique = a
		}
	}
	if positions > maxPositions || len(contains) > machine.MaxContains {
		return machine.Node{}, &UnsupportedError{Keyword: c[0].where.keyword, Pointer: c[0].where.pointer, Reason: "too many items or contains"}
	}
	if unique != nil {
		if len(contains) > 0 {
			if _, err := b.unsupported(unique.where, "it stands beside contains"); err != nil {
				return machine.Node{}, err
			}
			unique = nil
		}
		spec.Distinct = unique != nil
	}
	for _, a := range contains {
		if a.lo > machine.MaxContainsCount || a.hi > machine.MaxContainsCount {
			return machine.Node{}, &UnsupportedError{Keyword: "contains", Pointer: a.where.pointer, Reason: "it counts too far"}
		}
		spec.Contains = append(spec.Contains, machine.Contains{From: a.at, Lo: a.lo, Hi: a.hi})
	}
	for i := range positions + 1 {
		items, err := b.items(c, contains, i, unique != nil)
		if err != nil {
			return machine.Node{}, err
		}
		if i < positions {
			spec.Prefix = append(spec.Prefix, items)
		} else {
			spec.Rest = items
		}
	}
	n := machine.Node{Kind: machine.Array, Array: spec, MustGrow: grows}
	if unique != nil {
		b.uniques = append(b.uniques, unique.where)
	}
	return n, nil
}

// items returns the ways to read item i: with every contains it may count for.
func (b *builder) items(c conj, contains []*atom, i int, distinct bool) ([]machine.Item, error) {
	type way struct {
		f            *formula
		hits, misses uint8
	}
	ways := []way{{f: itemFormula(b.interner, c, i)}}
	for k, a := range contains {
		if a.at > i {
			continue
		}
		var next []way
		for _, w := range ways {
			hit := w
			hit.f, hit.hits = b.and(w.f, a.child), w.hits|1<<k
			miss := w
			if a.hi >= 0 {
				miss.f, miss.misses = b.and(w.f, b.not(a.child)), w.misses|1<<k
			}
			next = append(next, hit, miss)
		}
		ways = next
	}
	var out []machine.Item
	for _, w := range ways {
		if w.f.op == opFalse {
			continue
		}
		id, err := b.node(w.f, distinct)
		if err != nil {
			return nil, err
		}
		out = append(out, machine.Item{Hits: w.hits, Misses: w.misses, Node: id})
	}
	return out, nil
}
