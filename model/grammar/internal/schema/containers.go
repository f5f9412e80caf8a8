package schema

import (
	"strconv"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// arrayKeywords reads what applies to the items of an array.
func (x *expander) arrayKeywords() error {
	prefix, items, err := x.itemLists()
	if err != nil {
		return err
	}
	done := evaluated{first: len(prefix)}
	for i, k := range prefix {
		if f := x.schema(k); f.op != opTrue {
			x.require(x.is(atom{op: aItem, at: i, child: f}))
		}
	}
	if items != nil {
		f, err := x.child(items, "items")
		if err != nil {
			return err
		}
		x.require(x.rest(len(prefix), f, x.place("items")))
		done.all = true
	}
	if v, ok := x.o.get("contains"); ok {
		f, err := x.child(v, "contains")
		if err != nil {
			return err
		}
		lo, hi, err := x.containsBounds()
		if err != nil {
			return err
		}
		if lo > 0 || hi >= 0 {
			x.require(x.is(atom{op: aContains, child: f, lo: lo, hi: hi, where: x.place("contains")}))
		}
		done.matching = []*formula{f}
	}
	if v, ok := x.o.get("uniqueItems"); ok {
		unique, isBool := v.(bool)
		if !isBool {
			return x.invalid("uniqueItems", "must be a boolean")
		}
		if unique && x.opt.leaveUnique {
			f, err := x.unsupported(x.place("uniqueItems"), boundedItems)
			if err != nil {
				return err
			}
			x.require(f)
		} else if unique {
			x.require(x.is(atom{op: aUnique, where: x.place("uniqueItems")}))
		}
	}
	if x.eval {
		return x.cross([]branch{{f: x.yes, items: done}})
	}
	return nil
}

// itemLists returns the schemas of the first items and of the others. Earlier drafts wrote the list in items and the schema of
// the others in additionalItems, which says nothing elsewhere; some writers put the schema of all items in prefixItems, which llama.cpp reads so, too.
func (x *expander) itemLists() (prefix []key, items any, err error) {
	v, hasItems := x.o.get("items")
	if l, isList := v.([]any); isList {
		if _, both := x.o.get("prefixItems"); both {
			return nil, nil, x.invalid("items", "must be a schema beside prefixItems")
		}
		if len(l) == 0 {
			return nil, x.o.vals["additionalItems"], nil
		}
		prefix, err = x.list("items")
		return prefix, x.o.vals["additionalItems"], err
	}
	switch p := x.o.vals["prefixItems"].(type) {
	case *object:
		if o, _ := v.(*object); hasItems && v != true && (o == nil || len(o.keys) > 0) {
			return nil, nil, x.invalid("prefixItems", "must be a list of schemas")
		}
		return nil, p, nil
	case []any:
		if len(p) == 0 {
			break
		}
		if prefix, err = x.list("prefixItems"); err != nil {
			return nil, nil, err
		}
	default:
		if _, ok := x.o.get("prefixItems"); ok {
			return nil, nil, x.invalid("prefixItems", "must be a list of schemas")
		}
	}
	if hasItems {
		items = v
	}
	return prefix, items, nil
}

// boundedItems is why uniqueItems may not be enforced.
const boundedItems = "objects and arrays among the items must be able to grow without bound"

func (x *expander) containsBounds() (lo, hi int, err error) {
	lo, hi = 1, -1
	if v, ok := x.o.get("minContains"); ok {
		if lo, err = x.natural("minContains", v); err != nil {
			return 0, 0, err
		}
	}
	if v, ok := x.o.get("maxContains"); ok {
		if hi, err = x.natural("maxContains", v); err != nil {
			return 0, 0, err
		}
	}
	return lo, hi, nil
}

// objectKeywords reads what applies to the members of an object.
func (x *expander) objectKeywords() error {
	var names []string
	var langs []*dfa.DFA
	patterns := map[string]*dfa.DFA{}
	if v, ok := x.o.get("properties"); ok {
		m, isObject := v.(*object)
		if !isObject {
			return x.invalid("properties", "must be an object")
		}
		names = m.keys
		for _, name := range names {
			f, err := x.child(m.vals[name], "properties/"+escapePointer(name))
			if err != nil {
				return err
			}
			x.require(x.members(x.keySet(keySet{names: []string{name}}), f, x.place("properties")))
		}
	}
	if v, ok := x.o.get("patternProperties"); ok {
		m, isObject := v.(*object)
		if !isObject {
			return x.invalid("patternProperties", "must be an object")
		}
		for _, expr := range m.keys {
			d, f, err := x.search("patternProperties", expr)
			if err != nil {
				return err
			}
			if d == nil {
				x.require(f)
				continue
			}
			patterns[expr] = d
			langs = append(langs, d)
			if f, err = x.child(m.vals[expr], "patternProperties/"+escapePointer(expr)); err != nil {
				return err
			}
			x.require(x.members(x.keySet(keySet{langs: []*dfa.DFA{d}}), f, x.place("patternProperties")))
		}
	}
	if err := x.required(); err != nil {
		return err
	}
	if err := x.propertyNames(); err != nil {
		return err
	}
	evaluatedKeys := []*keySet{x.keySet(keySet{names: names, langs: langs})}
	v, ok := x.o.get("additionalProperties")
	if _, both := x.o.get("unevaluatedProperties"); !ok && x.opt.ClosedObjects && len(names) > 0 && !both && len(langs) == 0 {
		v, ok = false, true
	}
	if ok {
		f, err := x.child(v, "additionalProperties")
		if err != nil {
			return err
		}
		x.require(x.members(x.keySet(keySet{names: names, langs: langs, complement: true}), f, x.place("additionalProperties")))
		evaluatedKeys = []*keySet{x.keySet(keySet{complement: true})}
	}
	if x.eval {
		return x.cross([]branch{{f: x.yes, props: evaluatedKeys}})
	}
	return nil
}

func (x *expander) required() error {
	v, ok := x.o.get("required")
	if !ok {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		return x.invalid("required", "must be a list of names")
	}
	f, err := x.requiredNames("required", l)
	if err == nil {
		x.require(f)
	}
	return err
}

func (x *expander) requiredNames(keyword string, l []any) (*formula, error) {
	kids := make([]*formula, len(l))
	for i, v := range l {
		name, ok := v.(string)
		if !ok {
			return nil, x.invalid(keyword, "must be a list of names; entry "+strconv.Itoa(i)+" is not")
		}
		kids[i] = x.exists(name)
	}
	return x.and(kids...), nil
}

// propertyNames forbids all members whose key is not in the language of the schema's strings.
func (x *expander) propertyNames() error {
	v, ok := x.o.get("propertyNames")
	if !ok {
		return nil
	}
	k, err := x.sub(v, "propertyNames")
	if err != nil {
		return err
	}
	f, err := x.open(k)
	if err != nil {
		return err
	}
	d, err := x.strings(f)
	if err != nil {
		f, err = x.large(x.place("propertyNames"), err)
		if err == nil {
			x.require(f)
		}
		return err
	}
	x.require(x.members(x.keySet(keySet{langs: []*dfa.DFA{d}, complement: true}), x.no, x.place("propertyNames")))
	return nil
}
