package machine

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// ObjectSpec says which members an object may have. Keys sorts every key into a class; keys it does not accept are
// forbidden. No key may appear twice.
type ObjectSpec struct {
	Keys     *dfa.DFA // the label of a key is its class
	Classes  []Class
	Loose    int  // obligations that a member of one of several classes must meet
	Min, Max int  // members; Max -1 is no bound
	Ordered  bool // classes must appear in ascending Order
	Plain    bool // keys have only escapes that are needed

	key    NodeID
	first  *register
	named  []uint64 // classes that are a single key
	usable []bool   // classes with a value that can be completed
	count  []int32  // words of each class
	sets   struct {
		sync.Mutex
		ids map[string]int32
	}
	cached atomic.Int32 // registers kept in next tables
}

// A Class is a set of keys that are treated alike.
type Class struct {
	Named    bool  // exactly one key
	Required bool  // only for named classes
	Order    int32 // for Ordered
	Values   []Value

	live int // values that can be completed; they stand first
}

// A Value is one way to read the value of a member: the loose obligations it meets (a bit each) and what it must match.
type Value struct {
	Settles uint64
	Node    NodeID
}

// MaxLoose bounds the loose obligations of an object.
const MaxLoose = 6

// maxRegisters bounds the registers an object remembers.
const maxRegisters = 4096

// The phases of an object.
const (
	phaseOpen  = iota // before the opening brace or bracket
	phaseFirst        // before the first member or item, or the end
	phaseKey          // in a key
	phaseColon        // before the colon
	phaseValue        // before the value
	phaseAfter        // after a value or item
	phaseNext         // after a comma
)

func (o *ObjectSpec) prepare(p *Program) error {
	labels := len(o.Classes)
	o.key = p.Add(Node{Kind: String, DFA: o.Keys, Max: -1, key: true, Plain: o.Plain})
	for _, c := range o.Classes {
		p.keepText = p.keepText || !c.Named && len(c.Values) > 0
	}
	k := &p.nodes[o.key]
	k.words = newWordTable(o.Keys, max(labels, 1))
	width := k.words.width
	o.named = make([]uint64, width)
	o.count = make([]int32, labels)
	o.usable = make([]bool, labels)
	for c := range o.Classes {
		if o.Classes[c].Named {
			setBit(o.named, int32(c))
		}
		if t := k.words.count[c]; t != nil && o.Keys.Start() >= 0 {
			o.count[c] = t[o.Keys.Start()]
		}
	}
	o.sets.ids = map[string]int32{}
	return nil
}

// satisfiable takes the classes without a possible value away and reports whether some object is left.
func (o *ObjectSpec) satisfiable(ok []bool) bool {
	for c := range o.Classes {
		o.Classes[c].sortValues(ok)
		o.usable[c] = o.Classes[c].live > 0 && o.count[c] > 0
	}
	return o.feasible(&register{used: make([]uint64, len(o.named)), last: math.MinInt32})
}

// sortValues moves the values that can be completed to the front. The others stay: more may be known later.
func (c *Class) sortValues(ok []bool) {
	var front, back []Value
	for _, v := range c.Values {
		if ok[v.Node] {
			front = append(front, v)
		} else {
			back = append(back, v)
		}
	}
	c.Values = append(front, back...)
	c.live = len(front)
}

func (o *ObjectSpec) finish() {
	o.first = o.derive(&register{used: make([]uint64, len(o.named)), last: math.MinInt32})
	o.first.next = make([]atomic.Pointer[register], len(o.Classes))
}

// grows reports whether there is always another key.
func (o *ObjectSpec) grows() bool {
	if o.Max >= 0 {
		return false
	}
	for c := range o.Classes {
		if o.usable[c] && o.count[c] == dfa.Infinite {
			return true
		}
	}
	return false
}

// feasible reports whether members can be added to r so that the object is valid.
func (o *ObjectSpec) feasible(r *register) bool {
	need := int32(0)
	for c := range o.Classes {
		k := &o.Classes[c]
		if k.Required && !getBit(r.used, int32(c)) {
			if !o.usable[c] || o.Ordered && k.Order < r.last {
				return false
			}
			need++
		}
	}
	if o.Loose > 0 {
		extra := o.cover(r)
		if extra < 0 {
			return false
		}
		need += extra
	}
	if o.Max >= 0 && r.count+need > int32(o.Max) {
		return false
	}
	return r.count+need >= int32(o.Min) || int64(r.count)+o.supply(r) >= int64(o.Min)
}

