package jinja

// children calls f with the direct parts of an expression.
func children(x expr, f func(expr)) {
	switch x := x.(type) {
	case *seqExpr:
		each(x.items, f)
	case *dictExpr:
		each(x.keys, f)
		each(x.vals, f)
	case *condExpr:
		each([]expr{x.then, x.test, x.els}, f)
	case *logicExpr:
		each([]expr{x.left, x.right}, f)
	case *notExpr:
		f(x.x)
	case *compareExpr:
		f(x.first)
		for _, op := range x.ops {
			f(op.x)
		}
	case *binExpr:
		each([]expr{x.left, x.right}, f)
	case *concatExpr:
		each(x.parts, f)
	case *signExpr:
		f(x.x)
	case *attrExpr:
		f(x.x)
	case *itemExpr:
		each([]expr{x.x, x.arg}, f)
	case *sliceExpr:
		each([]expr{x.x, x.start, x.stop, x.step}, f)
	case *callExpr:
		f(x.fn)
		x.args.children(f)
	case *filterExpr:
		each([]expr{x.x}, f)
		x.args.children(f)
	case *testExpr:
		f(x.x)
		x.args.children(f)
	case *nsExpr:
		f(x.ns)
	}
}

func (a *callArgs) children(f func(expr)) {
	each(a.pos, f)
	each(a.kw, f)
	each([]expr{a.star, a.dstar}, f)
}

// each calls f with the expressions that are there.
func each(list []expr, f func(expr)) {
	for _, x := range list {
		if x != nil {
			f(x)
		}
	}
}

// names calls use with every name in the expression in order, and whether it is assigned to.
func names(x expr, store bool, use func(n *nameExpr, store bool)) {
	if x == nil {
		return
	}
	if n, ok := x.(*nameExpr); ok {
		use(n, store)
		return
	}
	if _, ok := x.(*nsExpr); ok {
		store = false // the namespace is read, its attribute is set
	}
	children(x, func(c expr) { names(c, store, use) })
}

// namesIn calls use with the names in statements, those inside macros and blocks included, in the order in which Jinja2
// looks for special variables.
func namesIn(body []stmt, use func(n *nameExpr, store bool)) {
	get := func(list ...expr) {
		each(list, func(x expr) { names(x, false, use) })
	}
	set := func(list ...expr) {
		each(list, func(x expr) { names(x, true, use) })
	}
	def := func(d *macroDef) {
		for _, a := range d.args {
			set(a)
		}
		get(d.defaults...)
		namesIn(d.body, use)
	}
	for _, s := range body {
		switch s := s.(type) {
		case *outputStmt:
			get(s.parts...)
		case *ifStmt:
			for i := range s.tests {
				get(s.tests[i])
				namesIn(s.bodies[i], use)
			}
			namesIn(s.els, use)
		case *forStmt:
			set(s.target)
			get(s.iter)
			namesIn(s.body, use)
			namesIn(s.els, use)
			get(s.test)
		case *setStmt:
			set(s.target)
			get(s.value)
		case *setBlockStmt:
			set(s.target)
			get(s.filter)
			namesIn(s.body, use)
		case *filterBlockStmt:
			namesIn(s.body, use)
			get(s.filter)
		case *withStmt:
			set(s.targets...)
			get(s.values...)
			namesIn(s.body, use)
		case *macroStmt:
			def(s.def)
		case *callBlockStmt:
			if s.call != nil {
				get(s.call)
			}
			def(s.def)
		}
	}
}

// undeclared returns which of the names are read in the statements before they are assigned to.
func undeclared(body []stmt, special ...string) map[string]bool {
	state := map[string]bool{}
	for _, name := range special {
		state[name] = true
	}
	found := map[string]bool{}
	namesIn(body, func(n *nameExpr, store bool) {
		switch {
		case !state[n.name]:
		case store:
			delete(state, n.name)
		default:
			found[n.name] = true
		}
	})
	return found
}

// exprsIn calls f with every expression of the statements that is not part of another expression.
func exprsIn(body []stmt, f func(expr)) {
	def := func(d *macroDef) {
		each(d.defaults, f)
		exprsIn(d.body, f)
	}
	for _, s := range body {
		switch s := s.(type) {
		case *outputStmt:
			each(s.parts, f)
		case *ifStmt:
			each(s.tests, f)
			for _, b := range s.bodies {
				exprsIn(b, f)
			}
			exprsIn(s.els, f)
		case *forStmt:
			each([]expr{s.target, s.iter, s.test}, f)
			exprsIn(s.body, f)
			exprsIn(s.els, f)
		case *setStmt:
			each([]expr{s.target, s.value}, f)
		case *setBlockStmt:
			each([]expr{s.target, s.filter}, f)
			exprsIn(s.body, f)
		case *filterBlockStmt:
			f(s.filter)
			exprsIn(s.body, f)
		case *withStmt:
			each(s.targets, f)
			each(s.values, f)
			exprsIn(s.body, f)
		case *macroStmt:
			def(s.def)
		case *callBlockStmt:
			if s.call != nil {
				f(s.call)
			}
			def(s.def)
		}
	}
}
