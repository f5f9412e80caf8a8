package schema

import (
	"strconv"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

func (s *site) array() error {
	list, ok := s.val.([]any)
	if !ok {
		return nil
	}
	prefix, rest, err := s.x.itemLists()
	if err != nil {
		return err
	}
	mark := func(i int) { s.seen.add(seen{items: map[int]bool{i: true}}) }
	for i, e := range list {
		if i < len(prefix) {
			_, err = s.value(prefix[i], e, s.path+"/"+strconv.Itoa(i))
			mark(i)
		} else if rest != nil {
			err = s.child(rest, "items", strconv.Itoa(i), e)
			mark(i)
		}
		if err != nil {
			return err
		}
	}
	for _, keyword := range []string{"minItems", "maxItems"} {
		if err := s.size(keyword, len(list)); err != nil {
			return err
		}
	}
	if s.x.o.vals["uniqueItems"] == true {
		texts := map[string]bool{}
		for _, e := range list {
			t := canonicalValue(e)
			if texts[t] {
				return s.fail("uniqueItems")
			}
			texts[t] = true
		}
	}
	return s.contains(list, mark)
}

// size checks a bound on a number of things.
func (s *site) size(keyword string, n int) error {
	arg, ok := s.x.o.get(keyword)
	if !ok {
		return nil
	}
	limit, err := s.x.natural(keyword, arg)
	if err != nil {
		return err
	}
	if keyword[:3] == "min" && n < limit || keyword[:3] == "max" && n > limit {
		return s.fail(keyword)
	}
	return nil
}

func (s *site) contains(list []any, mark func(int)) error {
	arg, ok := s.x.o.get("contains")
	if !ok {
		return nil
	}
	lo, hi, err := s.x.containsBounds()
	if err != nil {
		return err
	}
	n := 0
	for i, e := range list {
		err := s.child(arg, "contains", strconv.Itoa(i), e)
		if err == nil {
			n++
			mark(i)
		} else if !broken(err) {
			return err
		}
	}
	if n < lo || hi >= 0 && n > hi {
		return s.fail("contains")
	}
	return nil
}

func (s *site) object() error {
	o, ok := s.val.(*object)
	if !ok {
		return nil
	}
	for _, keyword := range []string{"minProperties", "maxProperties"} {
		if err := s.size(keyword, len(o.keys)); err != nil {
			return err
		}
	}
	if l, ok := s.x.o.vals["required"].([]any); ok {
		for _, name := range l {
			if n, _ := name.(string); o.vals[n] == nil && !has(o, n) {
				return s.fail("required")
			}
		}
	}
	props, _ := s.x.o.vals["properties"].(*object)
	patterns, _ := s.x.o.vals["patternProperties"].(*object)
	additional, closed := s.x.o.get("additionalProperties")
	if s.x.opt.ClosedObjects && !closed && props != nil && len(props.keys) > 0 && patterns == nil && !has(s.x.o, "unevaluatedProperties") {
		additional, closed = false, true
	}
	names, hasNames := s.x.o.get("propertyNames")
	for _, key := range o.keys {
		done := false
		if props != nil && has(props, key) {
			done = true
			if err := s.child(props.vals[key], "properties/"+escapePointer(key), key, o.vals[key]); err != nil {
				return err
			}
		}
		if patterns != nil {
			for _, expr := range patterns.keys {
				d, _, err := s.x.search("patternProperties", expr)
				if err != nil {
					return err
				}
				if !matchesAny(d, key) {
					continue
				}
				done = true
				if err := s.child(patterns.vals[expr], "patternProperties/"+escapePointer(expr), key, o.vals[key]); err != nil {
					return err
				}
			}
		}
		if closed && !done {
			done = true
			if err := s.child(additional, "additionalProperties", key, o.vals[key]); err != nil {
				return err
			}
		}
		if done {
			s.seen.add(seen{props: map[string]bool{key: true}})
		}
		if hasNames {
			if err := s.child(names, "propertyNames", key, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func matchesAny(d *dfa.DFA, s string) bool { return d != nil && d.Match(s) }

func has(o *object, name string) bool {
	_, ok := o.vals[name]
	return ok
}
