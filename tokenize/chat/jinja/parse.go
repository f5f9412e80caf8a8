package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// parser turns tokens into statements. It follows Jinja2's own parser rule by rule, so that the same sources are refused.
type parser struct {
	tokens []token
	pos    int
	depth  int
}

func (p *parser) cur() token { return p.tokens[p.pos] }

func (p *parser) peek() token { return p.tokens[min(p.pos+1, len(p.tokens)-1)] }

// next returns the current token and moves on; it stays at the end.
func (p *parser) next() token {
	t := p.cur()
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

func (p *parser) isOp(op string) bool { return p.cur().kind == tokOp && p.cur().text == op }

func (p *parser) isName(name string) bool { return p.cur().kind == tokName && p.cur().text == name }

func (p *parser) skipOp(op string) bool {
	if p.isOp(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expectOp(op string) error {
	if !p.skipOp(op) {
		return p.unexpected(fmt.Sprintf("%q", op))
	}
	return nil
}

func (p *parser) expectName() (token, error) {
	if p.cur().kind != tokName {
		return token{}, p.unexpected("a name")
	}
	return p.next(), nil
}

func (p *parser) expectKind(k tokenKind) error {
	if p.cur().kind != k {
		return p.unexpected(token{kind: k}.String())
	}
	p.next()
	return nil
}

func (p *parser) unexpected(want string) error {
	return syntaxErrf(p.cur().line, "unexpected %v, expected %s", p.cur(), want)
}

// nest counts recursion of the parser; every call needs a p.depth-- at its end.
func (p *parser) nest() error {
	p.depth++
	if p.depth > maxNesting {
		return &LimitError{Line: p.cur().line, What: "levels of nesting in the source", Limit: maxNesting}
	}
	return nil
}

// chain refuses the n-th repetition of something that makes the tree one level deeper each time.
func (p *parser) chain(n int) error {
	if n > maxChain {
		return &LimitError{Line: p.cur().line, What: "operators in a row", Limit: maxChain}
	}
	return nil
}

// parseTemplate returns the statements of a whole template.
func parseTemplate(tokens []token) ([]stmt, error) {
	p := &parser{tokens: tokens}
	body, err := p.body(nil)
	if err != nil {
		return nil, err
	}
	if p.cur().kind != tokEOF {
		return nil, p.unexpected("end of template")
	}
	return body, nil
}

// body parses text and tags up to a tag whose name is one of ends, or the end of the template. The name of the end tag is
// then the current token.
func (p *parser) body(ends []string) ([]stmt, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var out []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokEOF:
			if ends != nil {
				return nil, syntaxErrf(t.line, "end of template, expected %s", strings.Join(ends, " or "))
			}
			return out, nil
		case tokData:
			out = append(out, textStmt(t.text))
		case tokVarBegin:
			s, err := p.output(t.line)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		case tokBlockBegin:
			if p.cur().kind == tokName && slices.Contains(ends, p.cur().text) {
				return out, nil
			}
			s, err := p.statement()
			if err != nil {
				return nil, err
			}
			out = append(out, s)
			if err := p.expectKind(tokBlockEnd); err != nil {
				return nil, err
			}
		default:
			return nil, syntaxErrf(t.line, "unexpected %v", t)
		}
	}
}

func (p *parser) output(line int) (stmt, error) {
	x, err := p.tuple(tupleRule{condExpr: true})
	if err != nil {
		return nil, err
	}
	return &outputStmt{parts: []expr{x}, lines: []int{line}}, p.expectKind(tokVarEnd)
}

// block parses the end of an opening tag and the statements up to one of ends, whose name is then the current token.
func (p *parser) block(ends ...string) ([]stmt, error) {
	p.skipOp(":")
	if err := p.expectKind(tokBlockEnd); err != nil {
		return nil, err
	}
	return p.body(ends)
}

// wholeBlock is block, and skips the name of the end tag.
func (p *parser) wholeBlock(end string) ([]stmt, error) {
	body, err := p.block(end)
	if err == nil {
		p.next()
	}
	return body, err
}

// statement parses what follows {% up to, and without, the %} that ends the statement.
func (p *parser) statement() (stmt, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	switch t.text {
	case "for":
		return p.forStatement(t.line)
	case "if":
		return p.ifStatement(t.line)
	case "set":
		return p.setStatement(t.line)
	case "macro":
		return p.macroStatement(t.line)
	case "call":
		return p.callStatement(t.line)
	case "filter":
		return p.filterStatement(t.line)
	case "with":
		return p.withStatement(t.line)
	case "print":
		return p.printStatement(t.line)
	case "generation":
		body, err := p.wholeBlock("endgeneration")
		return &callBlockStmt{def: &macroDef{body: body, line: t.line}, line: t.line}, err
	case "break":
		return &loopControlStmt{ctlBreak, t.line}, nil
	case "continue":
		return &loopControlStmt{ctlContinue, t.line}, nil
	case "include", "import", "from", "extends", "block", "autoescape":
		return nil, at(unsupportedf("the tag %s in chat templates", t.text), t.line)
	}
	return nil, syntaxErrf(t.line, "unknown tag %q", clip(t.text))
}
