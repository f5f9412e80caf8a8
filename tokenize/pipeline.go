package tokenize

// pipeline is an encoder put together from parts, as tokenizer.json describes it.
type pipeline struct {
	norm     normalizer  // or nil
	added    *specials   // tokens that are looked for after normalizing, or nil
	presplit preSplitter // or nil
	model    wordEncoder
	cuts     *wordCuts // where pieces may be cut, or nil
}

func (p *pipeline) encode(s *scratch, dst []int32, text string, first bool) ([]int32, error) {
	if p.norm != nil {
		text = p.norm.normalize(text)
	}
	var err error
	for text != "" {
		id, left, right := None, len(text), len(text)
		if p.added != nil {
			id, left, right = p.added.next(text, s.parse)
		}
		if left > 0 {
			if dst, err = p.encodePieces(s, dst, piece{text[:left], first}); err != nil {
				return dst, err
			}
		}
		if id != None {
			dst = append(dst, id)
		}
		text, first = text[right:], false
	}
	return dst, nil
}

func (p *pipeline) encodePieces(s *scratch, dst []int32, whole piece) ([]int32, error) {
	var err error
	encode := func(part piece) {
		if err == nil {
			dst, err = s.pieces(dst, part.text, p.model, p.cuts)
		}
	}
	if p.presplit == nil {
		encode(whole)
	} else {
		p.presplit.split(whole, encode)
	}
	return dst, err
}

// mapped reads words that come in GPT-2's alphabet.
type mapped struct{ model wordEncoder }

func (m mapped) encodeWord(s *wordScratch, dst []int32, word string) ([]int32, error) {
	return m.model.encodeWord(s, dst, rawToken(word))
}

// wordLevel knows whole words only.
type wordLevel struct {
	ids      map[string]int32
	fallback fallback
}

func (m *wordLevel) encodeWord(_ *wordScratch, dst []int32, word string) ([]int32, error) {
	if id, ok := m.ids[word]; ok {
		return append(dst, id), nil
	}
	dst, _, err := m.fallback.appendBytes(dst, word, false)
	return dst, err
}
