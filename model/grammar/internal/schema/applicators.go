package schema

import (
	"errors"
)

func (x *expander) references() error {
	for _, keyword := range []string{"$ref", "$dynamicRef"} {
		v, ok := x.o.get(keyword)
		if !ok {
			continue
		}
		ref, ok := v.(string)
		if !ok {
			return x.invalid(keyword, "must be a string")
		}
		target, name, err := x.reg.lookup(x.k.loc, ref)
		var missing errNotFound
		if errors.As(err, &missing) {
			return &UnsupportedError{Keyword: keyword, Pointer: x.k.loc.ptr, Reason: missing.Error()}
		}
		if err != nil {
			return err
		}
		if keyword == "$dynamicRef" && name != "" && target.res.dynamic[name] == target {
			if outer := x.k.in.names[name]; outer != nil {
				target = outer
			}
		}
		branches, err := x.same(key{target, x.scopes.enter(x.k.in, target.res)})
		if err != nil {
			return err
		}
		if err := x.cross(branches); err != nil {
			return err
		}
	}
	return nil
}

func (x *expander) allOf() error {
	keys, err := x.list("allOf")
	if err != nil {
		return err
	}
	for _, k := range keys {
		branches, err := x.same(k)
		if err == nil {
			err = x.cross(branches)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// anyOf: where it matters what is evaluated, each set of schemas that hold together is a branch. The others need not
// fail: if they hold, too, more is evaluated, which forbids less, and that is another branch.
func (x *expander) anyOf() error {
	keys, err := x.list("anyOf")
	if err != nil || keys == nil {
		return err
	}
	var sets []branch // sums of the schemas so far
	for _, k := range keys {
		branches, err := x.same(k)
		if err != nil {
			return err
		}
		old := len(sets)
		sets = append(sets, branches...)
		if !x.eval {
			continue
		}
		for _, s := range sets[:old] {
			for _, c := range branches {
				if f := x.and(s.f, c.f); f.op != opFalse {
					sets = append(sets, branch{f, append(append([]*keySet(nil), s.props...), c.props...), s.items.with(c.items)})
				}
			}
		}
		if len(sets) > maxBranches {
			return &UnsupportedError{Keyword: "anyOf", Pointer: x.k.loc.ptr, Reason: "too many combinations with unevaluatedProperties or unevaluatedItems"}
		}
	}
	if !x.eval {
		sets = []branch{{f: x.any(sets)}}
	}
	return x.cross(sets)
}

func (x *expander) oneOf() error {
	keys, err := x.list("oneOf")
	if err != nil || keys == nil {
		return err
	}
	all := make([]*formula, len(keys))
	for i, k := range keys {
		if all[i], err = x.open(k); err != nil {
			return err
		}
	}
	if !x.eval {
		x.require(x.one(all))
		return nil
	}
	var out []branch
	for i, k := range keys {
		branches, err := x.same(k)
		if err != nil {
			return err
		}
		for _, br := range branches {
			for j, f := range all {
				if j != i {
					br.f = x.and(br.f, x.not(f))
				}
			}
			out = append(out, br)
		}
	}
	return x.cross(out)
}

func (x *expander) not_() error {
	v, ok := x.o.get("not")
	if !ok {
		return nil
	}
	k, err := x.sub(v, "not")
	if err != nil {
		return err
	}
	f, err := x.open(k)
	if err != nil {
		return err
	}
	x.require(x.not(f))
	return nil
}

func (x *expander) ifThenElse() error {
	v, ok := x.o.get("if")
	if !ok {
		return nil
	}
	cond, err := x.sub(v, "if")
	if err != nil {
		return err
	}
	f, err := x.open(cond)
	if err != nil {
		return err
	}
	holds, err := x.same(cond)
	if err != nil {
		return err
	}
	fails := []branch{{f: x.not(f)}}
	for _, arm := range []struct {
		keyword string
		when    *[]branch
	}{{"then", &holds}, {"else", &fails}} {
		v, ok := x.o.get(arm.keyword)
		if !ok {
			continue
		}
		k, err := x.sub(v, arm.keyword)
		if err != nil {
			return err
		}
		branches, err := x.same(k)
		if err != nil {
			return err
		}
		both := &expander{builder: x.builder, k: x.k, branches: *arm.when}
		if err := both.cross(branches); err != nil {
			return err
		}
		*arm.when = both.branches
	}
	out := append(holds, fails...)
	if !x.eval {
		out = []branch{{f: x.any(out)}}
	}
	return x.cross(out)
}

// dependent reads dependentRequired, dependentSchemas and the older dependencies, which can hold either.
func (x *expander) dependent() error {
	for _, keyword := range []string{"dependentRequired", "dependentSchemas", "dependencies"} {
		v, ok := x.o.get(keyword)
		if !ok {
			continue
		}
		m, ok := v.(*object)
		if !ok {
			return x.invalid(keyword, "must be an object")
		}
		for _, name := range m.keys {
			has := x.and(x.types(1<<kObject), x.exists(name))
			var then []branch
			if l, isList := m.vals[name].([]any); isList && keyword != "dependentSchemas" {
				f, err := x.requiredNames(keyword, l)
				if err != nil {
					return err
				}
				then = []branch{{f: f}}
			} else if keyword == "dependentRequired" {
				return x.invalid(keyword, "must hold lists of names")
			} else {
				k, err := x.sub(m.vals[name], keyword+"/"+escapePointer(name))
				if err == nil {
					then, err = x.same(k)
				}
				if err != nil {
					return err
				}
			}
			out := []branch{{f: x.not(has)}}
			for _, br := range then {
				br.f = x.and(has, br.f)
				out = append(out, br)
			}
			if !x.eval {
				out = []branch{{f: x.any(out)}}
			}
			if err := x.cross(out); err != nil {
				return err
			}
		}
	}
	return nil
}
