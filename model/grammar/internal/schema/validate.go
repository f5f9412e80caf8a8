package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// A Validator checks whole documents. It walks decoded values and schemas side by side and shares with the compiler only
// how documents and references are read, and the automata of patterns and formats.
type Validator struct {
	b    *builder
	root key
}

// A Violation says where a document breaks a schema.
type Violation struct {
	Instance string // JSON Pointer into the document
	Schema   string // JSON Pointer of the schema
	Keyword  string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("json schema: value at %q breaks %s at %q", v.Instance, v.Keyword, v.Schema)
}

// NewValidator prepares a schema.
func NewValidator(doc []byte, opt Options) (*Validator, error) {
	opt.Validate = true
	b, root, err := newBuilder(doc, opt)
	if err != nil {
		return nil, err
	}
	return &Validator{b: b, root: root}, nil
}

// maxChecks bounds the schemas applied to one document.
const maxChecks = 10_000_000

// Validate returns nil, a *Violation (one of perhaps several), or why the schema or the document cannot be read.
func (v *Validator) Validate(doc []byte) error {
	val, err := decode(doc)
	if err != nil {
		return fmt.Errorf("json schema: document: %w", err)
	}
	c := &check{v: v, active: map[activeKey]bool{}}
	_, err = c.value(v.root, val, "")
	return err
}

type activeKey struct {
	k    key
	path string
}

// check is one run of a Validator.
type check struct {
	v      *Validator
	active map[activeKey]bool
	count  int
}

// seen is what a schema evaluated of a value.
type seen struct {
	props map[string]bool
	items map[int]bool
}

func (s *seen) add(o seen) {
	for p := range o.props {
		if s.props == nil {
			s.props = map[string]bool{}
		}
		s.props[p] = true
	}
	for i := range o.items {
		if s.items == nil {
			s.items = map[int]bool{}
		}
		s.items[i] = true
	}
}

// errBroken marks violations, as opposed to schemas that cannot be read.
func broken(err error) bool {
	var v *Violation
	return errors.As(err, &v)
}

func (c *check) value(k key, val any, path string) (seen, error) {
	if c.count++; c.count > maxChecks {
		return seen{}, fmt.Errorf("json schema: more than %d schemas to check", maxChecks)
	}
	o, ok := k.loc.val.(*object)
	if !ok {
		if k.loc.val == true {
			return seen{}, nil
		}
		return seen{}, &Violation{path, k.loc.ptr, "false"}
	}
	id := activeKey{k, path}
	if c.active[id] {
		return seen{}, &InvalidError{Keyword: "$ref", Pointer: k.loc.ptr, Message: "the schema refers to itself for the same value"}
	}
	c.active[id] = true
	defer delete(c.active, id)
	s := &site{check: c, x: &expander{builder: c.v.b, k: k, o: o}, val: val, path: path}
	for _, f := range []func() error{s.scalar, s.array, s.object, s.applicators, s.conditional, s.unevaluated} {
		if err := f(); err != nil {
			return seen{}, err
		}
	}
	return s.seen, nil
}

// site is a schema applied to a value.
type site struct {
	*check
	x    *expander
	val  any
	path string
	seen seen
}

func (s *site) fail(keyword string) error {
	return &Violation{s.path, s.x.k.loc.ptr, keyword}
}

// child applies a subschema to a member or item.
func (s *site) child(v any, where, at string, val any) error {
	k, err := s.x.sub(v, where)
	if err == nil {
		_, err = s.value(k, val, s.path+"/"+escapePointer(at))
	}
	return err
}

// holds applies a subschema to the same value; ok is false when it is broken.
func (s *site) holds(v any, where string) (got seen, ok bool, err error) {
	k, err := s.x.sub(v, where)
	if err != nil {
		return seen{}, false, err
	}
	got, err = s.value(k, s.val, s.path)
	if broken(err) {
		return seen{}, false, nil
	}
	return got, err == nil, err
}

func (s *site) scalar() error {
	for _, keyword := range s.x.o.keys {
		arg := s.x.o.vals[keyword]
		ok := true
		var err error
		switch keyword {
		case "type":
			ok = s.typed(arg)
		case "const":
			ok = equal(arg, s.val)
		case "enum":
			list, _ := arg.([]any)
			ok = false
			for _, e := range list {
				ok = ok || equal(e, s.val)
			}
		case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
			ok, err = s.number(keyword, arg)
		case "minLength", "maxLength", "pattern", "format":
			ok, err = s.str(keyword, arg)
		}
		if err != nil {
			return err
		}
		if !ok {
			return s.fail(keyword)
		}
	}
	return nil
}

// inRange checks the comparisons of a formula.
func inRange(n json.Number, f *formula) bool {
	for _, k := range f.kids {
		sign := uint8(signEqual) << 1 >> (1 - rational(n).Cmp(k.atom.num.rat()))
		if k.atom.sign&sign == 0 {
			return false
		}
	}
	return true
}

func (s *site) typed(arg any) bool {
	list, ok := arg.([]any)
	if !ok {
		list = []any{arg}
	}
	for _, t := range list {
		switch v := s.val.(type) {
		case nil:
			ok = t == "null"
		case bool:
			ok = t == "boolean"
		case string:
			ok = t == "string"
		case json.Number:
			ok = t == "number" || t == "integer" && rational(v).IsInt()
		case []any:
			ok = t == "array"
		default:
			ok = t == "object"
		}
		if ok {
			return true
		}
	}
	return false
}

