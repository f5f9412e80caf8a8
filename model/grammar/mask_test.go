package grammar

import (
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

// maskGrammars are small grammars of all kinds.
func maskGrammars(t testing.TB) map[string]*Grammar {
	t.Helper()
	out := map[string]*Grammar{}
	add := func(name string, g *Grammar, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = g
	}
	for name, src := range map[string]string{
		"recursive": `root ::= "(" root ")" root | [a-c]*`,
		"ambiguous": "root ::= (x | y)+ \nx ::= \"ab\" | \"a\" x \"b\"\ny ::= \"a\" y? \"b\"",
		"unicode":   `root ::= [é-ü日本]{2,4} "\n"? [^a-z]*`,
	} {
		g, err := FromGBNF(src)
		add("gbnf "+name, g, err)
	}
	for _, e := range []string{`(foo|bar)*baz?`, `[^a]{3}`, `\d{2,4}-(é|日)+`} {
		g, err := FromRegexp(e)
		add("regexp "+e, g, err)
	}
	for _, s := range []string{
		`{}`, `{"type":"object","additionalProperties":{"type":"string"}}`,
		`{"type":"object","properties":{"foo":{"type":"string","maxLength":3},"bar":{"type":"integer"}},"required":["bar"],"additionalProperties":false}`,
		`{"type":"array","uniqueItems":true,"items":{"type":"boolean"}}`,
		`{"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":1}}`,
		`{"type":"array","uniqueItems":true}`,
		`{"propertyNames":{"enum":["a","b"]},"type":"object","patternProperties":{"^a":{"type":"null"}}}`,
		`{"type":"object","propertyNames":{"pattern":"^[ab]?$"},"minProperties":2}`,
		`{"type":"array","contains":{"const":1},"minContains":2,"maxContains":2,"maxItems":4}`,
		`{"type":"string","pattern":"^(a|é)*b$"}`, `{"type":"string","format":"date-time"}`, `{"type":"number","minimum":-1.5,"maximum":12.25}`,
		`{"oneOf":[{"properties":{"kind":{"const":"a"},"value":{"type":"integer"}},"required":["kind"]},{"properties":{"kind":{"const":"b"}},"required":["kind"]}],"type":"object"}`,
		`{"enum":["foo","foobar",1,12,123,null,[1,2],{"a":1}]}`,
		`{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"l":{"$ref":"#/$defs/t"},"value":{"type":"integer"}},"additionalProperties":false}}}`,
	} {
		g, err := FromJSONSchema([]byte(s), Options{})
		add("schema "+s, g, err)
		g, err = FromJSONSchema([]byte(s), Options{Exact: true})
		add("exact "+s, g, err)
	}
	return out
}

// TestMaskIsExact compares masks with the definition: a token may follow exactly if its bytes can.
func TestMaskIsExact(t *testing.T) {
	v := testVocabulary()
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	allowed, forbidden := 0, 0
	for name, g := range maskGrammars(t) {
		c := CompileTokens(g, tokens)
		rng := rand.New(rand.NewPCG(7, uint64(len(name))))
		for range 3 {
			s := c.NewState()
			mask := make(Mask, c.MaskWords())
			for step := 0; step < 22 && !s.Finished(); step++ {
				s.Mask(mask)
				var ids []int
				for id := range v.Pieces {
					want := s.Clone().Accept(id) == nil
					if mask.Has(id) != want {
						t.Fatalf("%s: token %d %q: mask says %v, accept says %v", name, id, v.Pieces[id], mask.Has(id), want)
					}
					if want {
						ids = append(ids, id)
						allowed++
					} else {
						forbidden++
					}
				}
				if len(ids) == 0 {
					t.Fatalf("%s: dead end", name)
				}
				if err := s.Accept(ids[rng.IntN(len(ids))]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Logf("%d allowed, %d forbidden", allowed, forbidden)
	if allowed == 0 || forbidden == 0 {
		t.Error("the walk saw only one answer: it proves nothing")
	}
}

// TestNoDeadEnds shows that every allowed byte leaves the text completable, by completing it greedily.
func TestNoDeadEnds(t *testing.T) {
	v := testVocabulary()
	for name, g := range maskGrammars(t) {
		c, err := Compile(g, v)
		if err != nil {
			t.Fatal(err)
		}
		p := newSampler(uint64(len(name)), v)
		for range 8 {
			out, ended := p.run(t, c, 40)
			if ended && !g.Match(out) || !g.Completable(out) {
				t.Fatalf("%s: made %q, which does not match", name, out)
			}
		}
	}
}

// TestCloneIsIndependent forks a state and takes both on.
func TestCloneIsIndependent(t *testing.T) {
	g, err := FromJSONSchema([]byte(`{"type":"object","additionalProperties":{"type":"string"}}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(g, testVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	must := func(s *State, text string) {
		t.Helper()
		if err := s.AcceptBytes([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	must(s, `{"a":"x"`)
	fork := s.Clone()
	must(s, `,"b":"y"}`)
	must(fork, `,"c":"`)
	if s.AcceptBytes([]byte("x")) == nil || !s.MustEnd() {
		t.Error("the first went on after its end")
	}
	must(fork, `z","b":"y"}`)
	if fork.AcceptBytes([]byte(",")) == nil {
		t.Error("the fork went on after its end")
	}
	third := c.NewState()
	must(third, `{"a":"x","`)
	if third.AcceptBytes([]byte(`a"`)) == nil {
		t.Error("a key may appear twice")
	}
	must(third, `aa":"x"}`) // a rejected text leaves the state as it was
}

func TestApplyAndEnd(t *testing.T) {
	g, err := FromRegexp(`ab?`)
	if err != nil {
		t.Fatal(err)
	}
	v := Vocabulary{Pieces: [][]byte{[]byte("a"), []byte("b"), nil, []byte("ab"), nil}, End: []int{2}}
	c, err := Compile(g, v)
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	check := func(want string) {
		t.Helper()
		logits := make([]float32, 7) // two beyond the vocabulary
		s.Apply(logits)
		got := ""
		for i, l := range logits {
			if !math.IsInf(float64(l), -1) {
				got += string(rune('0' + i))
			}
		}
		if got != want {
			t.Errorf("allowed %s, want %s", got, want)
		}
	}
	check("03")
	if s.Accept(2) == nil || s.Accept(4) == nil || s.Accept(-1) == nil || s.Accept(9) == nil {
		t.Error("a token that cannot follow was accepted")
	}
	if err := s.Accept(0); err != nil {
		t.Fatal(err)
	}
	check("12")
	if s.MustEnd() || !s.Done() {
		t.Error("a may end and go on")
	}
	if err := s.Accept(1); err != nil {
		t.Fatal(err)
	}
	check("2")
	if !s.MustEnd() {
		t.Error("ab must end")
	}
	if err := s.Accept(2); err != nil || !s.Finished() {
		t.Fatal(err)
	}
	check("")
	if s.Accept(0) != ErrFinished {
		t.Error("went on after the end")
	}
}

func TestForced(t *testing.T) {
	g, err := FromJSONSchema([]byte(`{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}`),
		Options{Compact: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(g, testVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	s := c.NewState()
	if got := string(s.Forced(100)); got != `{"name":"` {
		t.Errorf("forced %q", got)
	}
	if err := s.AcceptBytes([]byte(`{"name":"x"`)); err != nil {
		t.Fatal(err)
	}
	if got := string(s.Forced(100)); got != `}` {
		t.Errorf("forced %q", got)
	}
}

// TestGBNFFilesRandom writes texts under llama.cpp's example grammars.
func TestGBNFFilesRandom(t *testing.T) {
	v := testVocabulary()
	for _, file := range tensortest.Glob(t, "grammar", "gbnf", "*.gbnf") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := FromGBNF(string(src))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Compile(g, v)
		if err != nil {
			t.Fatal(err)
		}
		p := newSampler(3, v)
		for range 5 {
			out, ended := p.run(t, c, 100)
			if ended && !g.Match(out) || !g.Completable(out) {
				t.Fatalf("%s: %q does not match", file, out)
			}
		}
	}
}

// TestConcurrentStates runs states of one compiled grammar side by side; with -race it shows that what they share is safe.
func TestConcurrentStates(t *testing.T) {
	g, err := FromJSONSchema([]byte(benchSchemas["invoice"]), Options{AnyOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	v := testVocabulary()
	c, err := Compile(g, v)
	if err != nil {
		t.Fatal(err)
	}
	outs := make([][2]string, 4)
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() {
			for seed := range uint64(2) { // the same work everywhere must give the same
				outs[i][seed], _ = newSampler(seed, v).run(t, c, 80)
			}
		})
	}
	wg.Wait()
	for _, o := range outs[1:] {
		if o != outs[0] {
			t.Errorf("%q differs from %q", o, outs[0])
		}
	}
}
