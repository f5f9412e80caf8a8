package grammar

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/tensortest"
)

// qwenVocabulary is the vocabulary of Qwen 2: 151,936 tokens, byte-level BPE.
func qwenVocabulary(t testing.TB) Vocabulary {
	t.Helper()
	f, err := gguf.Open(tensortest.Path(t, "tokenizers", "llama.cpp", "ggml-vocab-qwen2.gguf"), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tokens, err := f.Meta().Strings("tokenizer.ggml.tokens")
	if err != nil {
		t.Fatal(err)
	}
	types, err := f.Meta().Ints("tokenizer.ggml.token_type")
	if err != nil {
		t.Fatal(err)
	}
	// The alphabet of byte-level BPE: printable characters stand for themselves, the others for U+0100 and on.
	bytes := map[rune]byte{}
	next := rune(256)
	for b := range 256 {
		switch {
		case b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE:
			bytes[rune(b)] = byte(b)
		default:
			bytes[next] = byte(b)
			next++
		}
	}
	var v Vocabulary
	for i, s := range tokens {
		if types[i] != 1 {
			v.Pieces = append(v.Pieces, nil)
			continue
		}
		var p []byte
		for _, r := range s {
			p = append(p, bytes[r])
		}
		v.Pieces = append(v.Pieces, p)
	}
	eos, err := f.Meta().Int("tokenizer.ggml.eos_token_id")
	if err != nil {
		t.Fatal(err)
	}
	v.End = []int{eos}
	return v
}

// benchSchemas are schemas as applications have them, and grammars.
var benchSchemas = map[string]string{
	"any":     `{}`,
	"invoice": `{"type":"object","properties":{"number":{"type":"string","maxLength":20},"date":{"type":"string","format":"date"},"total":{"type":"number","minimum":0},"lines":{"type":"array","maxItems":50,"items":{"type":"object","properties":{"text":{"type":"string"},"amount":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true}},"required":["text","amount"],"additionalProperties":false}}},"required":["number","date","total","lines"],"additionalProperties":false}`,
	"map":     `{"type":"object","additionalProperties":{"type":"string"}}`,
	"union":   `{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"string"}},"required":["kind","x"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"b"},"y":{"type":"integer"}},"required":["kind","y"],"additionalProperties":false}]}`,
	"pattern": `{"type":"string","pattern":"^[A-Za-z ,.]{20,200}$"}`,
	"length":  `{"type":"string","minLength":10,"maxLength":200}`,
}

// BenchmarkMask gives the time of one mask with a vocabulary of 151,936 tokens, along an output, after the first.
func BenchmarkMask(b *testing.B) {
	v := qwenVocabulary(b)
	tokens, err := NewTokens(v)
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range benchSchemas {
		g, err := FromJSONSchema([]byte(s), Options{})
		if err != nil {
			b.Fatal(err)
		}
		c := CompileTokens(g, tokens)
		b.Run("schema="+name, func(b *testing.B) {
			path := bench(b, c, v, 1)
			states := along(b, c, path)
			mask := make(Mask, c.MaskWords())
			for _, s := range states {
				s.Mask(mask)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				s := states[i%len(states)]
				s.valid = false
				s.Mask(mask)
			}
		})
	}
}

// bench returns the tokens of an output.
func bench(t testing.TB, c *Compiled, v Vocabulary, seed uint64) []int {
	rng := rand.New(rand.NewPCG(seed, 1))
	mask := make(Mask, c.MaskWords())
	s := c.NewState()
	var path []int
	for len(path) < 60 && !s.Finished() {
		s.Mask(mask)
		id := -1
		for range 200000 { // a random allowed token
			if k := rng.IntN(len(v.Pieces)); mask.Has(k) {
				id = k
				break
			}
		}
		for k := range v.Pieces {
			if id < 0 && mask.Has(k) {
				id = k
			}
		}
		if err := s.Accept(id); err != nil {
			t.Fatal(err)
		}
		path = append(path, id)
	}
	return path
}

// along returns the states on the way.
func along(t testing.TB, c *Compiled, path []int) []*State {
	s := c.NewState()
	states := []*State{s.Clone()}
	for _, id := range path {
		if err := s.Accept(id); err != nil {
			t.Fatal(err)
		}
		if !s.Finished() {
			states = append(states, s.Clone())
		}
	}
	return states
}

// TestMaskCost reports the cost of masks with a vocabulary of 151,936 tokens over schemas of the suite (all of them with
// EMBER_LONG=1): the first time a place is met, which may run while the model computes, and afterwards. A decode step of
// a 0.5B model takes about 10 ms, so that 5 % are 500 µs.
func TestMaskCost(t *testing.T) {
	v := qwenVocabulary(t)
	start := time.Now()
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tokens, %d trie nodes, arranged in %v", tokens.Size(), tokens.trie.Nodes(), time.Since(start).Round(time.Millisecond))
	now := cpuClock(t)
	type cost struct {
		name        string
		first, next time.Duration
	}
	var costs []cost
	measure := func(name string, g *Grammar) {
		c := CompileTokens(g, tokens)
		path := []int{}
		for seed := range uint64(2) {
			path = bench(t, c, v, seed)
		}
		fresh := CompileTokens(g, tokens)
		worst := cost{name: name}
		mask := make(Mask, fresh.MaskWords())
		for _, s := range along(t, fresh, path) {
			begin := now()
			s.Mask(mask)
			first := now() - begin
			next := time.Duration(1 << 60)
			for range 4 { // the least of some: the machine is not ours alone
				s.valid = false
				begin = now()
				s.Mask(mask)
				next = min(next, now()-begin)
			}
			worst.first, worst.next = max(worst.first, first), max(worst.next, next)
		}
		costs = append(costs, worst)
	}
	names, groups := suiteFiles(t)
	docs := suiteDocuments(t)
	step := 80
	if os.Getenv("EMBER_LONG") != "" {
		step = 1
	}
	i := 0
	for _, name := range names {
		for _, group := range groups[name] {
			if i++; i%step != 0 {
				continue
			}
			g, err := FromJSONSchema(group.Schema, Options{Documents: docs, AnyOrder: true, FormatAnnotation: !strings.HasPrefix(name, "format/")})
			if err == nil {
				measure(name+": "+group.Description, g)
			}
		}
	}
	for name, s := range benchSchemas {
		g, err := FromJSONSchema([]byte(s), Options{})
		if err != nil {
			t.Fatal(err)
		}
		measure(name, g)
	}
	for _, file := range tensortest.Glob(t, "grammar", "gbnf", "*.gbnf") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := FromGBNF(string(src))
		if err != nil {
			t.Fatal(err)
		}
		measure(filepath.Base(file), g)
	}
	for what, by := range map[string]func(c cost) time.Duration{
		"first": func(c cost) time.Duration { return c.first }, "again": func(c cost) time.Duration { return c.next },
	} {
		sort.Slice(costs, func(i, j int) bool { return by(costs[i]) > by(costs[j]) })
		report := fmt.Sprintf("worst mask, %s:", what)
		for _, c := range costs[:4] {
			report += fmt.Sprintf("\n\t%v %s", by(c).Round(time.Microsecond), c.name)
		}
		t.Logf("%s\n\tmedian %v over %d schemas", report, by(costs[len(costs)/2]).Round(time.Microsecond), len(costs))
	}
}

// BenchmarkCompile gives the time from a schema to a grammar.
func BenchmarkCompile(b *testing.B) {
	for name, s := range benchSchemas {
		b.Run("schema="+name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := FromJSONSchema([]byte(s), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
