package jinja

import (
	"math/big"
	"strconv"
	"strings"
)

func (p *parser) unary(withFilter bool) (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var x expr
	var err error
	if t := p.cur(); p.isOp("-") || p.isOp("+") {
		p.next()
		s := &signExpr{minus: t.text == "-", line: t.line}
		s.x, err = p.unary(false)
		x = s
	} else {
		x, err = p.primary(false)
	}
	if err != nil {
		return nil, err
	}
	if x, err = p.postfix(x); err != nil || !withFilter {
		return x, err
	}
	return p.filterExprs(x)
}

func (p *parser) primary(namespaces bool) (expr, error) {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		if c := constName(t.text); c != nil {
			return &constExpr{c}, nil
		}
		n := &nameExpr{name: t.text, line: t.line}
		if namespaces && p.skipOp(".") {
			attr, err := p.expectName()
			return &nsExpr{n, attr.text}, err
		}
		return n, nil
	case tokString:
		var b strings.Builder
		for p.cur().kind == tokString {
			b.WriteString(p.next().text)
		}
		return &constExpr{String(b.String())}, nil
	case tokInt, tokFloat:
		return p.number()
	case tokOp:
		return p.bracketed()
	}
	return nil, p.unexpected("an expression")
}

// constName returns the value of true, false and none in both spellings, or nil.
func constName(s string) Value {
	switch s {
	case "true", "True":
		return Bool(true)
	case "false", "False":
		return Bool(false)
	case "none", "None":
		return None{}
	}
	return nil
}

func (p *parser) number() (expr, error) {
	t := p.next()
	s := strings.ReplaceAll(t.text, "_", "")
	if t.kind == tokFloat {
		f, _ := strconv.ParseFloat(s, 64) // out of range is an infinity, as in Python
		return &constExpr{Float(f)}, nil
	}
	if len(s) > maxIntBits/4 {
		return nil, &LimitError{Line: t.line, What: "integer bits", Limit: maxIntBits}
	}
	b, ok := new(big.Int).SetString(strings.ToLower(s), 0)
	if !ok {
		b, ok = new(big.Int).SetString(s, 10)
	}
	if !ok {
		return nil, syntaxErrf(t.line, "number %q", clip(s))
	}
	return &constExpr{normInt(b)}, nil
}

// bracketed parses (tuple), [list] or {dict}.
func (p *parser) bracketed() (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch {
	case p.skipOp("("):
		x, err := p.tuple(tupleRule{brackets: true})
		if err != nil {
			return nil, err
		}
		return x, p.expectOp(")")
	case p.skipOp("["):
		items, err := p.items("]", nil)
		return &seqExpr{items: items}, err
	case p.skipOp("{"):
		d := &dictExpr{}
		var err error
		d.vals, err = p.items("}", func(key expr) error {
			d.keys = append(d.keys, key)
			return p.expectOp(":")
		})
		return d, err
	}
	return nil, p.unexpected("an expression")
}

// items parses expressions up to the closing bracket. For a dict, key is called with each key and what follows is kept.
func (p *parser) items(end string, key func(expr) error) (out []expr, err error) {
	for n := 0; !p.isOp(end); n++ {
		if n > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			if p.isOp(end) {
				break
			}
		}
		x, err := p.expression()
		if err == nil && key != nil {
			if err = key(x); err == nil {
				x, err = p.expression()
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, p.expectOp(end)
}
