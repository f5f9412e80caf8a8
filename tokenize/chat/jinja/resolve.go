package jinja

// resolver decides for every name which variable it is, and checks what Jinja2 checks when it compiles.
type resolver struct {
	loops  int  // for statements around
	inLoop bool // break and continue are allowed here
	soft   bool // inside an if: unknown filters and tests are errors only when they are reached
	err    error
}

// resolve fills in the names of a whole template and returns its outermost scope.
func resolve(body []stmt) (*scope, error) {
	if err := checkDepth(body); err != nil {
		return nil, err
	}
	r := &resolver{}
	s := newSymbols(nil)
	s.visit(body)
	r.stmts(body, s)
	return s.scope(), r.err
}

func (r *resolver) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// exprs resolves the names read in the expressions.
func (r *resolver) exprs(s *symbols, list ...expr) {
	each(list, func(x expr) { r.expr(s, x) })
}

func (r *resolver) expr(s *symbols, x expr) {
	switch x := x.(type) {
	case *nameExpr:
		r.name(s, x)
		return
	case *condExpr:
		defer func(soft bool) { r.soft = soft }(r.soft)
		r.soft = true
	case *filterExpr:
		if x.f == nil && !r.soft {
			r.fail(noFilter(x.name, x.line))
		}
	case *testExpr:
		if x.t == nil && !r.soft {
			r.fail(noTest(x.name, x.line))
		}
	}
	children(x, func(c expr) { r.expr(s, c) })
}

func (r *resolver) name(s *symbols, n *nameExpr) {
	up, slot, ok := s.find(n.name)
	if !ok {
		r.fail(syntaxErrf(n.line, "the name %q cannot be used here", n.name))
		return
	}
	n.up, n.slot = up, slot
}

// target resolves the names assigned to.
func (r *resolver) target(s *symbols, x expr) {
	names(x, true, func(n *nameExpr, store bool) {
		if store && n.name == "loop" && r.loops > 0 {
			r.fail(syntaxErrf(n.line, "cannot assign to the special variable loop"))
		}
		r.name(s, n)
	})
}

// inner runs f for the statements of another function or scope and restores the state.
func (r *resolver) inner(inLoop bool, f func()) {
	saved := *r
	r.inLoop, r.soft = inLoop, false
	f()
	r.inLoop, r.soft, r.loops = saved.inLoop, saved.soft, saved.loops
}

func (r *resolver) stmts(body []stmt, s *symbols) {
	for _, st := range body {
		switch st := st.(type) {
		case *outputStmt:
			r.exprs(s, st.parts...)
		case *ifStmt:
			r.ifStmt(st, s)
		case *forStmt:
			r.forStmt(st, s)
		case *setStmt:
			r.exprs(s, st.value)
			r.target(s, st.target)
		case *setBlockStmt:
			in := newSymbols(s)
			in.visit(st.body)
			in.use(st.filter)
			r.target(s, st.target)
			r.inner(r.inLoop, func() { r.exprs(in, st.filter); r.stmts(st.body, in) })
			st.frame = in.scope()
		case *filterBlockStmt:
			in := newSymbols(s)
			in.visit(st.body)
			in.use(st.filter)
			r.inner(r.inLoop, func() { r.exprs(in, st.filter); r.stmts(st.body, in) })
			st.frame = in.scope()
		case *withStmt:
			r.withStmt(st, s)
		case *macroStmt:
			r.name(s, st.target)
			r.macro(st.def, s)
		case *callBlockStmt:
			if st.call != nil {
				r.exprs(s, st.call)
			}
			r.macro(st.def, s)
		case *loopControlStmt:
			if !r.inLoop {
				r.fail(syntaxErrf(st.line, "break or continue outside a loop"))
			}
		}
	}
}

func (r *resolver) ifStmt(st *ifStmt, s *symbols) {
	defer func(soft bool) { r.soft = soft }(r.soft)
	r.soft = true
	for i, test := range st.tests {
		r.exprs(s, test)
		r.stmts(st.bodies[i], s)
	}
	r.stmts(st.els, s)
}

func (r *resolver) forStmt(st *forStmt, s *symbols) {
	st.extended = st.recursive || undeclared(st.body, "loop")["loop"]
	r.exprs(s, st.iter)
	body, test, els := newSymbols(s), newSymbols(s), newSymbols(s)
	test.slot("loop") // slot 0 in both, so that the target has the same slots
	body.slot("loop")
	if st.extended {
		body.param("loop")
	}
	body.params(st.target)
	body.visit(st.body)
	test.params(st.target)
	test.use(st.test)
	els.visit(st.els)
	r.inner(true, func() {
		r.loops++
		r.target(body, st.target)
		r.exprs(test, st.test)
		r.stmts(st.body, body)
		r.inLoop = r.inLoop && !st.recursive
	})
	r.inner(r.inLoop && !st.recursive, func() {
		r.loops++
		r.stmts(st.els, els)
	})
	st.bodyFrame, st.testFrame, st.elseFrame = body.scope(), test.scope(), els.scope()
}

func (r *resolver) withStmt(st *withStmt, s *symbols) {
	in := newSymbols(s)
	for _, t := range st.targets {
		in.params(t)
	}
	in.visit(st.body)
	r.exprs(s, st.values...)
	r.inner(r.inLoop, func() {
		for _, t := range st.targets {
			names(t, true, func(n *nameExpr, _ bool) { r.name(in, n) })
		}
		r.stmts(st.body, in)
	})
	st.frame = in.scope()
}

func (r *resolver) macro(def *macroDef, s *symbols) {
	in := newSymbols(s)
	for _, a := range def.args {
		in.param(a.name)
	}
	in.use(def.defaults...)
	in.visit(def.body)
	special := undeclared(def.body, "caller", "kwargs", "varargs")
	def.caller, def.varargs, def.kwargs = -1, -1, -1
	for i, a := range def.args {
		switch a.name {
		case "caller":
			def.explicitCaller = true
			if special["caller"] && i < len(def.args)-len(def.defaults) {
				r.fail(syntaxErrf(a.line, "the parameter caller needs a default"))
			}
			delete(special, "caller")
		case "kwargs", "varargs":
			delete(special, a.name)
		}
	}
	if special["caller"] {
		def.caller = in.param("caller")
	}
	if special["kwargs"] {
		def.kwargs = in.param("kwargs")
	}
	if special["varargs"] {
		def.varargs = in.param("varargs")
	}
	r.inner(false, func() {
		for _, a := range def.args {
			r.name(in, a)
		}
		r.exprs(in, def.defaults...)
		r.stmts(def.body, in)
	})
	def.frame = in.scope()
}

// checkDepth refuses trees of expressions deeper than any walk over them may recurse.
func checkDepth(body []stmt) error {
	deepest := 0
	var walk func(x expr, depth int)
	walk = func(x expr, depth int) {
		deepest = max(deepest, depth)
		if depth <= maxDepth {
			children(x, func(c expr) { walk(c, depth+1) })
		}
	}
	exprsIn(body, func(x expr) { walk(x, 1) })
	if deepest > maxDepth {
		return &LimitError{What: "levels of nesting in an expression", Limit: maxDepth}
	}
	return nil
}
