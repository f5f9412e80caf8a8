package grammar

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// largeVocabulary has enough tokens with like beginnings that masks take parts of the trie at once, and all that may stand in
// their way: quotes, escapes, control characters, parts of characters, and bytes that are none.
func largeVocabulary() Vocabulary {
	rng := rand.New(rand.NewPCG(1, 2))
	v := Vocabulary{}
	for b := range 256 {
		v.Pieces = append(v.Pieces, []byte{byte(b)})
	}
	parts := []string{"a", "b", "c", "x", "foo", "bar", "re", "the", "E", "0", "12", "9", " ", "  ", "-", ".", ",", "_", "é", "日", "本", "語", "ü", "😀", "я"}
	odd := []string{"\"", "\\", "\\n", "\\u00", "\\\"", "\",", "\":", "\", \"", "\":\"", "\"]", "\\u0061", "\n", "\t", "\xe6\x97", "\xe6", "\xa5", "\xf0\x9f", "\xff", "\xc0", "\xed\xa0\x80", "}", "]", ": ", ",\""}
	for _, x := range []string{"", "a", "b", "foo", "aa"} { // tokens that hold more than one value or key
		for _, y := range []string{"a", "b", "foo", "aa"} {
			for _, form := range []string{`X","Y`, `X","Y"`, `X","Y"]`, `"X","Y"`, `X":"Y"}`, `X":"Y"},{"Y":"X"}`, `X":1,"Y`, `X":1,"Y":`, `X":"","Y":""`} {
				v.Pieces = append(v.Pieces, []byte(strings.NewReplacer("X", x, "Y", y).Replace(form)))
			}
		}
	}
	seen := map[string]bool{}
	for len(v.Pieces) < 5000 {
		s := ""
		for range 1 + rng.IntN(6) {
			if rng.IntN(8) == 0 {
				s += odd[rng.IntN(len(odd))]
			} else {
				s += parts[rng.IntN(len(parts))]
			}
		}
		if !seen[s] {
			seen[s] = true
			v.Pieces = append(v.Pieces, []byte(s))
		}
	}
	v.Pieces = append(v.Pieces, []byte(strings.Repeat("a", 40)), []byte(strings.Repeat(" ", 70)), []byte(strings.Repeat("日", 30)), nil)
	v.End = []int{len(v.Pieces) - 1}
	return v
}

// TestLargeMaskIsExact is TestMaskIsExact with a vocabulary that is worth taking apart, over texts that are mostly of
// characters which all go on alike: strings, identifiers, words up to a length, values that must differ.
func TestLargeMaskIsExact(t *testing.T) {
	grammars := maskGrammars(t)
	for _, s := range []string{
		`{"type":"string","pattern":"^[A-Za-z ,.]{5,40}$"}`, `{"type":"string","pattern":"a"}`, `{"type":"string","pattern":"^[^b]*(é|日)+$"}`,
		`{"type":"string","pattern":"^[a-z日]([a-z0-9-]{0,20}[a-z0-9])?$"}`, `{"type":"string","minLength":3,"maxLength":9}`, `{"type":"string","maxLength":50}`,
		`{"type":"array","uniqueItems":true,"items":{"type":"string"}}`, `{"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":3}}`,
		`{"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^(foo|bar|a{1,3})$"}}`,
		`{"type":"array","uniqueItems":true,"items":{"type":"object","additionalProperties":{"type":"string"}}}`,
		`{"type":"object","propertyNames":{"maxLength":2},"additionalProperties":{"type":"integer"}}`,
		`{"type":"object","patternProperties":{"^x":{"type":"integer"},"a$":{"type":"string"}}}`,
		`{"oneOf":[{"type":"string","pattern":"a"},{"type":"string","pattern":"b.*c"}]}`,
	} {
		for _, exact := range []bool{false, true} {
			g, err := FromJSONSchema([]byte(s), Options{Exact: exact})
			if err != nil {
				t.Fatal(s, err)
			}
			grammars[s+map[bool]string{true: " exact"}[exact]] = g
		}
	}
	for _, src := range []string{
		`root ::= [a-z]+ (" " [a-zé]+)*`, `root ::= e` + "\n" + `e ::= "(" e ")" | id | id "," e` + "\n" + `id ::= [a-z日] [a-z日0-9]*`,
		`root ::= "\"" ([^"\\\x00-\x1F] | "\\" ["\\n])* "\"" tail` + "\n" + `tail ::= "," root | "]"`, `root ::= ([a-c] [x0-9])* | [a-zA-Z ]{0,30} "."`,
	} {
		g, err := FromGBNF(src)
		if err != nil {
			t.Fatal(src, err)
		}
		grammars[src] = g
	}
	v := largeVocabulary()
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	allowed, forbidden := 0, 0
	for name, g := range grammars {
		c := CompileTokens(g, tokens)
		rng := rand.New(rand.NewPCG(5, uint64(len(name))))
		mask := make(Mask, c.MaskWords())
		for range 2 {
			s := c.NewState()
			for step := 0; step < 9 && !s.Finished(); step++ {
				s.Mask(mask)
				var ids []int
				for id := range v.Pieces {
					if !mask.Has(id) && id != v.End[0] {
						if _, ok, _ := s.m.Advance(v.Pieces[id]); ok { // a state that refuses is as before
							t.Fatalf("%s: token %d %q may follow, but the mask says no", name, id, v.Pieces[id])
						}
						forbidden++
						continue
					}
					if mask.Has(id) {
						ids = append(ids, id)
					}
				}
				few := ids // of those allowed a sample is enough: each needs a copy of the state
				if len(few) > 800 {
					few = append([]int(nil), ids...)
					rng.Shuffle(len(few), func(i, j int) { few[i], few[j] = few[j], few[i] })
					few = few[:800]
				}
				for _, id := range few {
					if err := s.Clone().Accept(id); err != nil {
						t.Fatalf("%s: token %d %q cannot follow, but the mask says yes: %v", name, id, v.Pieces[id], err)
					}
					allowed++
				}
				if len(ids) == 0 {
					t.Fatalf("%s: dead end", name)
				}
				id := ids[rng.IntN(len(ids))]
				if id == v.End[0] && len(ids) > 1 {
					id = ids[0]
				}
				if err := s.Accept(id); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Logf("%d allowed, %d forbidden", allowed, forbidden)
	if allowed < 10_000 || forbidden < 10_000 {
		t.Error("the walk saw too few of one answer: it proves nothing")
	}
}