func rational(n json.Number) *big.Rat {
	d, err := parseNumber(n)
	if err != nil {
		r, _ := new(big.Rat).SetString("0")
		return r
	}
	return d.rat()
}

func (s *site) number(keyword string, arg any) (bool, error) {
	n, ok := s.val.(json.Number)
	if !ok {
		return true, nil
	}
	limit, ok := arg.(json.Number)
	if !ok {
		return false, s.x.invalid(keyword, "must be a number")
	}
	for _, j := range []json.Number{n, limit} {
		if _, err := parseNumber(j); err != nil {
			return false, err
		}
	}
	x, y := rational(n), rational(limit)
	switch keyword {
	case "minimum":
		return x.Cmp(y) >= 0, nil
	case "maximum":
		return x.Cmp(y) <= 0, nil
	case "exclusiveMinimum":
		return x.Cmp(y) > 0, nil
	case "exclusiveMaximum":
		return x.Cmp(y) < 0, nil
	}
	return y.Sign() > 0 && new(big.Rat).Quo(x, y).IsInt(), nil
}

func (s *site) str(keyword string, arg any) (bool, error) {
	if n, ok := s.val.(json.Number); ok && keyword == "format" && !s.x.opt.FormatAnnotation {
		name, _ := arg.(string)
		f, _ := s.x.openAPI(name)
		return f == nil || inRange(n, f), nil
	}
	text, ok := s.val.(string)
	if !ok {
		return true, nil
	}
	if keyword == "minLength" || keyword == "maxLength" {
		n, err := s.x.natural(keyword, arg)
		size := utf8.RuneCountInString(text)
		return keyword == "minLength" && size >= n || keyword == "maxLength" && size <= n, err
	}
	f, err := s.x.pattern(keyword, arg)
	if keyword == "format" {
		f, err = s.x.format(arg)
	}
	if err != nil || f.op != opAtom || f.atom.op != aLang {
		return true, err // nothing is said, or something about numbers
	}
	return f.atom.lang.Match(text), nil
}

func (s *site) applicators() error {
	for _, keyword := range []string{"$ref", "$dynamicRef"} {
		ref, ok := s.x.o.vals[keyword].(string)
		if !ok {
			continue
		}
		target, name, err := s.x.reg.lookup(s.x.k.loc, ref)
		if err != nil {
			return err
		}
		if keyword == "$dynamicRef" && name != "" && target.res.dynamic[name] == target && s.x.k.in.names[name] != nil {
			target = s.x.k.in.names[name]
		}
		got, err := s.value(key{target, s.x.scopes.enter(s.x.k.in, target.res)}, s.val, s.path)
		if err != nil {
			return err
		}
		s.seen.add(got)
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		list, ok := s.x.o.vals[keyword].([]any)
		if !ok {
			continue
		}
		n := 0
		for i, v := range list {
			got, ok, err := s.holds(v, keyword+"/"+strconv.Itoa(i))
			if err != nil {
				return err
			}
			if ok {
				n++
				s.seen.add(got)
			}
		}
		if keyword == "allOf" && n != len(list) || keyword == "anyOf" && n == 0 || keyword == "oneOf" && n != 1 {
			return s.fail(keyword)
		}
	}
	if v, ok := s.x.o.get("not"); ok {
		_, ok, err := s.holds(v, "not")
		if err != nil {
			return err
		}
		if ok {
			return s.fail("not")
		}
	}
	return nil
}

func (s *site) conditional() error {
	if v, ok := s.x.o.get("if"); ok {
		got, ok, err := s.holds(v, "if")
		if err != nil {
			return err
		}
		arm := "else"
		if ok {
			s.seen.add(got)
			arm = "then"
		}
		if v, has := s.x.o.get(arm); has {
			if err := s.same(v, arm); err != nil {
				return err
			}
		}
	}
	o, ok := s.val.(*object)
	if !ok {
		return nil
	}
	for _, keyword := range []string{"dependentRequired", "dependentSchemas", "dependencies"} {
		m, ok := s.x.o.vals[keyword].(*object)
		if !ok {
			continue
		}
		for _, name := range m.keys {
			if !has(o, name) {
				continue
			}
			if l, isList := m.vals[name].([]any); isList {
				for _, n := range l {
					if n, _ := n.(string); !has(o, n) {
						return s.fail(keyword)
					}
				}
			} else if err := s.same(m.vals[name], keyword+"/"+escapePointer(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// same applies a subschema to the same value; it must hold.
func (s *site) same(v any, where string) error {
	k, err := s.x.sub(v, where)
	if err != nil {
		return err
	}
	got, err := s.value(k, s.val, s.path)
	s.seen.add(got)
	return err
}

func (s *site) unevaluated() error {
	if v, ok := s.x.o.get("unevaluatedProperties"); ok {
		if o, ok := s.val.(*object); ok {
			for _, key := range o.keys {
				if !s.seen.props[key] {
					if err := s.child(v, "unevaluatedProperties", key, o.vals[key]); err != nil {
						return err
					}
					s.seen.add(seen{props: map[string]bool{key: true}})
				}
			}
		}
	}
	if v, ok := s.x.o.get("unevaluatedItems"); ok {
		if l, ok := s.val.([]any); ok {
			for i, e := range l {
				if !s.seen.items[i] {
					if err := s.child(v, "unevaluatedItems", strconv.Itoa(i), e); err != nil {
						return err
					}
					s.seen.add(seen{items: map[int]bool{i: true}})
				}
			}
		}
	}
	return nil
}
