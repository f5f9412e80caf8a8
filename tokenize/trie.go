package tokenize

import "sort"

// trie maps byte strings to ids. Its nodes are numbered in breadth-first order, so the children of a node are
// neighbours: node i has the children first[i] to first[i+1]-1, sorted by label.
type trie struct {
	first []int32
	label []byte  // on the edge that leads to the node
	value []int32 // None where no key ends
	root  [256]int32
}

// newTrie builds the trie of keys[i] -> ids[i]. Of equal keys the first counts; empty keys are left out.
func newTrie(keys []string, ids []int32) *trie {
	order := make([]int, 0, len(keys))
	for i, k := range keys {
		if k != "" {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return keys[order[i]] < keys[order[j]] })

	t := &trie{label: []byte{0}, value: []int32{None}}
	type span struct{ lo, hi, depth int } // the sorted keys below a node
	nodes := []span{{0, len(order), 0}}
	for n := 0; n < len(nodes); n++ {
		t.first = append(t.first, int32(len(nodes)))
		at := nodes[n]
		i := at.lo
		for ; i < at.hi && len(keys[order[i]]) == at.depth; i++ {
			if t.value[n] == None {
				t.value[n] = ids[order[i]]
			}
		}
		for i < at.hi {
			b := keys[order[i]][at.depth]
			lo := i
			for i < at.hi && keys[order[i]][at.depth] == b {
				i++
			}
			if n == 0 {
				t.root[b] = int32(len(nodes))
			}
			nodes = append(nodes, span{lo, i, at.depth + 1})
			t.label = append(t.label, b)
			t.value = append(t.value, None)
		}
	}
	t.first = append(t.first, int32(len(nodes)))
	return t
}

// step returns the child of a node by its label, or 0: the root is nobody's child.
func (t *trie) step(node int32, b byte) int32 {
	if node == 0 {
		return t.root[b]
	}
	lo, hi := t.first[node], t.first[node+1]
	for hi-lo > 8 {
		if mid := (lo + hi) / 2; t.label[mid] <= b {
			lo = mid
		} else {
			hi = mid
		}
	}
	for ; lo < hi; lo++ {
		if t.label[lo] == b {
			return lo
		}
	}
	return 0
}

// longest returns the id and length of the longest key that s starts with and that ok accepts, or None.
func (t *trie) longest(s string, ok func(id int32) bool) (id int32, n int) {
	id = None
	node := int32(0)
	for i := range len(s) {
		if node = t.step(node, s[i]); node == 0 {
			break
		}
		if v := t.value[node]; v != None && (ok == nil || ok(v)) {
			id, n = v, i+1
		}
	}
	return id, n
}
