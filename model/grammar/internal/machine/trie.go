package machine

import (
	"errors"
	"sort"
	"sync"
)

// ErrVocabulary says that a vocabulary cannot be used.
var ErrVocabulary = errors.New("bad vocabulary")

// A Trie arranges the byte strings of a vocabulary by their beginnings. Nodes stand in preorder: the children of node i
// begin at i+1. Node 0 is the empty string.
type Trie struct {
	nodes   []node  // and one that ends them
	tokens  []int32 // ids ordered by node
	sample  []int32 // a token in the subtree, whose first bytes are the path
	depth   []int32
	parent  []int32
	size    int
	longest int // bytes of the longest piece

	pieces  [][]byte
	length  []uint16 // begun, of the node of each of tokens
	written []uint64 // tokens that write text, by id

	once [4]sync.Once
	free [4]*entry // see freeEntry
}

// node is what a walk needs to know of a node.
type node struct {
	chars  charSet // kinds of the characters that begin at the node or below
	end    int32   // where the next node outside its subtree stands
	first  int32   // index into tokens of the first token that ends here
	height uint16  // most characters that begin at the node and on a way below
	begun  uint16  // characters that begin on the way to the node and at it
	b      byte
	whole  bool // no character is open here
}

// NewTrie arranges the pieces; the index is the token id, and an empty piece is no text.
func NewTrie(pieces [][]byte) (*Trie, error) {
	t := &Trie{size: len(pieces), pieces: pieces}
	ids := make([]int32, 0, len(pieces))
	for id, p := range pieces {
		if len(p) > 0 {
			ids = append(ids, int32(id))
		}
	}
	if len(ids) == 0 {
		return nil, ErrVocabulary
	}
	sort.Slice(ids, func(i, j int) bool {
		a, b := pieces[ids[i]], pieces[ids[j]]
		if c := compare(a, b); c != 0 {
			return c < 0
		}
		return ids[i] < ids[j]
	})
	t.build(ids)
	t.survey()
	t.written = make([]uint64, (t.size+63)/64)
	for _, id := range ids {
		t.written[id/64] |= 1 << (id % 64)
	}
	return t, nil
}

func compare(a, b []byte) int {
	switch x, y := string(a), string(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func (t *Trie) build(ids []int32) {
	path := []int32{0} // open nodes, by depth
	t.push(0, 0, ids[0], -1)
	var prev []byte
	for _, id := range ids {
		p := t.pieces[id]
		common := 0
		for common < len(p) && common < len(prev) && p[common] == prev[common] {
			common++
		}
		for len(path) > common+1 {
			t.nodes[path[len(path)-1]].end = int32(len(t.nodes))
			path = path[:len(path)-1]
		}
		for d := common; d < len(p); d++ {
			up := path[len(path)-1]
			path = append(path, int32(len(t.nodes)))
			t.push(p[d], int32(d+1), id, up)
		}
		t.tokens = append(t.tokens, id)
		t.longest = max(t.longest, len(p))
		prev = p
	}
	for _, n := range path {
		t.nodes[n].end = int32(len(t.nodes))
	}
	t.nodes = append(t.nodes, node{first: int32(len(t.tokens))})
}

// push opens a node; tokens that end in it are appended right after, before its children are opened.
func (t *Trie) push(b byte, depth, id, parent int32) {
	t.parent = append(t.parent, parent)
	t.nodes = append(t.nodes, node{b: b, first: int32(len(t.tokens))})
	t.depth = append(t.depth, depth)
	t.sample = append(t.sample, id)
}

// at returns the tokens that end in a node.
func (t *Trie) at(n int32) []int32 {
	return t.tokens[t.nodes[n].first:t.nodes[n+1].first]
}

// path returns the bytes that lead to a node.
func (t *Trie) path(n int32) []byte {
	return t.pieces[t.sample[n]][:t.depth[n]]
}

// find returns the node that text leads to from a node, or -1.
func (t *Trie) find(node int32, text string) int32 {
next:
	for i := range len(text) {
		for c := node + 1; c < t.nodes[node].end; c = t.nodes[c].end {
			if t.nodes[c].b == text[i] {
				node = c
				continue next
			}
		}
		return -1
	}
	return node
}

// escaped reports whether there is a backslash on the way from one node to another.
func (t *Trie) escaped(from, at int32) bool {
	for ; at != from; at = t.parent[at] {
		if t.nodes[at].b == '\\' {
			return true
		}
	}
	return false
}

// Size returns the number of token ids.
func (t *Trie) Size() int { return t.size }

// Piece returns the bytes of a token.
func (t *Trie) Piece(id int) []byte { return t.pieces[id] }

// Nodes returns the number of nodes.
func (t *Trie) Nodes() int { return len(t.nodes) - 1 }