// supply counts the members that may still be added.
func (o *ObjectSpec) supply(r *register) int64 {
	total := int64(0)
	for c := range o.Classes {
		total += o.left(r, int32(c))
	}
	return total
}

// left counts the keys of a class that may still be used.
func (o *ObjectSpec) left(r *register, c int32) int64 {
	k := &o.Classes[c]
	if !o.usable[c] || o.Ordered && k.Order < r.last {
		return 0
	}
	if k.Named {
		if getBit(r.used, c) {
			return 0
		}
		return 1
	}
	if o.count[c] == dfa.Infinite {
		return dfa.Infinite
	}
	left := int64(o.count[c])
	for v := r.values; v != nil; v = v.prev {
		if v.class == c {
			left--
		}
	}
	return left
}

// cover returns how many members beside the required ones are needed to meet the loose obligations, or -1.
func (o *ObjectSpec) cover(r *register) int32 {
	const never = math.MaxInt32 / 2
	all := 1<<o.Loose - 1
	cost := make([]int32, all+1)
	for i := range cost {
		cost[i] = never
	}
	cost[r.settled&uint64(all)] = 0
	for c := range o.Classes {
		k := &o.Classes[c]
		uses := o.left(r, int32(c))
		if uses > int64(o.Loose) {
			uses = int64(o.Loose)
		}
		price := int32(1)
		if k.Required {
			price = 0
		}
		for range uses {
			next := append([]int32(nil), cost...)
			for m, have := range cost {
				for _, v := range k.Values[:k.live] {
					if to := m | int(v.Settles); have+price < next[to] {
						next[to] = have + price
					}
				}
			}
			cost = next
		}
	}
	if cost[all] >= never {
		return -1
	}
	return cost[all]
}

// derive works out what may follow a register.
func (o *ObjectSpec) derive(r *register) *register {
	r.allowed = make([]uint64, len(o.named))
	for c := range o.Classes {
		if o.left(r, int32(c)) == 0 {
			continue
		}
		k := &o.Classes[c]
		for _, v := range k.Values[:k.live] {
			if o.feasible(o.raw(r, int32(c), v.Settles, "")) {
				setBit(r.allowed, int32(c))
				r.more = true
				break
			}
		}
	}
	r.close = o.complete(r)
	key := make([]byte, 0, 8*len(r.allowed))
	for _, w := range r.allowed {
		for s := 0; s < 64; s += 8 {
			key = append(key, byte(w>>s))
		}
	}
	o.sets.Lock()
	defer o.sets.Unlock()
	id, ok := o.sets.ids[string(key)]
	if !ok {
		id = int32(len(o.sets.ids))
		if id > maxRegisters {
			id = -1 // too many to tell apart: masks for this set are not kept
		} else {
			o.sets.ids[string(key)] = id
		}
	}
	r.set = id
	return r
}

// complete reports whether the object may end with r.
func (o *ObjectSpec) complete(r *register) bool {
	for c := range o.Classes {
		if o.Classes[c].Required && !getBit(r.used, int32(c)) {
			return false
		}
	}
	return r.count >= int32(o.Min) && r.settled == 1<<o.Loose-1
}

// raw returns the register after a member, without what derive adds.
func (o *ObjectSpec) raw(r *register, c int32, settles uint64, text string) *register {
	k := &o.Classes[c]
	next := &register{used: r.used, settled: r.settled | settles, count: r.count + 1, last: r.last, values: r.values}
	if o.Max < 0 && next.count > int32(o.Min) {
		next.count = int32(o.Min)
	}
	if o.Ordered {
		next.last = k.Order
	}
	if k.Named {
		next.used = append([]uint64(nil), r.used...)
		setBit(next.used, c)
	} else {
		next.values = r.values.add(text, c)
	}
	return next
}

// after returns the register after a member, or nil when the object could not be completed.
func (o *ObjectSpec) after(r *register, c int32, settles uint64, text string) *register {
	kept := o.Classes[c].Named && settles == 0
	if kept && r.next != nil {
		if next := r.next[c].Load(); next != nil {
			return next
		}
	}
	next := o.raw(r, c, settles, text)
	if !o.feasible(next) {
		return nil
	}
	o.derive(next)
	if kept && r.next != nil && o.cached.Add(1) <= maxRegisters {
		next.next = make([]atomic.Pointer[register], len(o.Classes))
		if !r.next[c].CompareAndSwap(nil, next) {
			return r.next[c].Load()
		}
	}
	return next
}
