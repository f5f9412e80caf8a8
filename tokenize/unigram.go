package tokenize

import (
	"math"
	"slices"
)

// unigram cuts a text into the tokens whose scores have the highest sum.
type unigram struct {
	trie     *trie
	scores   []float64
	float    bool    // Config.Float32Sums
	unkScore float64 // of a character without a token
	fallback fallback
	cuts     wordCuts
}

// unkPenalty is how far an unknown character scores below the worst token.
const unkPenalty = 10

func newUnigram(c *Config) *unigram {
	m := &unigram{float: c.Float32Sums, scores: make([]float64, len(c.Tokens)), fallback: newFallback(c)}
	worst := math.Inf(1)
	var keys []string
	var ids []int32
	for id, text := range c.Tokens {
		t := c.typeOf(id)
		if t == Control || t == Unknown || t == Byte || text == "" {
			continue
		}
		if t != UserDefined {
			m.scores[id] = float64(c.Scores[id])
			worst = min(worst, m.scores[id])
		}
		keys, ids = append(keys, text), append(ids, int32(id))
		m.cuts.learn(text)
	}
	m.cuts.learnBytes(&m.fallback)
	m.trie = newTrie(keys, ids)
	m.unkScore = worst - unkPenalty
	return m
}

// setScores takes scores that Config.Scores has rounded. The worst of all tokens counts, also of those that text cannot
// become.
func (m *unigram) setScores(scores []float64) {
	if len(scores) == 0 {
		return
	}
	copy(m.scores, scores)
	m.unkScore = slices.Min(scores) - unkPenalty
}

// bestPath is the best way to cut a text up to a place: its score and its last token.
type bestPath struct {
	score float64
	start int32 // of the last token
	id    int32 // None: an unknown character
}

// offer takes a path that is better than the one there.
func (p *bestPath) offer(score float64, start, id int32, float bool) {
	if score > p.score {
		if float {
			score = float64(float32(score))
		}
		*p = bestPath{score, start, id}
	}
}

// paths returns n paths that have not been found yet.
func (s *wordScratch) paths(n int) []bestPath {
	s.best = slices.Grow(s.best[:0], n)[:n]
	for i := range s.best {
		s.best[i] = bestPath{score: math.Inf(-1)}
	}
	return s.best
}

func (m *unigram) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	best := s.paths(len(word) + 1)
	best[0].score = 0
	for i := 0; i < len(word); {
		at := best[i].score
		char := charLen(word, i)
		known := false // as a token by itself
		node := int32(0)
		for j := i; j < len(word); j++ {
			if node = m.trie.step(node, word[j]); node == 0 {
				break
			}
			if id := m.trie.value[node]; id != None {
				known = known || j+1 == i+char
				best[j+1].offer(at+m.scores[id], int32(i), id, m.float)
			}
		}
		if !known {
			best[i+char].offer(at+m.unkScore, int32(i), None, m.float)
		}
		i += char
	}
	s.start(len(word))
	for end := int32(len(word)); end > 0; end = best[end].start {
		s.syms = append(s.syms, symbol{start: best[end].start, end: end, id: best[end].id})
	}
	slices.Reverse(s.syms)
	return m.fallback.appendSymbols(dst, word, s.syms)
}
