package tokenize

import (
	"math/bits"
	"math/rand/v2"
)

// pairTable maps pairs of symbol ids to the rank and the result of their merge. It is an open-addressed hash table with
// a multiplier drawn at random, so that no vocabulary can be written to make it slow.
type pairTable struct {
	slots []pairSlot
	shift uint
	mult  uint64
}

type pairSlot struct {
	key      uint64 // left<<32 | right
	rank, id int32  // id is None where the slot is free
}

func newPairTable(n int) *pairTable {
	log := max(4, bits.Len(uint(n)*3/2))
	t := &pairTable{slots: make([]pairSlot, 1<<log), shift: uint(64 - log), mult: rand.Uint64() | 1}
	for i := range t.slots {
		t.slots[i].id = None
	}
	return t
}

// slot returns the place of a pair: its own or the free one where it belongs.
func (t *pairTable) slot(left, right int32) *pairSlot {
	key := uint64(uint32(left))<<32 | uint64(uint32(right))
	hi, lo := bits.Mul64(key+t.mult, t.mult)
	for i := (hi ^ lo) >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		if s := &t.slots[i]; s.id == None || s.key == key {
			return s
		}
	}
}

// add stores a merge; of two for the same pair the first counts. The table never takes more than newPairTable's n.
func (t *pairTable) add(left, right, rank, id int32) {
	if s := t.slot(left, right); s.id == None {
		*s = pairSlot{uint64(uint32(left))<<32 | uint64(uint32(right)), rank, id}
	}
}

// find returns the rank and result of a pair; rank -1 where it has none.
func (t *pairTable) find(left, right int32) (rank, id int32) {
	if s := t.slot(left, right); s.id != None {
		return s.rank, s.id
	}
	return -1, None
}
