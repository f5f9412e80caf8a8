package schema

import (
	"errors"
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
	"github.com/seed64708441/ember/model/grammar/internal/machine"
)

// A Result is a compiled schema.
type Result struct {
	Program *machine.Program
	Skipped []*UnsupportedError // what is left to validation
}

// nodeKey names a node: the values of a formula, perhaps as items of an array that must differ.
type nodeKey struct {
	f        *formula
	distinct bool
}

// maxNodes bounds the formulas of one program.
const maxNodes = 50_000

// Compile turns a schema into a program.
func Compile(doc []byte, opt Options) (*Result, error) {
	prog := NewProgram(opt)
	id, skipped, uniques, err := add(prog, doc, opt)
	if err != nil {
		return nil, err
	}
	err = prog.Finish(id)
	if errors.Is(err, machine.ErrBounded) && opt.Validate && !opt.leaveUnique {
		opt.leaveUnique = true
		return Compile(doc, opt)
	}
	if err != nil {
		return nil, explain(err, uniques)
	}
	return &Result{Program: prog, Skipped: skipped}, nil
}

// NewProgram returns an empty program with the white space that the options want.
func NewProgram(opt Options) *machine.Program {
	switch {
	case opt.Compact:
		return machine.NewProgram(machine.SpaceNone)
	case opt.Exact:
		return machine.NewProgram(machine.SpaceAny)
	}
	return machine.NewProgram(machine.SpaceFlexible)
}

// Add adds the nodes of a schema to a program that is finished later, and returns the node of its documents.
func Add(prog *machine.Program, doc []byte, opt Options) (machine.NodeID, error) {
	id, _, _, err := add(prog, doc, opt)
	return id, err
}

func add(prog *machine.Program, doc []byte, opt Options) (id machine.NodeID, skipped []*UnsupportedError, uniques []place, err error) {
	b, root, err := newBuilder(doc, opt)
	if err != nil {
		return 0, nil, nil, err
	}
	b.prog, b.nodes = prog, map[nodeKey]machine.NodeID{}
	if id, err = b.node(b.schema(root), false); err != nil {
		return 0, nil, nil, err
	}
	for len(b.todo) > 0 {
		k := b.todo[0]
		b.todo = b.todo[1:]
		if err := b.build(k); err != nil {
			return 0, nil, nil, err
		}
	}
	return id, b.skipped, b.uniques, nil
}

// explain says of an error of a program which keyword it is about.
func explain(err error, uniques []place) error {
	switch {
	case errors.Is(err, machine.ErrBounded):
		w := place{keyword: "uniqueItems"}
		if len(uniques) > 0 {
			w = uniques[0]
		}
		return &UnsupportedError{Keyword: w.keyword, Pointer: w.pointer, Reason: boundedItems}
	case errors.Is(err, dfa.ErrTooLarge):
		return &UnsupportedError{Keyword: "contains", Reason: "it counts too many states"}
	}
	return fmt.Errorf("json schema: %w", err)
}

// newBuilder loads a schema.
func newBuilder(doc []byte, opt Options) (*builder, key, error) {
	reg := newRegistry(opt.Documents)
	root, err := reg.load(doc, "")
	if err != nil {
		return nil, key{}, err
	}
	// Documents a schema refers to may have $dynamicRef; scopes must know from the start.
	for uri, d := range opt.Documents {
		if _, known := reg.resources[uri]; !known {
			if _, err := reg.load(d, uri); err != nil {
				return nil, key{}, err
			}
		}
	}
	b := &builder{
		interner: newInterner(), opt: opt, reg: reg, scopes: &scopes{g: reg, byID: map[string]*scope{}},
		opened: map[key]*formula{}, dfas: map[string]*dfa.DFA{}, hollows: map[*formula]bool{}, anyString: dfa.Any(),
	}
	return b, key{root, b.scopes.enter(&scope{}, root.res)}, nil
}

