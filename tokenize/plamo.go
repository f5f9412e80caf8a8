package tokenize

import (
	"math"
	"strings"
)

// plamo is PLaMo 2's encoding. It finds the best cut from the end of a text to its start, with whole numbers, so that a
// text may be cut where no token reaches across.
type plamo struct {
	trie     *trie
	costs    []int64 // by id, 10000 times the score, negated
	cuts     wordCuts
	fallback fallback
}

const (
	plamoUnknown = 10_000_000 // cost of a character without a token
	plamoMost    = 20_000_000 // tokens that cost this much or more are not used
)

func newPlamo(c *Config) *plamo {
	m := &plamo{costs: make([]int64, len(c.Tokens)), fallback: newFallback(c)}
	var keys []string
	var ids []int32
	for id, text := range c.Tokens {
		cost := math.Round(float64(c.Scores[id]) * -1e4)
		if t := c.typeOf(id); t == Control || t == Unknown || t == Byte || text == "" || cost >= plamoMost {
			continue
		}
		m.costs[id] = int64(max(cost, -plamoMost))
		keys, ids = append(keys, text), append(ids, int32(id))
		m.cuts.learn(text)
	}
	m.cuts.learnBytes(&m.fallback)
	m.trie = newTrie(keys, ids)
	return m
}

// encode drops a byte order mark before the text.
func (m *plamo) encode(s *scratch, dst []int32, text string, _ bool) ([]int32, error) {
	return s.pieces(dst, strings.TrimPrefix(text, "\uFEFF"), m, &m.cuts)
}

// plamoPath is the best way to cut a word from a place to its end: its cost and its first token.
type plamoPath struct {
	cost int64
	next int32 // where the token ends
	id   int32 // None: an unknown character
}

func (m *plamo) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	s.start(len(word))
	for i := 0; i < len(word); i += charLen(word, i) {
		n := charLen(word, i)
		s.add(n, None)
	}
	best := s.plamoPaths(len(word) + 1)
	best[len(word)] = plamoPath{}
	for k := len(s.syms) - 1; k >= 0; k-- {
		i, end := s.syms[k].start, s.syms[k].end
		at := plamoPath{best[end].cost + plamoUnknown, end, None}
		node := int32(0)
		for j := int(i); j < len(word); j++ {
			if node = m.trie.step(node, word[j]); node == 0 {
				break
			}
			id := m.trie.value[node]
			if id == None || best[j+1].id == midChar {
				continue
			}
			if cost := best[j+1].cost + m.costs[id]; cost <= at.cost {
				at = plamoPath{cost, int32(j + 1), id}
			}
		}
		best[i] = at
	}
	s.syms = s.syms[:0]
	for i := int32(0); i < int32(len(word)); i = best[i].next {
		s.syms = append(s.syms, symbol{start: i, end: best[i].next, id: best[i].id})
	}
	return m.fallback.appendSymbols(dst, word, s.syms)
}

// midChar is the id of a path that begins inside a character.
const midChar int32 = -2

// plamoPaths returns n paths, all of them inside a character.
func (s *wordScratch) plamoPaths(n int) []plamoPath {
	if cap(s.plamo) < n {
		s.plamo = make([]plamoPath, n)
	}
	s.plamo = s.plamo[:n]
	for i := range s.plamo {
		s.plamo[i] = plamoPath{id: midChar}
	}
	return s.plamo
}
