package jinja

// macro is a macro or the block of a call, with the frame it was defined in.
type macro struct {
	def *macroDef
	env *frame
}

func (*macro) typeName() string { return "Macro" }

func (c *macro) reprName() string {
	if c.def.name == "" {
		return "anonymous"
	}
	return reprString(c.def.name)
}

// attr returns what templates may ask of a macro.
func (c *macro) attr(name string) (Value, bool) {
	switch name {
	case "name":
		if c.def.name == "" {
			return None{}, true
		}
		return String(c.def.name), true
	case "arguments":
		t := NewTuple()
		for _, a := range c.def.args {
			t.items = append(t.items, String(a.name))
		}
		return t, true
	case "caller":
		return Bool(c.def.caller >= 0), true
	case "catch_kwargs":
		return Bool(c.def.kwargs >= 0), true
	case "catch_varargs":
		return Bool(c.def.varargs >= 0), true
	case "explicit_caller":
		return Bool(c.def.explicitCaller), true
	}
	return nil, false
}

// call runs the macro and returns its output.
func (c *macro) call(m *machine, a args) (Value, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	f, err := m.frame(c.def.frame, c.env)
	if err != nil {
		return nil, err
	}
	if err := c.bind(m, f, a); err != nil {
		return nil, err
	}
	t, _, err := m.capture(c.def.body, f)
	return String(t), err
}

// bind sets the parameters.
func (c *macro) bind(m *machine, f *frame, a args) error {
	d := c.def
	kw := append([]kwarg(nil), a.kw...)
	take := func(name string) Value {
		for i, k := range kw {
			if k.name == name {
				kw = append(kw[:i], kw[i+1:]...)
				return k.v
			}
		}
		return nil
	}
	for i, p := range d.args {
		if i < len(a.pos) {
			f.vars[p.slot] = a.pos[i]
		} else {
			f.vars[p.slot] = take(p.name)
		}
	}
	if d.caller >= 0 {
		v := take("caller")
		if _, none := v.(None); v == nil || none {
			v = &undefined{hint: "No caller defined"}
		}
		f.vars[d.caller] = v
	}
	var rest []Value
	if len(a.pos) > len(d.args) {
		rest = a.pos[len(d.args):]
	}
	if err := c.bindRest(m, f, rest, kw); err != nil {
		return err
	}
	return c.defaults(m, f)
}

// bindRest gives the arguments that have no parameter to varargs and kwargs, or refuses them.
func (c *macro) bindRest(m *machine, f *frame, rest []Value, kw []kwarg) error {
	d := c.def
	if d.kwargs >= 0 {
		dict := NewDict()
		for _, k := range kw {
			if err := m.put(dict, String(k.name), k.v); err != nil {
				return err
			}
		}
		f.vars[d.kwargs] = dict
	} else if len(kw) > 0 {
		return typeErrf("macro %s takes no keyword argument %q", c.reprName(), kw[0].name)
	}
	if d.varargs >= 0 {
		f.vars[d.varargs] = NewTuple(rest...)
	} else if len(rest) > 0 {
		return typeErrf("macro %s takes not more than %d argument(s)", c.reprName(), len(d.args))
	}
	return nil
}

// defaults fills in the parameters without argument.
func (c *macro) defaults(m *machine, f *frame) error {
	d := c.def
	for i, p := range d.args {
		if f.vars[p.slot] != nil {
			continue
		}
		j := i - (len(d.args) - len(d.defaults))
		if j < 0 {
			f.vars[p.slot] = &undefined{hint: "parameter " + reprString(p.name) + " was not provided"}
			continue
		}
		v, err := m.eval(d.defaults[j], f)
		if err != nil {
			return err
		}
		f.vars[p.slot] = v
	}
	return nil
}