// node returns the node of the values of a formula; it is built later.
func (b *builder) node(f *formula, distinct bool) (machine.NodeID, error) {
	k := nodeKey{f, distinct}
	id, ok := b.nodes[k]
	if !ok {
		if len(b.nodes) >= maxNodes {
			return 0, &UnsupportedError{Keyword: "schema", Pointer: b.at.pointer, Reason: "it needs too many combinations of its parts"}
		}
		id = b.prog.Add(machine.Node{Kind: machine.Choice})
		b.nodes[k] = id
		b.todo = append(b.todo, k)
	}
	return id, nil
}

// build makes the alternatives of a formula, type by type.
func (b *builder) build(k nodeKey) error {
	f, err := b.openAll(k.f)
	if err != nil {
		return err
	}
	if k.f.op == opRef {
		b.at.pointer = k.f.ref.loc.ptr
	}
	var alts []machine.NodeID
	for _, part := range []struct {
		build   func(*formula, bool) ([]machine.Node, error)
		keyword string // that makes automata large
	}{{b.scalars, "multipleOf"}, {b.stringNodes, "pattern"}, {b.arrays, "items"}, {b.objects, "patternProperties"}} {
		nodes, err := part.build(f, k.distinct)
		if errors.Is(err, dfa.ErrTooLarge) {
			return &UnsupportedError{Keyword: part.keyword, Pointer: b.at.pointer, Reason: "its automaton, with what stands beside it, is too large"}
		}
		if err != nil {
			return err
		}
		for _, n := range nodes {
			alts = append(alts, b.prog.Add(n))
		}
	}
	b.prog.Set(b.nodes[k], machine.Node{Kind: machine.Choice, Alts: alts})
	return nil
}

// scalars returns one node for null, the booleans and numbers.
func (b *builder) scalars(f *formula, distinct bool) ([]machine.Node, error) {
	var words []string
	for t, w := range map[kind]string{kNull: "null", kFalse: "false", kTrue: "true"} {
		g, err := b.restrict(f, t)
		if err != nil {
			return nil, err
		}
		if g.op == opTrue {
			words = append(words, w)
		}
	}
	g, err := b.restrict(f, kNumber)
	if err != nil {
		return nil, err
	}
	numbers := &dfa.DFA{}
	if g.op != opFalse {
		if numbers, err = b.numberDFA(g, distinct); err != nil {
			return nil, err
		}
	}
	lits, err := dfa.Words(words)
	if err == nil {
		lits, err = dfa.Or(lits, numbers)
	}
	if err != nil || lits.Empty() {
		return nil, err
	}
	return []machine.Node{{Kind: machine.Text, DFA: lits, Distinct: distinct}}, nil
}

func (b *builder) stringNodes(f *formula, distinct bool) ([]machine.Node, error) {
	g, err := b.restrict(f, kString)
	if err != nil || g.op == opFalse {
		return nil, err
	}
	n := machine.Node{Kind: machine.String, Max: -1, Distinct: distinct}
	if lo, hi, ok := lengths(g); ok && !distinct {
		if hi >= 0 && lo > hi {
			return nil, nil
		}
		n.DFA, n.Min, n.Max = b.anyString, int32(lo), int32(hi)
		return []machine.Node{n}, nil
	}
	n.Plain = !b.opt.Exact
	if n.DFA, err = b.stringDFA(g); err != nil || n.DFA.Empty() {
		return nil, err
	}
	return []machine.Node{n}, nil
}

func (b *builder) arrays(f *formula, distinct bool) ([]machine.Node, error) {
	return b.alternatives(f, kArray, func(c conj) (machine.Node, error) { return b.array(c, distinct) })
}

func (b *builder) objects(f *formula, distinct bool) ([]machine.Node, error) {
	return b.alternatives(f, kObject, func(c conj) (machine.Node, error) { return b.object(c, distinct) })
}

func (b *builder) alternatives(f *formula, t kind, build func(conj) (machine.Node, error)) ([]machine.Node, error) {
	g, err := b.restrict(f, t)
	if err != nil {
		return nil, err
	}
	cs, err := b.dnf(g)
	if err != nil {
		return nil, err
	}
	var nodes []machine.Node
	for _, c := range cs {
		if len(cs) > 1 {
			if empty, err := b.hollowConj(c, 1); err != nil || empty {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		n, err := build(c)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}
