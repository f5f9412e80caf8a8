package grammar

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
	"github.com/seed64708441/ember/model/grammar/internal/gbnf"
	"github.com/seed64708441/ember/model/grammar/internal/machine"
	"github.com/seed64708441/ember/model/grammar/internal/schema"
)

// A Grammar is a set of texts. It is read-only and safe for concurrent use.
type Grammar struct {
	prog       *machine.Program
	schema     []byte // the JSON Schema it was made from
	options    Options
	unenforced []UnsupportedError
}

// ErrEmpty says that no text satisfies a grammar.
var ErrEmpty = machine.ErrEmpty

// ErrTooLarge says that a grammar needs an automaton beyond the limits of this package.
var ErrTooLarge = dfa.ErrTooLarge

// A SyntaxError says where in a GBNF grammar something is wrong.
type SyntaxError = gbnf.Error

// FromGBNF reads a grammar in the notation of llama.cpp; texts are those of the rule "root". A rule that may begin with
// itself is refused.
func FromGBNF(src string) (*Grammar, error) { return FromGBNFWith(src, nil, Options{}) }

// FromGBNFWith is FromGBNF for a grammar with holes: a rule that src refers to and does not define, and that schemas names,
// derives the JSON documents that the schema admits. Options are those of FromJSONSchema. What a schema cannot be held to is
// an error, also with Options.Validate.
func FromGBNFWith(src string, schemas map[string][]byte, opt Options) (*Grammar, error) {
	o := opt.internal()
	prog := schema.NewProgram(o)
	holes := make(map[string]machine.NodeID, len(schemas))
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		// Alone first: a schema that admits nothing, or that its program cannot hold to, must not become a dead end inside.
		alone, err := schema.Compile(schemas[name], o)
		if err == nil && len(alone.Skipped) > 0 {
			err = alone.Skipped[0]
		}
		if err != nil {
			return nil, fmt.Errorf("grammar: rule %s: %w", name, err)
		}
		id, err := schema.Add(prog, schemas[name], o)
		if err != nil {
			return nil, fmt.Errorf("grammar: rule %s: %w", name, err)
		}
		holes[name] = id
	}
	p, err := gbnf.Compile(src, prog, holes)
	if err != nil {
		return nil, fmt.Errorf("grammar: %w", err)
	}
	return &Grammar{prog: p}, nil
}

// FromRegexp makes the grammar of the texts that match an expression in RE2 syntax as a whole.
func FromRegexp(expr string) (*Grammar, error) {
	d, err := dfa.Regexp(expr)
	if err != nil {
		return nil, fmt.Errorf("grammar: %w", err)
	}
	p := machine.NewProgram(machine.SpaceNone)
	if err := p.Finish(p.Add(machine.Node{Kind: machine.Text, DFA: d})); err != nil {
		return nil, fmt.Errorf("grammar: expression %q: %w", expr, err)
	}
	return &Grammar{prog: p}, nil
}

// Match reports whether a whole text satisfies the grammar.
func (g *Grammar) Match(text string) bool {
	m := g.prog.Start()
	_, ok, _ := m.Advance([]byte(text))
	return ok && m.Done()
}

// Completable reports whether a text can be continued, or is, one that satisfies the grammar.
func (g *Grammar) Completable(text string) bool {
	_, ok, _ := g.prog.Start().Advance([]byte(text))
	return ok
}
