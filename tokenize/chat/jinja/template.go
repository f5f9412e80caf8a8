package jinja

import (
	"context"
	"fmt"
)

// Options are given to Parse. The zero value works.
type Options struct {
	Limits Limits
	// Globals are names every rendering knows, besides range, dict, namespace, cycler and joiner. The variables given to
	// Render hide them.
	Globals map[string]Value
}

// Template is a parsed template. It never changes and may be rendered by any number of goroutines at once.
type Template struct {
	body    []stmt
	frame   *scope
	globals map[string]Value
	limits  Limits
}

// Parse reads a template. It returns an *Error for a template that Jinja2 would refuse or this package does not support, and
// a *LimitError for one that is too large or too deeply nested.
func Parse(source string, o Options) (*Template, error) {
	if err := o.Limits.Validate(); err != nil {
		return nil, err
	}
	most := o.Limits.SourceBytes
	if most == 0 {
		most = defaultSource
	}
	if len(source) > most {
		return nil, &LimitError{What: "source bytes", Limit: most}
	}
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	body, err := parseTemplate(tokens)
	if err != nil {
		return nil, err
	}
	t := &Template{body: body, limits: o.Limits, globals: builtinGlobals()}
	if t.frame, err = resolve(body); err != nil {
		return nil, err
	}
	for name, v := range o.Globals {
		if v == nil {
			return nil, fmt.Errorf("jinja: Options.Globals[%q] is nil, want a value", name)
		}
		t.globals[name] = v
	}
	return t, nil
}

// Render returns the text of the template with the given variables, which may be nil for none. It returns an *Error for a
// fault of the template or its variables, a *LimitError, or the error of the context.
func (t *Template) Render(ctx context.Context, vars *Dict) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if vars == nil {
		vars = NewDict()
	}
	var given size
	if err := given.measure(vars, 0); err != nil {
		return "", err
	}
	m := &machine{ctx: ctx, vars: vars, globals: t.globals, lim: t.limits.resolve(given)}
	m.left = m.lim.Steps
	m.out = &buffer{most: m.lim.OutputBytes, what: "output bytes"}
	f, err := m.frame(t.frame, nil)
	if err != nil {
		return "", err
	}
	if _, err := m.run(t.body, f); err != nil {
		return "", err
	}
	return string(m.out.b), nil
}
