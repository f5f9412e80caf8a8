package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// Keywords of other dialects that would mean something.
var foreign = map[string]string{
	"$recursiveRef": "it belongs to draft 2019-09; use $dynamicRef",
	"divisibleBy":   "it belongs to draft 3; use multipleOf", "disallow": "it belongs to draft 3; use not", "extends": "it belongs to draft 3; use allOf",
	"nullable": "it belongs to OpenAPI 3.0; add \"null\" to type", "discriminator": "it belongs to OpenAPI; use const in the branches",
}

// known refuses keywords and dialects that have a meaning this package does not know. Keywords nobody knows are
// annotations, as the specification says.
func (b *builder) known(loc *location, o *object) error {
	for _, k := range o.keys {
		reason, bad := foreign[k]
		if k == "nullable" && o.vals[k] == false {
			continue
		}
		if bad {
			if _, err := b.unsupported(place{k, loc.ptr}, reason); err != nil {
				return err
			}
		}
	}
	if v, ok := o.get("$schema"); ok {
		if s, _ := v.(string); !strings.Contains(s, "//json-schema.org/") {
			_, err := b.unsupported(place{"$schema", loc.ptr}, fmt.Sprintf("unknown dialect %v", v))
			return err
		}
	}
	return nil
}

// assertions reads the keywords about the type and about scalars.
func (x *expander) assertions() error {
	for _, k := range x.o.keys {
		v := x.o.vals[k]
		f := x.yes
		var err error
		switch k {
		case "type":
			f, err = x.typeKeyword(v)
		case "const":
			f, err = x.equals(v, x.place(k))
		case "enum":
			f, err = x.enum(v)
		case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
			f, err = x.bound(k, v)
		case "minLength", "maxLength":
			f, err = x.sized(k, v, aLength)
		case "minItems", "maxItems":
			f, err = x.sized(k, v, aItems)
		case "minProperties", "maxProperties":
			f, err = x.sized(k, v, aSize)
		case "pattern":
			f, err = x.pattern(k, v)
		case "format":
			f, err = x.format(v)
		}
		if err != nil {
			return err
		}
		x.require(f)
	}
	return nil
}

var typeNames = map[string]uint8{
	"null": 1 << kNull, "boolean": 1<<kFalse | 1<<kTrue, "number": 1 << kNumber, "integer": 1 << kNumber, "string": 1 << kString,
	"array": 1 << kArray, "object": 1 << kObject,
}

func (x *expander) typeKeyword(v any) (*formula, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var kids []*formula
	for _, v := range list {
		name, _ := v.(string)
		set, ok := typeNames[name]
		if !ok {
			return nil, x.invalid("type", fmt.Sprintf("unknown type %v", v))
		}
		f := x.types(set)
		if name == "integer" {
			f = x.and(f, x.is(atom{op: aInteger}))
		}
		kids = append(kids, f)
	}
	return x.or(kids...), nil
}

func (x *expander) enum(v any) (*formula, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, x.invalid("enum", "must be a list")
	}
	kids := make([]*formula, len(list))
	for i, v := range list {
		f, err := x.equals(v, x.place("enum"))
		if err != nil {
			return nil, err
		}
		kids[i] = f
	}
	return x.or(kids...), nil
}

// equals returns the formula of the values equal to v.
func (x *expander) equals(v any, at place) (*formula, error) {
	switch v := v.(type) {
	case nil:
		return x.types(1 << kNull), nil
	case bool:
		if v {
			return x.types(1 << kTrue), nil
		}
		return x.types(1 << kFalse), nil
	case string:
		return x.and(x.types(1<<kString), x.is(atom{op: aConst, text: v})), nil
	case json.Number:
		n, err := parseNumber(v)
		if err != nil {
			return x.unsupported(at, err.Error())
		}
		return x.and(x.types(1<<kNumber), x.is(atom{op: aCompare, num: n, sign: signEqual})), nil
	case []any:
		kids := []*formula{x.types(1 << kArray), x.count(aItems, len(v), len(v))}
		for i, e := range v {
			f, err := x.equals(e, at)
			if err != nil {
				return nil, err
			}
			kids = append(kids, x.is(atom{op: aItem, at: i, child: f}))
		}
		return x.and(kids...), nil
	}
	o := v.(*object)
	kids := []*formula{x.types(1 << kObject), x.members(x.keySet(keySet{names: o.keys, complement: true}), x.no, at)}
	for _, name := range o.keys {
		f, err := x.equals(o.vals[name], at)
		if err != nil {
			return nil, err
		}
		kids = append(kids, x.exists(name), x.members(x.keySet(keySet{names: []string{name}}), f, at))
	}
	return x.and(kids...), nil
}

func (x *expander) bound(keyword string, v any) (*formula, error) {
	j, ok := v.(json.Number)
	if !ok {
		return nil, x.invalid(keyword, "must be a number")
	}
	n, err := parseNumber(j)
	if err != nil {
		return x.unsupported(x.place(keyword), err.Error())
	}
	a := atom{op: aCompare, num: n, where: x.place(keyword)}
	switch keyword {
	case "minimum":
		a.sign = signEqual | signAbove
	case "maximum":
		a.sign = signEqual | signBelow
	case "exclusiveMinimum":
		a.sign = signAbove
	case "exclusiveMaximum":
		a.sign = signBelow
	default:
		if n.neg || n.isZero() {
			return nil, x.invalid(keyword, "must be greater than 0")
		}
		a.op = aMultiple
		if _, err := multiple(n); err != nil {
			return x.large(a.where, err)
		}
	}
	return x.is(a), nil
}

