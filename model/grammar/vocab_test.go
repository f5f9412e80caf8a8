package grammar

import (
	"math/rand/v2"
	"testing"
)

// testVocabulary has all single bytes, pieces as tokenizers have them for JSON and text, and end tokens.
func testVocabulary() Vocabulary {
	var v Vocabulary
	for b := range 256 {
		v.Pieces = append(v.Pieces, []byte{byte(b)})
	}
	for _, s := range []string{
		`{"`, `":`, `": "`, `":"`, `","`, `"}`, `"},`, `{}`, `[]`, `[[`, `]]`, `"]`, `["`, `, "`, `",`, `, `, `: `, "\n", "\n  ", "\n    ", "\n\t",
		`true`, `false`, `null`, `tr`, `ue`, `fal`, `se`, `nul`, `foo`, `bar`, `baz`, `name`, `id`, `type`, `kind`, `value`, `"foo"`, `"bar":`, `"a"`, `"b":`,
		`12`, `123`, `1234567890`, `00`, `0.`, `.5`, `-1`, `-0`, `e+`, `1e`, `E-1`, `\u`, `\u00`, `\ud83d\ude00`, `\\`, `\"`, `\n`, `\"}`, `\u0022`,
		`é`, `ü`, "\xc3", "\xa9", `日本`, "\xe6\x97", "\xa5", `😀`, "\xf0\x9f", "\x98\x80", ` the`, ` quick`, `ab`, `abc`, `aa`, `aaaa`, `xyz`, ` `, `  `, `    `,
		`2024`, `-01-`, `T`, `Z`, `:00`, `@`, `.com`, `http`, `://`, `1,2`, `],[`, `}]`, `{"a":1}`, `{"a":`, `":"","a":`, `":1,"a":`, `":1,"b"`, `a":1,"a"`, `a":"","b":"","a`, `":{"a":`, `":{"a":1,"b":`, `":{"b":1},"a"`, `1}`, `1]`, `[1`, `a"`, `b"`, `a":`, `foo":`, `o":1`,
	} {
		v.Pieces = append(v.Pieces, []byte(s))
	}
	v.Pieces = append(v.Pieces, nil, nil, []byte("<special>"))
	v.End = []int{len(v.Pieces) - 3, len(v.Pieces) - 1}
	return v
}

// sampler draws tokens under a grammar from logits without sense. To see deep and long texts it sometimes likes to end
// and sometimes not.
type sampler struct {
	rng    *rand.Rand
	v      Vocabulary
	logits []float32
}

func newSampler(seed uint64, v Vocabulary) *sampler {
	return &sampler{rand.New(rand.NewPCG(seed, 99)), v, make([]float32, len(v.Pieces))}
}

// run writes one output. From limit bytes on it prefers what looks like an end; ended is false if that did not help.
func (p *sampler) run(t testing.TB, c *Compiled, limit int) (out string, ended bool) {
	s := c.NewState()
	var text []byte
	for !s.Finished() {
		p.draw(len(text), limit)
		s.Apply(p.logits)
		id := p.best()
		if id < 0 && s.Ambiguous() {
			return string(text), false
		}
		if id < 0 {
			t.Fatalf("dead end after %q", text)
		}
		if err := s.Accept(id); err != nil {
			t.Fatalf("token %d (%q) after %q: allowed but not accepted: %v", id, p.v.Pieces[id], text, err)
		}
		if !s.Finished() {
			text = append(text, p.v.Pieces[id]...)
		}
		if len(text) > 100*limit {
			return string(text), false
		}
	}
	return string(text), true
}

// closers are what texts end with; late in an output the sampler prefers them.
var closers = map[string]float32{`"`: 90, `}`: 80, `]`: 80, `:`: 50, "\n": -60, `1`: 30, `,`: -90, `[`: -20, `{`: -20, ` `: -50, ")": 30, "Z": 60, "=": 30, ";": 40}

func (p *sampler) draw(have, limit int) {
	late := have > limit
	for i := range p.logits {
		p.logits[i] = 4 * p.rng.Float32()
		if late {
			p.logits[i] += closers[string(p.v.Pieces[i])] - float32(len(p.v.Pieces[i]))
		}
	}
	for _, e := range p.v.End {
		if late {
			p.logits[e] = 200
		}
	}
}

func (p *sampler) best() int {
	best := -1
	for i, l := range p.logits {
		if l > -1e30 && (best < 0 || l > p.logits[best]) {
			best = i
		}
	}
	return best
}
