package jinja

func (p *parser) forStatement(line int) (stmt, error) {
	s := &forStmt{line: line}
	var err error
	if s.target, err = p.assignTarget("in", false); err != nil {
		return nil, err
	}
	if !p.skipName("in") {
		return nil, p.unexpected(`"in"`)
	}
	if s.iter, err = p.tuple(tupleRule{end: "recursive"}); err != nil {
		return nil, err
	}
	if p.skipName("if") {
		if s.test, err = p.expression(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.skipName("recursive")
	if s.body, err = p.block("endfor", "else"); err != nil {
		return nil, err
	}
	if p.next().text == "else" {
		s.els, err = p.wholeBlock("endfor")
	}
	return s, err
}

func (p *parser) ifStatement(line int) (stmt, error) {
	s := &ifStmt{line: line}
	for {
		test, err := p.tuple(tupleRule{})
		if err != nil {
			return nil, err
		}
		body, err := p.block("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.tests, s.bodies = append(s.tests, test), append(s.bodies, body)
		switch p.next().text {
		case "else":
			s.els, err = p.wholeBlock("endif")
			return s, err
		case "endif":
			return s, nil
		}
	}
}

func (p *parser) setStatement(line int) (stmt, error) {
	target, err := p.assignTarget("", true)
	if err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		value, err := p.tuple(tupleRule{condExpr: true})
		return &setStmt{target: target, value: value, line: line}, err
	}
	s := &setBlockStmt{target: target, line: line}
	if p.isOp("|") {
		if s.filter, err = p.filters(nil, false); err != nil {
			return nil, err
		}
	}
	s.body, err = p.wholeBlock("endset")
	return s, err
}

func (p *parser) withStatement(line int) (stmt, error) {
	s := &withStmt{line: line}
	for p.cur().kind != tokBlockEnd && p.cur().kind != tokEOF {
		if s.targets != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		target, err := p.assignTarget("", false)
		if err != nil {
			return nil, err
		}
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets, s.values = append(s.targets, target), append(s.values, value)
	}
	var err error
	s.body, err = p.wholeBlock("endwith")
	return s, err
}

func (p *parser) printStatement(line int) (stmt, error) {
	s := &outputStmt{}
	for p.cur().kind != tokBlockEnd && p.cur().kind != tokEOF {
		if s.parts != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.parts, s.lines = append(s.parts, x), append(s.lines, line)
	}
	return s, nil
}

func (p *parser) filterStatement(line int) (stmt, error) {
	f, err := p.filters(nil, true)
	if err != nil {
		return nil, err
	}
	body, err := p.wholeBlock("endfilter")
	return &filterBlockStmt{filter: f, body: body, line: line}, err
}

func (p *parser) macroStatement(line int) (stmt, error) {
	name, err := p.nameTarget()
	if err != nil {
		return nil, err
	}
	def := &macroDef{name: name.name, line: line}
	if err := p.signature(def); err != nil {
		return nil, err
	}
	def.body, err = p.wholeBlock("endmacro")
	return &macroStmt{def: def, target: name}, err
}

func (p *parser) callStatement(line int) (stmt, error) {
	s := &callBlockStmt{def: &macroDef{line: line}, line: line}
	if p.isOp("(") {
		if err := p.signature(s.def); err != nil {
			return nil, err
		}
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	call, ok := x.(*callExpr)
	if !ok {
		return nil, syntaxErrf(line, "expected a call")
	}
	s.call = call
	s.def.body, err = p.wholeBlock("endcall")
	return s, err
}

// signature parses the parameters of a macro or call block.
func (p *parser) signature(def *macroDef) error {
	if err := p.expectOp("("); err != nil {
		return err
	}
	for !p.isOp(")") {
		if def.args != nil {
			if err := p.expectOp(","); err != nil {
				return err
			}
		}
		name, err := p.nameTarget()
		if err != nil {
			return err
		}
		for _, a := range def.args {
			if a.name == name.name {
				return syntaxErrf(name.line, "parameter %q appears twice", name.name)
			}
		}
		def.args = append(def.args, name)
		if p.skipOp("=") {
			x, err := p.expression()
			if err != nil {
				return err
			}
			def.defaults = append(def.defaults, x)
		} else if def.defaults != nil {
			return syntaxErrf(name.line, "parameter %q without default follows one with default", name.name)
		}
	}
	return p.expectOp(")")
}

// nameTarget parses a single name that is assigned to.
func (p *parser) nameTarget() (*nameExpr, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	if constName(t.text) != nil {
		return nil, syntaxErrf(t.line, "cannot assign to %s", t.text)
	}
	return &nameExpr{name: t.text, line: t.line}, nil
}

// assignTarget parses what a value is assigned to: a name, names in a tuple and, for set, attributes of namespaces.
func (p *parser) assignTarget(end string, namespaces bool) (expr, error) {
	line := p.cur().line
	x, err := p.tuple(tupleRule{simple: true, end: end, namespaces: namespaces})
	if err != nil {
		return nil, err
	}
	if !assignable(x) {
		return nil, syntaxErrf(line, "cannot assign to this expression")
	}
	return x, nil
}

func assignable(x expr) bool {
	switch x := x.(type) {
	case *nameExpr, *nsExpr:
		return true
	case *seqExpr:
		for _, item := range x.items {
			if !assignable(item) {
				return false
			}
		}
		return x.tuple
	}
	return false
}
