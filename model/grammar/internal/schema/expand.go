package schema

import (
	"errors"
	"strconv"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

// A branch is one way to satisfy a schema, with the members and items it evaluates on the way.
type branch struct {
	f     *formula
	props []*keySet
	items evaluated
}

// evaluated says which items of an array have been looked at by a subschema.
type evaluated struct {
	first    int // the first so many
	all      bool
	matching []*formula // those that satisfy one of these (contains)
}

// maxBranches bounds the branches of a schema with unevaluatedProperties or unevaluatedItems.
const maxBranches = 256

// builder turns schemas into a program.
type builder struct {
	*interner
	opt     Options
	reg     *registry
	scopes  *scopes
	opened  map[key]*formula // schemas opened so far; nil while being opened
	skipped []*UnsupportedError
	dfas    map[string]*dfa.DFA
	hollows map[*formula]bool
	uniques []place // arrays that must not repeat items
	steps   int
	at      place // where we are, for errors of the limits

	prog      *machine.Program
	nodes     map[nodeKey]machine.NodeID
	todo      []nodeKey
	anyString *dfa.DFA
}

// maxSteps bounds the work of one schema.
const maxSteps = 2_000_000

// unsupported refuses a keyword, or leaves it to validation when that was asked for.
func (b *builder) unsupported(p place, reason string) (*formula, error) {
	e := &UnsupportedError{Keyword: p.keyword, Pointer: p.pointer, Reason: reason}
	if !b.opt.Validate {
		return nil, e
	}
	b.skipped = append(b.skipped, e)
	return b.unknown, nil
}

// large turns ErrTooLarge into an UnsupportedError.
func (b *builder) large(p place, err error) (*formula, error) {
	if errors.Is(err, dfa.ErrTooLarge) {
		return b.unsupported(p, "its automaton is too large")
	}
	return nil, err
}

// open returns the formula of a schema, its applicators to the same value opened.
func (b *builder) open(k key) (*formula, error) {
	if f, ok := b.opened[k]; ok {
		if f == nil {
			return nil, &InvalidError{Keyword: "$ref", Pointer: k.loc.ptr, Message: "the schema refers to itself for the same value"}
		}
		return f, nil
	}
	b.opened[k] = nil
	branches, err := b.expand(k, false)
	if err != nil {
		return nil, err
	}
	f := b.any(branches)
	b.opened[k] = f
	return f, nil
}

// any joins branches.
func (b *builder) any(branches []branch) *formula {
	kids := make([]*formula, len(branches))
	for i, br := range branches {
		kids[i] = br.f
	}
	return b.or(kids...)
}

// expander reads the keywords of one schema.
type expander struct {
	*builder
	k        key
	o        *object
	eval     bool // what is evaluated matters
	branches []branch
}

// expand returns the branches of a schema; without eval just one.
func (b *builder) expand(k key, eval bool) ([]branch, error) {
	if b.steps++; b.steps > maxSteps {
		return nil, &UnsupportedError{Keyword: b.at.keyword, Pointer: k.loc.ptr, Reason: "the schema is too large"}
	}
	o, ok := k.loc.val.(*object)
	if !ok {
		return []branch{{f: b.bool(k.loc.val == true)}}, nil
	}
	if len(o.keys) > 0 {
		if err := b.known(k.loc, o); err != nil {
			return nil, err
		}
	}
	_, up := o.get("unevaluatedProperties")
	_, ui := o.get("unevaluatedItems")
	x := &expander{builder: b, k: k, o: o, eval: eval || up || ui, branches: []branch{{f: b.yes}}}
	for _, read := range []func() error{
		x.assertions, x.arrayKeywords, x.objectKeywords, x.references, x.allOf, x.anyOf, x.oneOf, x.not_, x.ifThenElse,
		x.dependent, x.unevaluated,
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if !eval {
		return []branch{{f: b.any(x.branches)}}, nil
	}
	return x.branches, nil
}

func (x *expander) place(keyword string) place {
	return place{keyword, x.k.loc.ptr}
}

func (x *expander) invalid(keyword, message string) error {
	return &InvalidError{Keyword: keyword, Pointer: x.k.loc.ptr, Message: message}
}

// require adds a condition to all branches.
func (x *expander) require(f *formula) {
	for i := range x.branches {
		x.branches[i].f = x.and(x.branches[i].f, f)
	}
}

// cross combines all branches with others.
func (x *expander) cross(others []branch) error {
	if len(others) == 1 && len(others[0].props) == 0 && others[0].items.none() {
		x.require(others[0].f)
		return nil
	}
	var out []branch
	for _, a := range x.branches {
		for _, c := range others {
			f := x.and(a.f, c.f)
			if f.op == opFalse {
				continue
			}
			out = append(out, branch{
				f:     f,
				props: append(append([]*keySet(nil), a.props...), c.props...),
				items: a.items.with(c.items),
			})
		}
	}
	if len(out) > maxBranches {
		return &UnsupportedError{Keyword: "unevaluatedProperties", Pointer: x.k.loc.ptr, Reason: "too many combinations"}
	}
	x.branches = out
	return nil
}

func (e evaluated) none() bool { return e.first == 0 && !e.all && len(e.matching) == 0 }

func (e evaluated) with(o evaluated) evaluated {
	return evaluated{max(e.first, o.first), e.all || o.all, append(append([]*formula(nil), e.matching...), o.matching...)}
}

// sub returns the key of a schema inside this one.
func (x *expander) sub(v any, path string) (key, error) {
	loc, err := x.reg.child(x.k.loc, v, path)
	if err != nil {
		return key{}, err
	}
	in := x.k.in
	if loc.res != x.k.loc.res {
		in = x.scopes.enter(in, loc.res)
	}
	return key{loc, in}, nil
}

// child returns the formula of a schema that is applied to a member or item.
func (x *expander) child(v any, path string) (*formula, error) {
	k, err := x.sub(v, path)
	if err != nil {
		return nil, err
	}
	return x.schema(k), nil
}

// same returns the branches of a schema that is applied to the same value.
func (x *expander) same(k key) ([]branch, error) {
	if x.eval {
		if f, busy := x.opened[k]; busy && f == nil {
			return nil, &InvalidError{Keyword: "$ref", Pointer: k.loc.ptr, Message: "the schema refers to itself for the same value"}
		}
		old, had := x.opened[k]
		x.opened[k] = nil
		branches, err := x.expand(k, true)
		delete(x.opened, k)
		if had {
			x.opened[k] = old
		}
		return branches, err
	}
	f, err := x.open(k)
	return []branch{{f: f}}, err
}

// list returns the schemas of a keyword whose value is a list of them.
func (x *expander) list(keyword string) ([]key, error) {
	v, ok := x.o.get(keyword)
	if !ok {
		return nil, nil
	}
	l, ok := v.([]any)
	if !ok || len(l) == 0 {
		return nil, x.invalid(keyword, "must be a list of at least one schema")
	}
	keys := make([]key, len(l))
	for i, v := range l {
		k, err := x.sub(v, keyword+"/"+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	return keys, nil
}

// unevaluated reads unevaluatedProperties and unevaluatedItems, once everything else is known.
func (x *expander) unevaluated() error {
	if v, ok := x.o.get("unevaluatedProperties"); ok {
		child, err := x.child(v, "unevaluatedProperties")
		if err != nil {
			return err
		}
		for i := range x.branches {
			br := &x.branches[i]
			rest := x.keySet(keySet{sets: br.props, complement: true})
			br.f = x.and(br.f, x.members(rest, child, x.place("unevaluatedProperties")))
			br.props = []*keySet{x.keySet(keySet{complement: true})}
		}
	}
	if v, ok := x.o.get("unevaluatedItems"); ok {
		child, err := x.child(v, "unevaluatedItems")
		if err != nil {
			return err
		}
		for i := range x.branches {
			br := &x.branches[i]
			if !br.items.all {
				f := x.or(append([]*formula{child}, br.items.matching...)...)
				br.f = x.and(br.f, x.rest(br.items.first, f, x.place("unevaluatedItems")))
			}
			br.items = evaluated{all: true}
		}
	}
	return nil
}
