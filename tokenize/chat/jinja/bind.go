package jinja

import (
	"math"
	"slices"
	"strings"
)

// args are the arguments of a call.
type args struct {
	pos []Value
	kw  []kwarg
}

type kwarg struct {
	name string
	v    Value
}

// builtin is a function of the language: a method, filter, test or global.
type builtin struct {
	name string
	sig  signature
	fn   func(m *machine, self Value, a params) (Value, error)
}

// params are the arguments of a builtin after binding.
type params struct {
	v    []Value // by parameter; nil where an optional one is absent
	rest []Value // for *args
	kw   []kwarg // for **kwargs
}

// signature says which arguments a builtin takes.
type signature struct {
	names    []string
	required int
	posOnly  bool
	star     bool
	dstar    bool
}

// sig reads a signature such as "old new count?" where ? marks optional parameters, "/" at the end says that there are no
// keyword arguments, "*" and "**" that any others are taken.
func sig(spec string) signature {
	var s signature
	for _, f := range strings.Fields(spec) {
		switch f {
		case "/":
			s.posOnly = true
		case "*":
			s.star = true
		case "**":
			s.dstar = true
		default:
			name, optional := strings.CutSuffix(f, "?")
			s.names = append(s.names, name)
			if !optional {
				s.required = len(s.names)
			}
		}
	}
	return s
}

// bind matches arguments with parameters as Python does.
func (b *builtin) bind(a args) (params, error) {
	s := &b.sig
	p := params{v: make([]Value, len(s.names))}
	n := copy(p.v, a.pos)
	if n < len(a.pos) {
		if !s.star {
			return p, typeErrf("%s() takes at most %d arguments (%d given)", b.name, len(s.names), len(a.pos))
		}
		p.rest = a.pos[n:]
	}
	for _, k := range a.kw {
		i := slices.Index(s.names, k.name)
		switch {
		case i >= 0 && !s.posOnly:
			if p.v[i] != nil {
				return p, typeErrf("%s() got multiple values for argument %q", b.name, k.name)
			}
			p.v[i] = k.v
		case s.dstar:
			p.kw = append(p.kw, k)
		case s.posOnly:
			return p, typeErrf("%s() takes no keyword arguments", b.name)
		default:
			return p, typeErrf("%s() got an unexpected keyword argument %q", b.name, clip(k.name))
		}
	}
	for i := range s.required {
		if p.v[i] == nil {
			return p, typeErrf("%s() misses the argument %q", b.name, s.names[i])
		}
	}
	return p, nil
}

func (b *builtin) call(m *machine, self Value, a args) (Value, error) {
	p, err := b.bind(a)
	if err != nil {
		return nil, err
	}
	return b.fn(m, self, p)
}

// bound is a method of a value.
type bound struct {
	recv Value
	f    *builtin
}

func (*bound) typeName() string { return "builtin_function_or_method" }

// function is a global function.
type function struct{ f *builtin }

func (*function) typeName() string { return "function" }

// NewFunc returns a function for Options.Globals. params names its parameters in the form "a b c?", where ? marks optional
// ones; fn gets one value for each, nil for an optional one that is absent. An error of fn ends the rendering and is wrapped
// in an *Error of kind KindHost. fn must be safe for concurrent use.
func NewFunc(name, parameters string, fn func(a []Value) (Value, error)) Value {
	return &function{&builtin{name: name, sig: sig(parameters), fn: func(_ *machine, _ Value, p params) (Value, error) {
		v, err := fn(p.v)
		if err != nil {
			return nil, &Error{Kind: KindHost, Msg: err.Error(), Err: err}
		}
		if v == nil {
			v = None{}
		}
		return v, nil
	}}}
}

// call is fn(args).
func (m *machine) call(fn Value, a args) (Value, error) {
	if err := m.step(4); err != nil {
		return nil, err
	}
	switch f := fn.(type) {
	case *macro:
		return f.call(m, a)
	case *bound:
		return f.f.call(m, f.recv, a)
	case *function:
		return f.f.call(m, nil, a)
	case *undefined:
		return nil, f.use()
	case *loop:
		return f.call(m, a)
	case *joiner:
		return f.call(a)
	}
	return nil, typeErrf("'%s' object is not callable", fn.typeName())
}

func (l *loop) call(m *machine, a args) (Value, error) {
	if len(a.pos) != 1 || len(a.kw) > 0 {
		return nil, typeErrf("loop() takes one argument")
	}
	if l.recurse == nil {
		return nil, typeErrf("the loop must have the 'recursive' marker to be called")
	}
	return l.recurse(m, a.pos[0], l.depth0+1)
}

// table indexes builtins by name.
func table(list ...*builtin) map[string]*builtin {
	t := make(map[string]*builtin, len(list))
	for _, b := range list {
		t[b.name] = b
	}
	return t
}

// fn makes a row of a table.
func fn(name, spec string, f func(m *machine, self Value, a params) (Value, error)) *builtin {
	return &builtin{name: name, sig: sig(spec), fn: f}
}

// Arguments by type. Each says in its error which function wanted what.

// textArg returns argument i as text.
func (p params) textArg(what string, i int) (string, error) {
	if s, ok := text(p.v[i]); ok {
		return s, nil
	}
	return "", typeErrf("%s: argument %d is %s, want a str", what, i+1, p.v[i].typeName())
}

// intArg returns argument i as an int, or missing where it is absent.
func (p params) intArg(what string, i int, missing int) (int, error) {
	if p.v[i] == nil {
		return missing, nil
	}
	n, ok := asInt(p.v[i])
	if !ok {
		if b, big := p.v[i].(*bigInt); big {
			return b.v.Sign() * math.MaxInt, nil
		}
		return 0, typeErrf("%s: argument %d is %s, want an int", what, i+1, p.v[i].typeName())
	}
	return int(min(max(n, math.MinInt), math.MaxInt)), nil
}

// boolArg returns the truth of argument i, or missing where it is absent.
func (p params) boolArg(m *machine, i int, missing bool) (bool, error) {
	if p.v[i] == nil {
		return missing, nil
	}
	return m.truth(p.v[i])
}

// present says whether argument i was given and is not None.
func (p params) present(i int) bool {
	if p.v[i] == nil {
		return false
	}
	_, none := p.v[i].(None)
	return !none
}
