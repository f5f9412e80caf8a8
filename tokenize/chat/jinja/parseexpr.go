package jinja

import "strings"

// tupleRule says how tuple parses.
type tupleRule struct {
	simple     bool   // only names and literals: the target of an assignment
	condExpr   bool   // "a if b else c" is allowed without brackets
	brackets   bool   // inside brackets: may be empty
	namespaces bool   // ns.attr is a target
	end        string // a name that ends the tuple
}

// tuple parses expressions with commas between them, or one expression.
func (p *parser) tuple(r tupleRule) (expr, error) {
	var items []expr
	isTuple := false
	for {
		if items != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		if k := p.cur().kind; k == tokVarEnd || k == tokBlockEnd || p.isOp(")") || r.end != "" && p.isName(r.end) {
			break
		}
		x, err := p.tupleItem(r)
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if !p.isOp(",") {
			break
		}
		isTuple = true
	}
	if !isTuple {
		if len(items) == 1 {
			return items[0], nil
		}
		if !r.brackets {
			return nil, p.unexpected("an expression")
		}
	}
	return &seqExpr{items: items, tuple: true}, nil
}

func (p *parser) tupleItem(r tupleRule) (expr, error) {
	switch {
	case r.simple:
		return p.primary(r.namespaces)
	case r.condExpr || r.brackets:
		return p.expression()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	return p.or()
}

// expression parses one expression, conditional ones included.
func (p *parser) expression() (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	x, err := p.or()
	for n := 0; err == nil && p.isName("if"); n++ {
		if err = p.chain(n); err != nil {
			break
		}
		c := &condExpr{then: x, line: p.next().line}
		x = c
		if c.test, err = p.or(); err != nil {
			break
		}
		if p.skipName("else") {
			c.els, err = p.expression()
		}
	}
	return x, err
}

func (p *parser) or() (expr, error) {
	x, err := p.and()
	for n := 0; err == nil && p.isName("or"); n++ {
		if err = p.chain(n); err != nil {
			break
		}
		p.next()
		l := &logicExpr{or: true, left: x}
		x = l
		l.right, err = p.and()
	}
	return x, err
}

func (p *parser) and() (expr, error) {
	x, err := p.not()
	for n := 0; err == nil && p.isName("and"); n++ {
		if err = p.chain(n); err != nil {
			break
		}
		p.next()
		l := &logicExpr{left: x}
		x = l
		l.right, err = p.not()
	}
	return x, err
}

func (p *parser) not() (expr, error) {
	if !p.skipName("not") {
		return p.compare()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	x, err := p.not()
	return &notExpr{x}, err
}

func (p *parser) compare() (expr, error) {
	c := &compareExpr{line: p.cur().line}
	var err error
	if c.first, err = p.sum(); err != nil {
		return nil, err
	}
	for {
		op := ""
		switch t := p.cur(); {
		case t.kind == tokOp && strings.Contains(" == != < <= > >= ", " "+t.text+" "):
			op = t.text
		case p.isName("in"):
			op = "in"
		case p.isName("not") && p.peek().kind == tokName && p.peek().text == "in":
			op = "not in"
			p.next()
		default:
			if c.ops == nil {
				return c.first, nil
			}
			return c, nil
		}
		p.next()
		x, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops = append(c.ops, operand{op, x})
	}
}

// binary parses operands with left-associative operators between them.
func (p *parser) binary(ops string, operand func() (expr, error)) (expr, error) {
	x, err := operand()
	for n := 0; err == nil && p.cur().kind == tokOp && strings.Contains(ops, " "+p.cur().text+" "); n++ {
		if err = p.chain(n); err != nil {
			break
		}
		t := p.next()
		b := &binExpr{op: t.text, left: x, line: t.line}
		x = b
		b.right, err = operand()
	}
	return x, err
}

func (p *parser) sum() (expr, error) { return p.binary(" + - ", p.concat) }

func (p *parser) concat() (expr, error) {
	line := p.cur().line
	x, err := p.product()
	if err != nil || !p.isOp("~") {
		return x, err
	}
	c := &concatExpr{parts: []expr{x}, line: line}
	for p.skipOp("~") {
		if x, err = p.product(); err != nil {
			return nil, err
		}
		c.parts = append(c.parts, x)
	}
	return c, nil
}

func (p *parser) product() (expr, error) { return p.binary(" * / // % ", p.power) }

func (p *parser) power() (expr, error) {
	return p.binary(" ** ", func() (expr, error) { return p.unary(true) })
}
