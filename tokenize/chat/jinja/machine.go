package jinja

import (
	"context"
)

// machine is the state of one rendering.
type machine struct {
	ctx     context.Context
	vars    *Dict
	globals map[string]Value
	lim     Limits // without zeros
	out     *buffer

	fuel  int // steps until the next look at left and the context
	left  int // steps not yet handed out as fuel
	total int // bytes made
	depth int
}

// frame holds the variables of one scope; a nil one has no value.
type frame struct {
	up   *frame
	vars []Value
}

// buffer is output in the making.
type buffer struct {
	b    []byte
	most int
	what string
}

// fuelTank is how many steps pass between two looks at the context.
const fuelTank = 1024

// step charges for n steps of work.
func (m *machine) step(n int) error {
	m.fuel -= n
	if m.fuel >= 0 {
		return nil
	}
	if err := m.ctx.Err(); err != nil {
		return err
	}
	need := -m.fuel
	if need > m.left {
		return &LimitError{What: "steps", Limit: m.lim.Steps}
	}
	more := min(need+fuelTank, m.left)
	m.left -= more
	m.fuel += more
	return nil
}

// work charges for looking at n bytes.
func (m *machine) work(n int) error { return m.step(1 + n>>6) }

// enter charges for one evaluation inside another; leave ends it.
func (m *machine) enter() error {
	m.depth++
	if m.depth > m.lim.Depth {
		m.depth--
		return &LimitError{What: "levels of depth", Limit: m.lim.Depth}
	}
	if err := m.step(1); err != nil {
		m.depth--
		return err
	}
	return nil
}

func (m *machine) leave() { m.depth-- }

// fits checks the size of a single value.
func (m *machine) fits(n int) error {
	if n < 0 || n > m.lim.ValueBytes {
		return &LimitError{What: "value bytes", Limit: m.lim.ValueBytes}
	}
	return nil
}

// made charges for a value of n bytes. Call it before making the value where n may be large.
func (m *machine) made(n int) error {
	if err := m.fits(n); err != nil {
		return err
	}
	m.total += n
	if m.total > m.lim.TotalBytes {
		return &LimitError{What: "bytes altogether", Limit: m.lim.TotalBytes}
	}
	return m.work(n)
}

// madeItems charges for a list of n items.
func (m *machine) madeItems(n int) error {
	if n > m.lim.ValueBytes/16 {
		return &LimitError{What: "value bytes", Limit: m.lim.ValueBytes}
	}
	return m.made(16 * n)
}

// frame enters a scope.
func (m *machine) frame(sc *scope, up *frame) (*frame, error) {
	f := &frame{up: up, vars: make([]Value, sc.size)}
	for _, l := range sc.loads {
		if l.kind == loadAlias {
			f.vars[l.slot] = f.at(l.up).vars[l.from]
			continue
		}
		if v, ok := m.vars.Get(l.name); ok {
			f.vars[l.slot] = v
		} else if v, ok := m.globals[l.name]; ok {
			f.vars[l.slot] = v
		} else if l.name == "self" || l.name == "lipsum" {
			return nil, unsupportedf("the variable %s in chat templates", l.name)
		}
	}
	return f, m.step(1 + len(f.vars)>>2)
}

// at returns the frame n levels out.
func (f *frame) at(n int) *frame {
	for ; n > 0; n-- {
		f = f.up
	}
	return f
}

func (m *machine) write(s string) error {
	b := m.out
	if len(b.b)+len(s) > b.most {
		return &LimitError{What: b.what, Limit: b.most}
	}
	if err := m.made(len(s)); err != nil {
		return err
	}
	b.b = append(b.b, s...)
	return nil
}

// capture runs statements and returns their output.
func (m *machine) capture(body []stmt, f *frame) (string, control, error) {
	saved := m.out
	m.out = &buffer{most: m.lim.ValueBytes, what: "value bytes"}
	ctl, err := m.run(body, f)
	b := m.out.b
	m.out = saved
	if err != nil || ctl != ctlNone {
		return "", ctl, err
	}
	return string(b), ctlNone, nil
}

// run executes statements until one breaks off.
func (m *machine) run(body []stmt, f *frame) (control, error) {
	if err := m.enter(); err != nil {
		return ctlNone, err
	}
	defer m.leave()
	for _, s := range body {
		if err := m.step(1); err != nil {
			return ctlNone, err
		}
		if ctl, err := s.exec(m, f); err != nil || ctl != ctlNone {
			return ctl, err
		}
	}
	return ctlNone, nil
}

// eval evaluates an expression.
func (m *machine) eval(x expr, f *frame) (Value, error) {
	m.depth++
	m.fuel--
	if m.fuel < 0 || m.depth > m.lim.Depth {
		m.depth--
		if err := m.enter(); err != nil {
			return nil, err
		}
	}
	v, err := x.eval(m, f)
	m.depth--
	return v, err
}
