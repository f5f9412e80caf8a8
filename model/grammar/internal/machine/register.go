package machine

import "sync/atomic"

// A register is what an open object or array knows about its members. Registers are immutable.
type register struct {
	values *seenValue // keys of open classes, or the items of a Distinct array

	// Objects only.
	used    []uint64                   // named classes that have appeared
	settled uint64                     // loose obligations met
	count   int32                      // members, up to what matters
	last    int32                      // greatest order so far
	allowed []uint64                   // classes the next key may belong to
	set     int32                      // number of allowed among the sets of this object
	close   bool                       // the object may end here
	more    bool                       // another member may follow
	next    []atomic.Pointer[register] // registers after a named class, filled when first needed
}

// same reports whether two registers say the same. Threads that chose differently may have come to the same place.
func (r *register) same(o *register) bool {
	if r == o {
		return true
	}
	if r == nil || o == nil || r.settled != o.settled || r.count != o.count || r.last != o.last {
		return false
	}
	for i := range r.used {
		if r.used[i] != o.used[i] {
			return false
		}
	}
	x, y := r.values, o.values
	for x != y {
		if x == nil || y == nil || x.class != y.class || x.text != y.text {
			return false
		}
		x, y = x.prev, y.prev
	}
	return true
}

// seenValue is a list of values, newest first. Strings are written as a quote and their content, other values in
// canonical form.
type seenValue struct {
	text  string
	class int32
	count int32 // of values in the list
	prev  *seenValue
}

// add returns the list with another value.
func (v *seenValue) add(text string, class int32) *seenValue {
	n := int32(1)
	if v != nil {
		n += v.count
	}
	return &seenValue{text: text, class: class, count: n, prev: v}
}

func (v *seenValue) has(text string) bool {
	for ; v != nil; v = v.prev {
		if v.text == text {
			return true
		}
	}
	return false
}

func getBit(s []uint64, i int32) bool { return s[i/64]>>(i%64)&1 != 0 }
func setBit(s []uint64, i int32)      { s[i/64] |= 1 << (i % 64) }
