package tokenize

import "slices"

// templatePart is a special token of a template, or a place for a text.
type templatePart struct {
	ids     []int32 // nil: a text
	second  bool    // of two texts, the second
	segment int32
}

// template says where the special tokens go that AddSpecial adds.
type template struct{ single, pair []templatePart }

// newTemplate is the template of a vocabulary with BOS and EOS.
func newTemplate(c *Config) template {
	var t template
	add := func(cond bool, id, segment int32) {
		if cond {
			t.pair = append(t.pair, templatePart{ids: []int32{id}, segment: segment})
		}
	}
	add(c.AddBOS, c.BOS, 0)
	t.pair = append(t.pair, templatePart{})
	add(c.AddEOS, c.EOS, 0)
	t.single = slices.Clone(t.pair)
	t.pair = append(t.pair, templatePart{second: true, segment: 1})
	add(c.AddEOS, c.EOS, 1)
	return t
}

// EncodePair encodes two texts as one input, as cross-encoders take them, with the special tokens that the vocabulary
// puts around and between if o.AddSpecial is set. segments tells for every id which text it belongs to, in the
// numbering that the model was trained with.
func (t *Tokenizer) EncodePair(a, b string, o EncodeOptions) (ids, segments []int32, err error) {
	parts := []templatePart{{}, {second: true, segment: 1}}
	if o.AddSpecial {
		parts = t.template.pair
	}
	for _, p := range parts {
		switch {
		case p.ids != nil:
			ids = append(ids, p.ids...)
		case p.second:
			ids, err = t.encodeText(ids, b, o.ParseSpecial)
		default:
			ids, err = t.encodeText(ids, a, o.ParseSpecial)
		}
		if err != nil {
			return nil, nil, err
		}
		for len(segments) < len(ids) {
			segments = append(segments, p.segment)
		}
	}
	return ids, segments, nil
}
