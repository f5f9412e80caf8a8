package jinja

import "slices"

// postfix parses subscripts, attributes and calls after an expression.
func (p *parser) postfix(x expr) (expr, error) {
	for n := 0; ; n++ {
		if err := p.chain(n); err != nil {
			return nil, err
		}
		var err error
		switch {
		case p.isOp("."):
			x, err = p.attribute(x)
		case p.isOp("["):
			x, err = p.subscript(x)
		case p.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// filterExprs parses filters, tests and calls after an expression.
func (p *parser) filterExprs(x expr) (expr, error) {
	for n := 0; ; n++ {
		if err := p.chain(n); err != nil {
			return nil, err
		}
		var err error
		switch {
		case p.isOp("|"):
			x, err = p.filters(x, false)
		case p.isName("is"):
			x, err = p.test(x)
		case p.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) attribute(x expr) (expr, error) {
	line := p.next().line
	switch t := p.next(); t.kind {
	case tokName:
		return &attrExpr{x: x, name: t.text, line: line}, nil
	case tokInt:
		p.pos--
		arg, err := p.number()
		return &itemExpr{x: x, arg: arg, line: line}, err
	default:
		return nil, syntaxErrf(line, "unexpected %v after \".\", expected a name or number", t)
	}
}

func (p *parser) subscript(x expr) (expr, error) {
	line := p.next().line
	s := &sliceExpr{x: x, line: line}
	var err error
	if !p.isOp(":") {
		args, err := p.subscriptItems()
		if err != nil {
			return nil, err
		}
		if len(args) != 1 || !p.isOp(":") {
			var arg expr = &seqExpr{items: args, tuple: true}
			if len(args) == 1 {
				arg = args[0]
			}
			return &itemExpr{x: x, arg: arg, line: line}, p.expectOp("]")
		}
		s.start = args[0]
	}
	p.next()
	if !p.isOp(":") && !p.isOp("]") {
		if s.stop, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.skipOp(":") && !p.isOp("]") {
		if s.step, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return s, p.expectOp("]")
}

// subscriptItems parses what stands in [a, b] up to the bracket or a colon.
func (p *parser) subscriptItems() (args []expr, err error) {
	for !p.isOp("]") && !p.isOp(":") {
		if args != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	if p.isOp(":") && len(args) > 1 {
		return nil, at(unsupportedf("a slice inside a tuple of subscripts"), p.cur().line)
	}
	return args, nil
}

func (p *parser) call(fn expr) (expr, error) {
	line := p.cur().line
	args, err := p.callArgs()
	return &callExpr{fn: fn, args: args, line: line}, err
}

// callArgs parses the arguments of a call in their brackets.
func (p *parser) callArgs() (a callArgs, err error) {
	if err := p.nest(); err != nil {
		return a, err
	}
	defer func() { p.depth-- }()
	if err := p.expectOp("("); err != nil {
		return a, err
	}
	for n := 0; !p.isOp(")"); n++ {
		if n > 0 {
			if err := p.expectOp(","); err != nil {
				return a, err
			}
			if p.isOp(")") {
				break
			}
		}
		if err := p.callArg(&a); err != nil {
			return a, err
		}
	}
	return a, p.expectOp(")")
}

func (p *parser) callArg(a *callArgs) (err error) {
	misplaced := func(bad bool) error {
		if bad {
			return syntaxErrf(p.cur().line, "argument after *args, **kwargs or a keyword argument")
		}
		return nil
	}
	switch {
	case p.isOp("*"):
		if err := misplaced(a.star != nil || a.dstar != nil); err != nil {
			return err
		}
		p.next()
		a.star, err = p.expression()
	case p.isOp("**"):
		if err := misplaced(a.dstar != nil); err != nil {
			return err
		}
		p.next()
		a.dstar, err = p.expression()
	case p.cur().kind == tokName && p.peek().kind == tokOp && p.peek().text == "=":
		if err := misplaced(a.dstar != nil); err != nil {
			return err
		}
		t := p.next()
		p.next()
		if slices.Contains(a.names, t.text) {
			return syntaxErrf(t.line, "keyword argument %q repeated", t.text)
		}
		x, err := p.expression()
		if err != nil {
			return err
		}
		a.names, a.kw = append(a.names, t.text), append(a.kw, x)
	default:
		if err := misplaced(a.star != nil || a.dstar != nil || a.kw != nil); err != nil {
			return err
		}
		x, err := p.expression()
		if err != nil {
			return err
		}
		a.pos = append(a.pos, x)
	}
	return err
}

// dotted parses a name that may have dots in it.
func (p *parser) dotted() (token, error) {
	t, err := p.expectName()
	for err == nil && p.skipOp(".") {
		var part token
		if part, err = p.expectName(); err == nil {
			t.text += "." + part.text
		}
	}
	return t, err
}

// filters parses "| name(args) | name(args)"; inline means that the first bar is missing, as in {% filter name %}.
func (p *parser) filters(x expr, inline bool) (expr, error) {
	for n := 0; inline || p.isOp("|"); n++ {
		if err := p.chain(n); err != nil {
			return nil, err
		}
		if !inline {
			p.next()
		}
		inline = false
		t, err := p.dotted()
		if err != nil {
			return nil, err
		}
		f := &filterExpr{x: x, name: t.text, f: filterByName(t.text), line: t.line}
		if p.isOp("(") {
			if f.args, err = p.callArgs(); err != nil {
				return nil, err
			}
		}
		x = f
	}
	return x, nil
}

// test parses "is [not] name argument".
func (p *parser) test(x expr) (expr, error) {
	p.next()
	negate := p.skipName("not")
	t, err := p.dotted()
	if err != nil {
		return nil, err
	}
	e := &testExpr{x: x, name: t.text, t: testByName(t.text), line: t.line}
	switch c := p.cur(); {
	case p.isOp("("):
		e.args, err = p.callArgs()
	case p.isName("is"):
		err = syntaxErrf(c.line, "tests cannot be chained with \"is\"")
	case p.isName("else") || p.isName("or") || p.isName("and"):
	case c.kind == tokName, c.kind == tokString, c.kind == tokInt, c.kind == tokFloat, p.isOp("["), p.isOp("{"):
		var arg expr
		if arg, err = p.primary(false); err == nil {
			arg, err = p.postfix(arg)
		}
		e.args.pos = []expr{arg}
	}
	if err != nil {
		return nil, err
	}
	if negate {
		return &notExpr{e}, nil
	}
	return e, nil
}
