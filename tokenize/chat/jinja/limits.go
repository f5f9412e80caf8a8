package jinja

import (
	"errors"
	"fmt"
	"math"
)

// Limits bound what one template may use. Zero fields take the defaults, with which a template that never ends stops
// within about 100 ms and 64 MiB. The defaults of Steps, OutputBytes, ValueBytes and TotalBytes grow with the variables given
// to Render, so that long conversations are not refused.
type Limits struct {
	SourceBytes int // length of the template; 0: 256 KiB
	Steps       int // evaluations, items visited and each 64 bytes of text worked on; 0: 512 Ki, 4 Ki per value given and 1 per byte
	Depth       int // evaluations inside each other, macro calls included; 0: 4000; at most 10000
	OutputBytes int // length of the result; 0: 8 MiB and 4 bytes per byte given
	ValueBytes  int // size of one text or list a template makes; 0: 8 MiB and 4 bytes per byte given
	TotalBytes  int // bytes of all values a template makes, whether still in use or not; 0: 32 MiB and 64 bytes per byte given
}

const (
	defaultSource = 256 << 10
	defaultSteps  = 512 << 10
	defaultDepth  = 4000
	maxDepth      = 10000
	defaultValue  = 8 << 20
	defaultTotal  = 32 << 20
	maxIntBits    = 14000 // about Python's own limit of 4300 digits for printing
	maxRange      = 100000
	maxNesting    = 500  // brackets, blocks and operators inside each other in the source
	maxGiven      = 1000 // nesting of the variables given
	maxChain      = 1000 // operators, filters or subscripts one after the other
)

// Validate lists every problem of the limits in one error.
func (l Limits) Validate() error {
	var errs []error
	check := func(name string, v, most int) {
		if v < 0 || v > most {
			errs = append(errs, fmt.Errorf("jinja: Limits.%s is %d, want 0 (the default) to %d", name, v, most))
		}
	}
	const most = math.MaxInt32
	check("SourceBytes", l.SourceBytes, most)
	check("Steps", l.Steps, math.MaxInt)
	check("Depth", l.Depth, maxDepth)
	check("OutputBytes", l.OutputBytes, most)
	check("ValueBytes", l.ValueBytes, most)
	check("TotalBytes", l.TotalBytes, most)
	return errors.Join(errs...)
}

// resolve fills in the defaults for variables of the given size.
func (l Limits) resolve(s size) Limits {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.Steps, defaultSteps+4096*s.values+s.bytes)
	set(&l.Depth, defaultDepth)
	set(&l.OutputBytes, defaultValue+4*s.bytes)
	set(&l.ValueBytes, defaultValue+4*s.bytes)
	set(&l.TotalBytes, defaultTotal+64*s.bytes)
	return l
}

var errNil = errors.New("jinja: a variable is, or holds, a nil Value")

// size is what measure counts.
type size struct{ values, bytes int }

// measure counts the values reachable from v and their bytes, each occurrence once more. It refuses what the rest of the
// package relies on not to be there: nil values, and nesting that only a value inside itself has.
func (s *size) measure(v Value, depth int) error {
	if depth > maxGiven {
		return fmt.Errorf("jinja: a variable is nested deeper than %d", maxGiven)
	}
	s.values++
	s.bytes += 8
	each := func(items []Value) error {
		for _, x := range items {
			if err := s.measure(x, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	switch v := v.(type) {
	case nil:
		return errNil
	case String:
		s.bytes += len(v)
	case Markup:
		s.bytes += len(v)
	case *List:
		if v == nil {
			return errNil
		}
		return each(v.items)
	case *Tuple:
		if v == nil {
			return errNil
		}
		return each(v.items)
	case *Dict:
		if v == nil {
			return errNil
		}
		if err := each(v.keys); err != nil {
			return err
		}
		return each(v.vals)
	}
	return nil
}