// natural reads a number of things.
func (x *expander) natural(keyword string, v any) (int, error) {
	j, ok := v.(json.Number)
	if ok {
		n, err := parseNumber(j)
		if err == nil && !n.neg && n.frac == "" {
			if n.int == "" {
				return 0, nil
			}
			if i, err := strconv.Atoi(n.int); err == nil && i < 1<<30 {
				return i, nil
			}
			return 0, &UnsupportedError{Keyword: keyword, Pointer: x.k.loc.ptr, Reason: "the number is too large"}
		}
	}
	return 0, x.invalid(keyword, "must be a whole number that is not negative")
}

// sized reads minX and maxX.
func (x *expander) sized(keyword string, v any, op atomOp) (*formula, error) {
	n, err := x.natural(keyword, v)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(keyword, "min") {
		return x.count(op, n, -1), nil
	}
	return x.count(op, 0, n), nil
}

// count returns the formula of a number of things between lo and hi.
func (in *interner) count(op atomOp, lo, hi int) *formula {
	if lo <= 0 && hi < 0 {
		return in.yes
	}
	return in.is(atom{op: op, lo: lo, hi: hi})
}

func (x *expander) pattern(keyword string, v any) (*formula, error) {
	s, ok := v.(string)
	if !ok {
		return nil, x.invalid(keyword, "must be a string")
	}
	d, f, err := x.search(keyword, s)
	if d == nil {
		return f, err
	}
	return x.is(atom{op: aLang, lang: d}), nil
}

// search compiles a pattern. Without error and automaton it is left to validation, and f is unknown.
func (x *expander) search(keyword, expr string) (d *dfa.DFA, f *formula, err error) {
	if d, ok := x.dfas["search "+expr]; ok {
		return d, nil, nil
	}
	re, err := translate(expr)
	if err == nil {
		d, err = dfa.Search(re)
	}
	if err != nil {
		f, err = x.unsupported(x.place(keyword), fmt.Sprintf("%q: %v", expr, err))
		return nil, f, err
	}
	x.dfas["search "+expr] = d
	return d, nil, nil
}

func (x *expander) format(v any) (*formula, error) {
	name, ok := v.(string)
	if !ok {
		return nil, x.invalid("format", "must be a string")
	}
	if x.opt.FormatAnnotation {
		return x.yes, nil
	}
	if f, ok := x.openAPI(name); ok {
		return f, nil
	}
	key := "format " + name
	d, ok := x.dfas[key]
	if !ok {
		var err error
		d, err = formatDFA(name, x.opt.Exact)
		if err != nil {
			return x.unsupported(x.place("format"), err.Error())
		}
		x.dfas[key] = d
	}
	return x.is(atom{op: aLang, lang: d}), nil
}

// openAPI returns what the formats that OpenAPI adds say about numbers. Some of its formats say nothing about the value.
func (x *expander) openAPI(name string) (*formula, bool) {
	bits := map[string]string{"int32": "2147483648", "int64": "9223372036854775808", "uint64": "18446744073709551616"}
	switch name {
	case "double", "password", "binary":
		return x.yes, true
	case "float": // what is no infinity when it is made a number of 32 bits
		most := "34" + strings.Repeat("0", 37)
		return x.and(x.is(atom{op: aCompare, num: number{int: most}, sign: signBelow | signEqual}),
			x.is(atom{op: aCompare, num: number{neg: true, int: most}, sign: signEqual | signAbove})), true
	case "uint64":
		return x.and(x.is(atom{op: aCompare, num: number{int: bits[name]}, sign: signBelow}),
			x.is(atom{op: aCompare, num: number{}, sign: signEqual | signAbove})), true
	case "int32", "int64":
		n := number{int: bits[name]}
		return x.and(x.is(atom{op: aCompare, num: n, sign: signBelow}),
			x.is(atom{op: aCompare, num: number{neg: true, int: n.int}, sign: signEqual | signAbove})), true
	}
	return nil, false
}

// exists returns the formula of objects with a member of that name.
func (x *expander) exists(name string) *formula {
	return x.is(atom{op: aExists, keys: x.keySet(keySet{names: []string{name}}), child: x.yes})
}

// members returns the formula of objects whose members with a key in the set satisfy child.
func (x *expander) members(keys *keySet, child *formula, at place) *formula {
	if child.op == opTrue {
		// Says nothing, but the order of names is the order of members.
		if _, named := keys.single(); !named {
			return x.yes
		}
	}
	return x.is(atom{op: aMembers, keys: keys, child: child, where: at})
}

// rest returns the formula of arrays whose items from at on satisfy child.
func (x *expander) rest(at int, child *formula, where place) *formula {
	if child.op == opTrue {
		return x.yes
	}
	return x.is(atom{op: aRest, at: at, child: child, where: where})
}
