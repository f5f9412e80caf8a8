package pattern

import "fmt"

// inst is an instruction of the program that a pattern becomes. Alternatives are listed in order of preference.
type inst struct {
	op   instOp
	set  int   // instChar, instNext: index of the set
	next []int // the instructions that follow; instChar and instNext have one
}

type instOp uint8

const (
	instSplit instOp = iota // goes on with each of next
	instChar                // takes a character of the set
	instNext                // goes on if the next character is of the set
	instMatch
)

// maxInsts bounds programs; those of known tokenizers have at most a few thousand instructions.
const maxInsts = 20000

// program is a list of instructions that starts at the last.
type program struct {
	insts []inst
	sets  []set
	ends  []bool        // by set: the end of the text counts as one of its characters
	index map[*node]int // set of a node
	keys  map[string]int
}

func (p *program) add(i inst) int {
	p.insts = append(p.insts, i)
	return len(p.insts) - 1
}

// setIndex numbers the sets that occur.
func (p *program) setIndex(n *node) int {
	i, ok := p.index[n]
	if ok {
		return i
	}
	key := fmt.Sprint(n.set, n.orEnd)
	if i, ok = p.keys[key]; !ok {
		i = len(p.sets)
		p.sets, p.ends = append(p.sets, n.set), append(p.ends, n.orEnd)
		p.keys[key] = i
	}
	p.index[n] = i
	return i
}

// compile adds the instructions of a node that goes on at next, and returns where they start.
func (p *program) compile(n *node, next int) (int, error) {
	if len(p.insts) > maxInsts {
		return 0, fmt.Errorf("pattern: more than %d instructions: %w", maxInsts, ErrUnsupported)
	}
	var err error
	switch n.op {
	case opChar:
		return p.add(inst{op: instChar, set: p.setIndex(n), next: []int{next}}), nil
	case opNext:
		return p.add(inst{op: instNext, set: p.setIndex(n), next: []int{next}}), nil
	case opCat:
		for i := len(n.subs) - 1; i >= 0 && err == nil; i-- {
			next, err = p.compile(n.subs[i], next)
		}
		return next, err
	case opAlt:
		split := inst{op: instSplit}
		for _, s := range n.subs {
			at, err := p.compile(s, next)
			if err != nil {
				return 0, err
			}
			split.next = append(split.next, at)
		}
		return p.add(split), nil
	case opRepeat:
		return p.repeat(n, next)
	}
	return next, nil
}

func (p *program) repeat(n *node, next int) (int, error) {
	order := func(more, out int) []int {
		if n.lazy {
			return []int{out, more}
		}
		return []int{more, out}
	}
	var err error
	if n.max < 0 { // a loop
		loop := p.add(inst{op: instSplit})
		body, err := p.compile(n.subs[0], loop)
		if err != nil {
			return 0, err
		}
		p.insts[loop].next = order(body, next)
		next = loop
	} else { // nested: (x(x(x)?)?)?
		out := next
		for range n.max - n.min {
			if next, err = p.compile(n.subs[0], next); err != nil {
				return 0, err
			}
			next = p.add(inst{op: instSplit, next: order(next, out)})
		}
	}
	for range n.min {
		if next, err = p.compile(n.subs[0], next); err != nil {
			return 0, err
		}
	}
	return next, nil
}
