package tokenize

import (
	"encoding/json"
	"fmt"
)

// newTemplateJSON reads a "post_processor". Of a sequence the part that adds tokens counts.
func newTemplateJSON(raw json.RawMessage, tokens []string) (template, error) {
	t := template{
		single: []templatePart{{}},
		pair:   []templatePart{{}, {second: true, segment: 1}},
	}
	parts, err := flatten(raw, "processors", nil)
	if err != nil {
		return t, fmt.Errorf("post_processor: %w", err)
	}
	adds := false
	for _, part := range parts {
		var s postProcessorJSON
		kind, err := typed(part, &s)
		if err != nil {
			return t, fmt.Errorf("post_processor: %w", err)
		}
		if kind == "ByteLevel" { // changes offsets only
			continue
		}
		if adds {
			return t, fmt.Errorf("post_processor: %q behind another that adds tokens: %w", kind, ErrUnsupported)
		}
		adds = true
		switch kind {
		case "TemplateProcessing":
			if t.single, err = s.parts(s.Single); err == nil {
				t.pair, err = s.parts(s.Pair)
			}
		case "BertProcessing":
			t = s.around(false)
		case "RobertaProcessing":
			t = s.around(true)
		default:
			err = fmt.Errorf("%q: %w", kind, ErrUnsupported)
		}
		if err != nil {
			return t, fmt.Errorf("post_processor: %w", err)
		}
	}
	for _, list := range [][]templatePart{t.single, t.pair} {
		for _, p := range list {
			for _, id := range p.ids {
				if id < 0 || int(id) >= len(tokens) {
					return t, fmt.Errorf("post_processor: id %d, the vocabulary has %d tokens", id, len(tokens))
				}
			}
		}
	}
	return t, nil
}

type postProcessorJSON struct {
	Single, Pair  []map[string]templateItemJSON
	SpecialTokens map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
	Sep, CLS tokenIDJSON
}

type templateItemJSON struct {
	ID     string `json:"id"`
	TypeID int32  `json:"type_id"`
}

// tokenIDJSON is ["text", id].
type tokenIDJSON struct{ id int32 }

func (t *tokenIDJSON) UnmarshalJSON(b []byte) error {
	var text string
	pair := [2]any{&text, &t.id}
	return json.Unmarshal(b, &pair)
}

func (s *postProcessorJSON) parts(items []map[string]templateItemJSON) ([]templatePart, error) {
	var parts []templatePart
	for _, item := range items {
		for kind, at := range item {
			switch {
			case kind == "Sequence" && (at.ID == "A" || at.ID == "B"):
				parts = append(parts, templatePart{second: at.ID == "B", segment: at.TypeID})
			case kind == "SpecialToken" && len(s.SpecialTokens[at.ID].IDs) > 0:
				parts = append(parts, templatePart{ids: s.SpecialTokens[at.ID].IDs, segment: at.TypeID})
			default:
				return nil, fmt.Errorf("TemplateProcessing: %s %q: %w", kind, at.ID, ErrUnsupported)
			}
		}
	}
	return parts, nil
}

// around is the template of BERT: cls A sep, or cls A sep B sep; RoBERTa's has two sep in the middle and one segment.
func (s *postProcessorJSON) around(roberta bool) template {
	cls, sep := templatePart{ids: []int32{s.CLS.id}}, templatePart{ids: []int32{s.Sep.id}}
	t := template{single: []templatePart{cls, {}, sep}}
	if roberta {
		t.pair = []templatePart{cls, {}, sep, sep, {second: true}, sep}
		return t
	}
	last := templatePart{ids: sep.ids, segment: 1}
	t.pair = []templatePart{cls, {}, sep, {second: true, segment: 1}, last}
	return t
}
