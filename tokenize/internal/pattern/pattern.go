package pattern

import (
	"encoding/binary"
	"fmt"
)

// Pattern is a compiled expression. It never changes and may be used concurrently.
type Pattern struct {
	expr     string
	alphabet *alphabet
	// table holds, for every state and the class of the next character, the state that follows: shifted by one, with bit
	// 0 set if the text up to that character is a match. State 0 leads nowhere.
	table   []uint32
	classes int
}

// Bounds on compilation.
const (
	maxStates = 1 << 14
	maxWork   = 1 << 25 // instructions followed
)

// maxOverrun is how many characters Match reads behind the last match it knows, in search of a longer one. It keeps the
// time linear for patterns made to read a text to its end for every character.
const maxOverrun = 4096

// Compile parses an expression and builds its tables. Errors wrap ErrSyntax or ErrUnsupported.
func Compile(expr string) (*Pattern, error) {
	root, err := parse(expr)
	if err != nil {
		return nil, err
	}
	prog := &program{index: map[*node]int{}, keys: map[string]int{}}
	start, err := prog.compile(root, prog.add(inst{op: instMatch}))
	if err != nil {
		return nil, err
	}
	a, err := newAlphabet(prog.sets, prog.ends)
	if err != nil {
		return nil, err
	}
	b := &builder{prog: prog, alphabet: a, states: map[string]uint32{}, seen: make([]int, len(prog.insts)), queued: make([]int, len(prog.insts))}
	table, err := b.build(start)
	if err != nil {
		return nil, fmt.Errorf("pattern: %.80q %w", expr, err)
	}
	return &Pattern{expr, a, table, len(a.member)}, nil
}

// String returns the expression.
func (p *Pattern) String() string { return p.expr }

// Match returns the length of the match that starts at s[i:]. An empty match counts as none: 0.
func (p *Pattern) Match(s string, i int) int {
	state, end, unmatched := uint32(1), i, 0
	for at := i; ; {
		class, size := p.alphabet.at(s, at)
		e := p.table[int(state)*p.classes+int(class)]
		if e&1 != 0 {
			end, unmatched = at, 0
		}
		if state = e >> 1; state == 0 || size == 0 {
			return end - i
		}
		if unmatched++; unmatched > maxOverrun {
			return end - i
		}
		at += size
	}
}

// builder turns a program into a table: a state is the ordered list of instructions that may go on from a place, the
// preferred ones first.
type builder struct {
	prog     *program
	alphabet *alphabet
	states   map[string]uint32
	lists    [][]int // of the states
	seen     []int   // by instruction: the last round it was followed in
	queued   []int   // by instruction: the last round it was put into next
	round    int
	work     int
}

func (b *builder) build(start int) ([]uint32, error) {
	classes := len(b.alphabet.member)
	b.lists = [][]int{nil, {start}}
	b.states[string(appendList(nil, b.lists[1]))] = 1
	table := make([]uint32, classes) // of state 0
	var next []int
	var key []byte
	for state := 1; state < len(b.lists); state++ {
		for class := range classes {
			var match bool
			next, match = b.step(next[:0], b.lists[state], class)
			e := uint32(0)
			if len(next) > 0 {
				key = appendList(key[:0], next)
				id, ok := b.states[string(key)]
				if !ok {
					id = uint32(len(b.lists))
					b.states[string(key)] = id
					b.lists = append(b.lists, append([]int(nil), next...))
				}
				e = id << 1
			}
			if match {
				e |= 1
			}
			table = append(table, e)
		}
		if len(b.lists) > maxStates || b.work > maxWork {
			return nil, fmt.Errorf("needs too many states: %w", ErrUnsupported)
		}
	}
	return table, nil
}

func appendList(key []byte, list []int) []byte {
	for _, i := range list {
		key = binary.AppendUvarint(key, uint64(i))
	}
	return key
}

// step follows the instructions of a state where the next character has the given class. It returns those that go on
// behind this character, and whether the text before it is a match; what is less preferred than that match is dropped.
func (b *builder) step(next, list []int, class int) ([]int, bool) {
	b.round++
	taken := b.round
	member := b.alphabet.member[class]
	match := false
	var follow func(i int)
	follow = func(i int) {
		if match || b.seen[i] == taken {
			return
		}
		b.seen[i] = taken
		b.work++
		in := &b.prog.insts[i]
		switch in.op {
		case instMatch:
			match = true
		case instChar:
			if to := in.next[0]; class != 0 && member[in.set] && b.queued[to] != taken {
				b.queued[to] = taken
				next = append(next, to)
			}
		case instNext:
			if member[in.set] {
				follow(in.next[0])
			}
		default:
			for _, n := range in.next {
				follow(n)
			}
		}
	}
	for _, i := range list {
		follow(i)
	}
	return next, match
}
