package tokenize

import "strings"

// A wordEncoder turns a word into ids. Equal words give equal ids, so they are remembered.
type wordEncoder interface {
	encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error)
}

// Bounds on what a scratch remembers and keeps.
const (
	cachedWordBytes = 48      // longest word remembered
	cachedWords     = 1 << 15 // forgotten all at once when there are more
	keptSymbols     = 1 << 16 // longer buffers are given back to the garbage collector
)

// scratch is the working memory of one call; calls take one from the tokenizer's pool.
type scratch struct {
	wordScratch
	ends, spare []int // of pieces, see split
	parse       bool  // EncodeOptions.ParseSpecial of this call
	started     bool  // a text was encoded, not only special tokens
	words       map[string]idSpan
	ids         []int32 // of all remembered words
}

type idSpan struct{ start, end int32 }

// word appends the ids of a word, from memory if it is there.
func (s *scratch) word(dst []int32, word string, e wordEncoder) ([]int32, error) {
	if len(word) > cachedWordBytes {
		return e.encodeWord(&s.wordScratch, dst, word)
	}
	if at, ok := s.words[word]; ok {
		return append(dst, s.ids[at.start:at.end]...), nil
	}
	from := len(dst)
	dst, err := e.encodeWord(&s.wordScratch, dst, word)
	if err != nil {
		return dst, err
	}
	if len(s.words) >= cachedWords {
		clear(s.words)
		s.ids = s.ids[:0]
	}
	start := len(s.ids)
	s.ids = append(s.ids, dst[from:]...)
	s.words[strings.Clone(word)] = idSpan{int32(start), int32(len(s.ids))}
	return dst, nil
}

// pieces appends the ids of a text that is cut where cuts allows it, or not at all if it is nil.
func (s *scratch) pieces(dst []int32, text string, e wordEncoder, cuts *wordCuts) ([]int32, error) {
	var err error
	for start := 0; start < len(text); {
		end := len(text)
		if cuts != nil {
			end = cuts.next(text, start)
		}
		if dst, err = s.word(dst, text[start:end], e); err != nil {
			return dst, err
		}
		start = end
	}
	return dst, nil
}

// trim drops the buffers that one long text has made large.
func (s *scratch) trim() {
	if cap(s.syms) > keptSymbols {
		s.syms, s.heap = nil, nil
	}
	if cap(s.best) > keptSymbols {
		s.best = nil
	}
	if cap(s.plamo) > keptSymbols {
		s.plamo = nil
	}
	if cap(s.ends) > keptSymbols {
		s.ends, s.spare = nil, nil
	}
}
